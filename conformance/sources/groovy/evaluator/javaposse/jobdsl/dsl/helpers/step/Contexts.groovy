package javaposse.jobdsl.dsl.helpers.step

import groovy.transform.CompileStatic
import javaposse.jobdsl.dsl.Block

@CompileStatic
class AntContext extends Block {
    AntContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class CMakeBuildToolStepContext extends Block {
    CMakeBuildToolStepContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class CMakeContext extends Block {
    CMakeContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class ClangScanBuildContext extends Block {
    ClangScanBuildContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class ConditionalStepsContext extends Block {
    ConditionalStepsContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class CopyArtifactContext extends Block {
    CopyArtifactContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class CopyArtifactSelectorContext extends Block {
    CopyArtifactSelectorContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class CopyArtifactUpstreamBuildSelectorContext extends Block {
    CopyArtifactUpstreamBuildSelectorContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class DebianContext extends Block {
    DebianContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class DockerBuildAndPublishContext extends Block {
    DockerBuildAndPublishContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class DownstreamContext extends Block {
    DownstreamContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class DownstreamTriggerBlockContext extends Block {
    DownstreamTriggerBlockContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class DownstreamTriggerContext extends Block {
    DownstreamTriggerContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class DownstreamTriggerParameterFactoryContext extends Block {
    DownstreamTriggerParameterFactoryContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class DslContext extends Block {
    DslContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class GradleContext extends Block {
    GradleContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class GroovyContext extends Block {
    GroovyContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class HttpRequestContext extends Block {
    HttpRequestContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class JSLintContext extends Block {
    JSLintContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class MSBuildContext extends Block {
    MSBuildContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class ManagedScriptContext extends Block {
    ManagedScriptContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class MavenContext extends Block {
    MavenContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class MultiJobStepContext extends Block {
    MultiJobStepContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class NAntContext extends Block {
    NAntContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class ParameterizedRemoteTriggerContext extends Block {
    ParameterizedRemoteTriggerContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class PhaseContext extends Block {
    PhaseContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class PhaseJobContext extends Block {
    PhaseJobContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class PhingContext extends Block {
    PhingContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class ProgressJiraIssuesContext extends Block {
    ProgressJiraIssuesContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class PythonContext extends Block {
    PythonContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class RakeContext extends Block {
    RakeContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class RemoteShellContext extends Block {
    RemoteShellContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class RepositoryConnectorArtifactContext extends Block {
    RepositoryConnectorArtifactContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class RepositoryConnectorContext extends Block {
    RepositoryConnectorContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class RunConditionContext extends Block {
    RunConditionContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class StepContext extends Block {
    StepContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class StepEnvironmentVariableContext extends Block {
    StepEnvironmentVariableContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class SystemGroovyCommandContext extends Block {
    SystemGroovyCommandContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class SystemGroovyContext extends Block {
    SystemGroovyContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class VSphereDeployFromTemplateContext extends Block {
    VSphereDeployFromTemplateContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class VirtualenvContext extends Block {
    VirtualenvContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class XShellContext extends Block {
    XShellContext(String context, Node node) { super(context, node) }
}
