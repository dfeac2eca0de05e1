package javaposse.jobdsl.dsl.helpers.wrapper

import groovy.transform.CompileStatic
import javaposse.jobdsl.dsl.Block

@CompileStatic
class BuildInDockerContext extends Block {
    BuildInDockerContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class ConfigFileContext extends Block {
    ConfigFileContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class ConfigFilesContext extends Block {
    ConfigFilesContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class CredentialsBindingContext extends Block {
    CredentialsBindingContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class CustomToolsContext extends Block {
    CustomToolsContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class EnvInjectPasswordsContext extends Block {
    EnvInjectPasswordsContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class GenerateJiraReleaseNotesContext extends Block {
    GenerateJiraReleaseNotesContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class KeychainsContext extends Block {
    KeychainsContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class LogFileSizeCheckerContext extends Block {
    LogFileSizeCheckerContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class MavenReleaseContext extends Block {
    MavenReleaseContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class MavenWrapperContext extends Block {
    MavenWrapperContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class PhabricatorContext extends Block {
    PhabricatorContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class PortsContext extends Block {
    PortsContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class PreBuildCleanupContext extends Block {
    PreBuildCleanupContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class PreScmStepsContext extends Block {
    PreScmStepsContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class RbenvContext extends Block {
    RbenvContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class ReleaseContext extends Block {
    ReleaseContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class SauceOnDemandContext extends Block {
    SauceOnDemandContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class TimeoutContext extends Block {
    TimeoutContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class WrapperContext extends Block {
    WrapperContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class WrapperEnvironmentVariableContext extends Block {
    WrapperEnvironmentVariableContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class XvfbContext extends Block {
    XvfbContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class XvncContext extends Block {
    XvncContext(String context, Node node) { super(context, node) }
}
