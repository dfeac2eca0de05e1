package javaposse.jobdsl.dsl.jobs

import groovy.transform.CompileStatic
import javaposse.jobdsl.dsl.Item
import javaposse.jobdsl.dsl.Job

@CompileStatic
class FreeStyleJob extends Job {
    FreeStyleJob(String kind, String name, String context, Node node, int line) { super(kind, name, context, node, line) }
}

@CompileStatic
class IvyJob extends Job {
    IvyJob(String kind, String name, String context, Node node, int line) { super(kind, name, context, node, line) }
}

@CompileStatic
class MatrixJob extends Job {
    MatrixJob(String kind, String name, String context, Node node, int line) { super(kind, name, context, node, line) }
}

@CompileStatic
class MavenJob extends Job {
    MavenJob(String kind, String name, String context, Node node, int line) { super(kind, name, context, node, line) }
}

@CompileStatic
class MultiJob extends Job {
    MultiJob(String kind, String name, String context, Node node, int line) { super(kind, name, context, node, line) }
}

@CompileStatic
class MultibranchWorkflowJob extends Item {
    MultibranchWorkflowJob(String kind, String name, String context, Node node, int line) { super(kind, name, context, node, line) }
}

@CompileStatic
class OrganizationFolderJob extends Item {
    OrganizationFolderJob(String kind, String name, String context, Node node, int line) { super(kind, name, context, node, line) }
}

@CompileStatic
class WorkflowJob extends Job {
    WorkflowJob(String kind, String name, String context, Node node, int line) { super(kind, name, context, node, line) }
}
