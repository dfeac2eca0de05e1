package javaposse.jobdsl.dsl.helpers.triggers

import groovy.transform.CompileStatic
import javaposse.jobdsl.dsl.Block

@CompileStatic
class BuildResultTriggerContext extends Block {
    BuildResultTriggerContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class DosTriggerContext extends Block {
    DosTriggerContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class GerritContext extends Block {
    GerritContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class GerritEventContext extends Block {
    GerritEventContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class GitLabTriggerContext extends Block {
    GitLabTriggerContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class MavenTriggerContext extends Block {
    MavenTriggerContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class MultibranchWorkflowTriggerContext extends Block {
    MultibranchWorkflowTriggerContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class ScmTriggerContext extends Block {
    ScmTriggerContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class TriggerContext extends Block {
    TriggerContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class UrlTriggerContext extends Block {
    UrlTriggerContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class UrlTriggerEntryContext extends Block {
    UrlTriggerEntryContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class UrlTriggerInspectionContext extends Block {
    UrlTriggerInspectionContext(String context, Node node) { super(context, node) }
}
