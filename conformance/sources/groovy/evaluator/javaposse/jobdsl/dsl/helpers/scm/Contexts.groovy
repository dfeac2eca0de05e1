package javaposse.jobdsl.dsl.helpers.scm

import groovy.transform.CompileStatic
import javaposse.jobdsl.dsl.Block

@CompileStatic
class ClearCaseContext extends Block {
    ClearCaseContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class GitBrowserContext extends Block {
    GitBrowserContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class GitCloneOptionsContext extends Block {
    GitCloneOptionsContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class GitContext extends Block {
    GitContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class GitExtensionContext extends Block {
    GitExtensionContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class GitMergeOptionsContext extends Block {
    GitMergeOptionsContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class GitSubmoduleOptionsContext extends Block {
    GitSubmoduleOptionsContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class HgContext extends Block {
    HgContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class P4Context extends Block {
    P4Context(String context, Node node) { super(context, node) }
}

@CompileStatic
class P4WorkspaceContext extends Block {
    P4WorkspaceContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class RTCContext extends Block {
    RTCContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class RemoteContext extends Block {
    RemoteContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class StrategyContext extends Block {
    StrategyContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class SvnContext extends Block {
    SvnContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class SvnLocationContext extends Block {
    SvnLocationContext(String context, Node node) { super(context, node) }
}
