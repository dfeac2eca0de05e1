package javaposse.jobdsl.dsl.helpers.toplevel

import groovy.transform.CompileStatic
import javaposse.jobdsl.dsl.Block

@CompileStatic
class EnvironmentVariableContext extends Block {
    EnvironmentVariableContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class EnvironmentVariableContributorsContext extends Block {
    EnvironmentVariableContributorsContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class LockableResourcesContext extends Block {
    LockableResourcesContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class NotificationContext extends Block {
    NotificationContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class NotificationEndpointContext extends Block {
    NotificationEndpointContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class ThrottleConcurrentBuildsContext extends Block {
    ThrottleConcurrentBuildsContext(String context, Node node) { super(context, node) }
}
