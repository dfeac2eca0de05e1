package javaposse.jobdsl.dsl.helpers.workflow

import groovy.transform.CompileStatic
import javaposse.jobdsl.dsl.Block

@CompileStatic
class BranchProjectFactoryContext extends Block {
    BranchProjectFactoryContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class BranchSourcesContext extends Block {
    BranchSourcesContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class BuildStrategiesContext extends Block {
    BuildStrategiesContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class CpsContext extends Block {
    CpsContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class CpsScmContext extends Block {
    CpsScmContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class DefaultOrphanedItemStrategyContext extends Block {
    DefaultOrphanedItemStrategyContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class GitBranchSourceContext extends Block {
    GitBranchSourceContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class GitHubBranchSourceContext extends Block {
    GitHubBranchSourceContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class GitLabBranchSourceContext extends Block {
    GitLabBranchSourceContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class MultiBranchProjectFactoryContext extends Block {
    MultiBranchProjectFactoryContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class OrphanedItemStrategyContext extends Block {
    OrphanedItemStrategyContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class ScmNavigatorsContext extends Block {
    ScmNavigatorsContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class WorkflowDefinitionContext extends Block {
    WorkflowDefinitionContext(String context, Node node) { super(context, node) }
}
