package javaposse.jobdsl.dsl.helpers

import groovy.transform.CompileStatic
import javaposse.jobdsl.dsl.Block

@CompileStatic
class AuthorizationContext extends Block {
    AuthorizationContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class AxisContext extends Block {
    AxisContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class BuildParametersContext extends Block {
    BuildParametersContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class BuildSelectorParameterContext extends Block {
    BuildSelectorParameterContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class ConfigFilesContext extends Block {
    ConfigFilesContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class GitParamContext extends Block {
    GitParamContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class IvyBuilderContext extends Block {
    IvyBuilderContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class JobAuthorizationContext extends Block {
    JobAuthorizationContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class LabelParamContext extends Block {
    LabelParamContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class NodeParamContext extends Block {
    NodeParamContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class ScmContext extends Block {
    ScmContext(String context, Node node) { super(context, node) }
}
