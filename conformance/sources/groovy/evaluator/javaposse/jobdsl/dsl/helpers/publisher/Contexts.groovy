package javaposse.jobdsl.dsl.helpers.publisher

import groovy.transform.CompileStatic
import javaposse.jobdsl.dsl.Block

@CompileStatic
class AnalysisCollectorContext extends Block {
    AnalysisCollectorContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class ArchiveArtifactsContext extends Block {
    ArchiveArtifactsContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class ArchiveGatlingContext extends Block {
    ArchiveGatlingContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class ArchiveJUnitContext extends Block {
    ArchiveJUnitContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class ArchiveTestNGContext extends Block {
    ArchiveTestNGContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class ArchiveXUnitContext extends Block {
    ArchiveXUnitContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class ArchiveXUnitCustomToolContext extends Block {
    ArchiveXUnitCustomToolContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class ArchiveXUnitResultFileContext extends Block {
    ArchiveXUnitResultFileContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class ArchiveXUnitThresholdContext extends Block {
    ArchiveXUnitThresholdContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class BuildPipelineContext extends Block {
    BuildPipelineContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class CloneWorkspaceContext extends Block {
    CloneWorkspaceContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class CloverPhpContext extends Block {
    CloverPhpContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class CloverPhpHtmlReportContext extends Block {
    CloverPhpHtmlReportContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class CoberturaContext extends Block {
    CoberturaContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class ConditionalActionsContext extends Block {
    ConditionalActionsContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class CreateJiraIssueContext extends Block {
    CreateJiraIssueContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class CreateJiraVersionContext extends Block {
    CreateJiraVersionContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class CrittercismDsymRecorderContext extends Block {
    CrittercismDsymRecorderContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class CucumberTestResultContext extends Block {
    CucumberTestResultContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class DebianPackagePublisherContext extends Block {
    DebianPackagePublisherContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class DeployArtifactsContext extends Block {
    DeployArtifactsContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class DownstreamContext extends Block {
    DownstreamContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class DownstreamTriggerContext extends Block {
    DownstreamTriggerContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class EmmaContext extends Block {
    EmmaContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class ExtendedEmailContext extends Block {
    ExtendedEmailContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class ExtendedEmailSendToContext extends Block {
    ExtendedEmailSendToContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class ExtendedEmailTriggerContext extends Block {
    ExtendedEmailTriggerContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class ExtendedEmailTriggersContext extends Block {
    ExtendedEmailTriggersContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class FailureCountExtendedEmailTriggerContext extends Block {
    FailureCountExtendedEmailTriggerContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class FlexiblePublisherContext extends Block {
    FlexiblePublisherContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class FlogContext extends Block {
    FlogContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class FlowdockPublisherContext extends Block {
    FlowdockPublisherContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class GitPublisherContext extends Block {
    GitPublisherContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class GroovyPostbuildContext extends Block {
    GroovyPostbuildContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class HtmlReportContext extends Block {
    HtmlReportContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class HtmlReportTargetContext extends Block {
    HtmlReportTargetContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class IrcContext extends Block {
    IrcContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class JabberContext extends Block {
    JabberContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class JacocoContext extends Block {
    JacocoContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class JavadocContext extends Block {
    JavadocContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class JoinTriggerContext extends Block {
    JoinTriggerContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class LogParserContext extends Block {
    LogParserContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class MantisContext extends Block {
    MantisContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class MavenPublisherContext extends Block {
    MavenPublisherContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class MoveJiraIssuesContext extends Block {
    MoveJiraIssuesContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class NaginatorContext extends Block {
    NaginatorContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class NoteToPushContext extends Block {
    NoteToPushContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class PhabricatorNotifierContext extends Block {
    PhabricatorNotifierContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class PlotCSVSeriesContext extends Block {
    PlotCSVSeriesContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class PlotContext extends Block {
    PlotContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class PlotPropertiesSeriesContext extends Block {
    PlotPropertiesSeriesContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class PlotXMLSeriesContext extends Block {
    PlotXMLSeriesContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class PlotsContext extends Block {
    PlotsContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class PostBuildCleanupContext extends Block {
    PostBuildCleanupContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class PostBuildTaskContext extends Block {
    PostBuildTaskContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class PublishBuildContext extends Block {
    PublishBuildContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class PublisherContext extends Block {
    PublisherContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class RailsTaskContext extends Block {
    RailsTaskContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class RcovContext extends Block {
    RcovContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class ReleaseJiraVersionContext extends Block {
    ReleaseJiraVersionContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class RobotFrameworkContext extends Block {
    RobotFrameworkContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class ScpContext extends Block {
    ScpContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class SeleniumHtmlReportContext extends Block {
    SeleniumHtmlReportContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class SeleniumReportContext extends Block {
    SeleniumReportContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class SlocCountContext extends Block {
    SlocCountContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class SonarContext extends Block {
    SonarContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class SonarTriggersContext extends Block {
    SonarTriggersContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class StashNotifierContext extends Block {
    StashNotifierContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class StaticAnalysisContext extends Block {
    StaticAnalysisContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class TagToPushContext extends Block {
    TagToPushContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class TaskScannerContext extends Block {
    TaskScannerContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class TestDataPublishersContext extends Block {
    TestDataPublishersContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class ViolationsContext extends Block {
    ViolationsContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class WarningsContext extends Block {
    WarningsContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class WeblogicDeployerContext extends Block {
    WeblogicDeployerContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class WeblogicDeployerPolicyContext extends Block {
    WeblogicDeployerPolicyContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class WeblogicDeployerTaskContext extends Block {
    WeblogicDeployerTaskContext(String context, Node node) { super(context, node) }
}
