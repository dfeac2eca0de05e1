package javaposse.jobdsl.dsl

import groovy.transform.CompileStatic

/** The items and views of the top level, and the trees that they begin with. */
@CompileStatic
class Items {
    private static final String FREESTYLE = '''
  actions
  description
  keepDependencies : false
  properties
  scm class=hudson.scm.NullSCM
  canRoam : true
  disabled : false
  blockBuildWhenDownstreamBuilding : false
  blockBuildWhenUpstreamBuilding : false
  triggers
  concurrentBuild : false
  builders
  publishers
  buildWrappers
'''
    private static final String WORKFLOW = '''
flow-definition
  actions
  description
  keepDependencies : false
  properties
  triggers
'''
    private static final String MULTIBRANCH = '''
org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject
  properties
  folderViews class=jenkins.branch.MultiBranchProjectViewHolder
    owner class=org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject reference=../..
  healthMetrics
    com.cloudbees.hudson.plugins.folder.health.WorstChildHealthMetric
      nonRecursive : false
  icon class=jenkins.branch.MetadataActionFolderIcon
    owner class=org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject reference=../..
  orphanedItemStrategy class=com.cloudbees.hudson.plugins.folder.computed.DefaultOrphanedItemStrategy
    pruneDeadBranches : true
    daysToKeep : -1
    numToKeep : -1
  triggers
  sources class=jenkins.branch.MultiBranchProject$BranchSourceList
    data
    owner class=org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject reference=../..
  factory class=org.jenkinsci.plugins.workflow.multibranch.WorkflowBranchProjectFactory
    scriptPath : Jenkinsfile
    owner class=org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject reference=../..
'''
    private static final String ORGANIZATION = '''
jenkins.branch.OrganizationFolder
  properties
  folderViews class=jenkins.branch.OrganizationFolderViewHolder
    owner reference=../..
  healthMetrics
    com.cloudbees.hudson.plugins.folder.health.WorstChildHealthMetric
      nonRecursive : false
  icon class=jenkins.branch.MetadataActionFolderIcon
    owner class=jenkins.branch.OrganizationFolder reference=../..
  orphanedItemStrategy class=com.cloudbees.hudson.plugins.folder.computed.DefaultOrphanedItemStrategy
    pruneDeadBranches : true
    daysToKeep : -1
    numToKeep : -1
  triggers
  navigators
  projectFactories
'''
    private static final String FOLDER = '''
com.cloudbees.hudson.plugins.folder.Folder
  actions
  properties
  icon class=com.cloudbees.hudson.plugins.folder.icons.StockFolderIcon
  folderViews class=com.cloudbees.hudson.plugins.folder.views.DefaultFolderViewHolder
    views
      hudson.model.AllView
        owner class=com.cloudbees.hudson.plugins.folder.Folder reference=../../../..
        name : all
        filterExecutors : false
        filterQueue : false
        properties class=hudson.model.View$PropertyList
    tabBar class=hudson.views.DefaultViewsTabBar
    primaryView : all
  healthMetrics
    com.cloudbees.hudson.plugins.folder.health.WorstChildHealthMetric
'''
    private static final String LIST_VIEW = '''
hudson.model.ListView
  filterExecutors : false
  filterQueue : false
  properties class=hudson.model.View$PropertyList
  jobNames
    comparator class=hudson.util.CaseInsensitiveComparator
  jobFilters
  columns
'''
    /** Method of the top level: context of its closure, and the tree. */
    private static final Map<String, List<String>> KINDS = [
        folder: ['Folder', FOLDER],
        pipelineJob: ['WorkflowJob', WORKFLOW],
        freeStyleJob: ['FreeStyleJob', 'project' + FREESTYLE],
        job: ['FreeStyleJob', 'project' + FREESTYLE],
        matrixJob: ['MatrixJob', 'matrix-project' + FREESTYLE + '  axes\n  executionStrategy class=hudson.matrix.DefaultMatrixExecutionStrategyImpl\n' +
            '    runSequentially : false\n'],
        mavenJob: ['MavenJob', 'maven2-moduleset' + FREESTYLE.replace('  builders\n', '')],
        ivyJob: ['IvyJob', 'hudson.ivy.IvyModuleSet' + FREESTYLE.replace('  builders\n', '')],
        multiJob: ['MultiJob', 'com.tikal.jenkins.plugins.multijob.MultiJobProject' + FREESTYLE],
        multibranchPipelineJob: ['MultibranchWorkflowJob', MULTIBRANCH],
        organizationFolder: ['OrganizationFolderJob', ORGANIZATION],
        listView: ['ListView', LIST_VIEW],
        buildMonitorView: ['BuildMonitorView', LIST_VIEW.replace('hudson.model.ListView', 'com.smartcodeltd.jenkinsci.plugins.buildmonitor.BuildMonitorView')],
        buildPipelineView: ['BuildPipelineView', 'au.com.centrumsystems.hudson.plugin.buildpipeline.BuildPipelineView'],
        categorizedJobsView: ['CategorizedJobsView', LIST_VIEW.replace('hudson.model.ListView', 'org.jenkinsci.plugins.categorizedview.CategorizedJobsView')],
        dashboardView: ['DashboardView', LIST_VIEW.replace('hudson.model.ListView', 'hudson.plugins.view.dashboard.Dashboard')],
        deliveryPipelineView: ['DeliveryPipelineView', 'se.diabol.jenkins.pipeline.DeliveryPipelineView'],
        nestedView: ['NestedView', 'hudson.plugins.nested__view.NestedView\n  views\n  columns'],
        pipelineAggregatorView: ['PipelineAggregatorView', 'com.ooyala.jenkins.plugins.pipelineaggregatorview.PipelineAggregator'],
        sectionedView: ['SectionedView', 'hudson.plugins.sectioned__view.SectionedView\n  sections'],
        configFiles: ['ConfigFilesContext', 'configFiles'],
    ]

    /** Make what a call of the top level makes, or of a folder's `views`. */
    static Object make(Call call) {
        List<String> shape = KINDS[call.name]
        Recording recording = Recording.now()
        int line = Recording.line()
        String name = call.text(0, '').trim().replaceFirst('^/+', '')
        if (name.empty && call.name != 'configFiles') {
            throw new DslException('name must be specified', line)
        }
        boolean view = call.name.endsWith('View')
        String context = Api.context(shape[0])
        Class type = call.name == 'configFiles' ? Item : Class.forName(context)
        Item item = (Item) type.newInstance([call.name, name, context, Xml.outline(shape[1]), line] as Object[])
        recording.mark(item.node, line)
        if (call.name != 'configFiles') {
            (view ? recording.views : recording.items) << item
        }
        Block.execute(call.body, item)
        return item
    }
}
