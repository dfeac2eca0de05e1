package javaposse.jobdsl.dsl

import groovy.transform.CompileStatic

/** What writes the element of a context's method; a method without one becomes an element of its own name. */
@CompileStatic
class Writers {
    private static final Map<String, Closure> ALL = [:]
    private static final List<String> JOBS = ['WorkflowJob', 'FreeStyleJob', 'MatrixJob', 'MavenJob', 'MultiJob', 'IvyJob']
    private static final List<String> FOLDERS = ['Folder', 'MultibranchWorkflowJob', 'OrganizationFolderJob']

    static {
        items()
        jobs()
        ScmWriters.register(ALL)
        ParameterWriters.register(ALL)
        ViewWriters.register(ALL)
    }

    static Closure of(String context, String method) { ALL["${Api.simple(context)}.${method}".toString()] }

    private static void on(List<String> contexts, String method, Closure writer) {
        contexts.each { ALL["${it}.${method}".toString()] = writer }
    }

    private static void items() {
        on(JOBS + FOLDERS, 'description') { Call call -> call.put('description', call.text(0)) }
        on(JOBS + FOLDERS, 'displayName') { Call call -> call.put('displayName', call.text(0)) }
        on(FOLDERS, 'properties') { Call call -> call.run(call.child('properties'), 'FolderPropertiesContext') }
        on(FOLDERS, 'authorization') { Call call -> call.run(call.child('properties'), 'AuthorizationContext') }
        on(['MultibranchWorkflowJob'], 'branchSources') { Call call -> call.run(Xml.child(call.child('sources'), 'data')) }
        on(['MultibranchWorkflowJob'], 'factory') { Call call -> call.run(call.node) }
        on(['MultibranchWorkflowJob', 'OrganizationFolderJob'], 'orphanedItemStrategy') { Call call -> call.run(call.node) }
        on(['MultibranchWorkflowJob', 'OrganizationFolderJob'], 'triggers') { Call call ->
            call.run(call.child('triggers'), 'MultibranchWorkflowTriggerContext')
        }
        on(['OrganizationFolderJob'], 'organizations') { Call call -> call.run(call.child('navigators')) }
        on(['OrganizationFolderJob'], 'projectFactories') { Call call -> call.run(call.child('projectFactories')) }
        on(['OrphanedItemStrategyContext'], 'discardOldItems') { Call call ->
            Node old = Xml.find(call.node, 'orphanedItemStrategy')
            if (old != null) {
                call.node.remove(old)
            }
            Node strategy = Xml.outline('orphanedItemStrategy class=com.cloudbees.hudson.plugins.folder.computed.DefaultOrphanedItemStrategy\n' +
                '  pruneDeadBranches : true\n  daysToKeep : -1\n  numToKeep : -1')
            call.node.append(strategy)
            call.run(strategy)
        }
        on(['DefaultOrphanedItemStrategyContext'], 'daysToKeep') { Call call -> call.put('daysToKeep', call.text(0)) }
        on(['DefaultOrphanedItemStrategyContext'], 'numToKeep') { Call call -> call.put('numToKeep', call.text(0)) }
    }

    private static void jobs() {
        on(JOBS, 'disabled') { Call call -> call.put('disabled', call.flag()) }
        on(JOBS, 'keepDependencies') { Call call -> call.put('keepDependencies', call.flag()) }
        on(JOBS, 'quietPeriod') { Call call -> call.put('quietPeriod', call.text(0, '5')) }
        on(JOBS, 'previousNames') { Call call -> }
        on(JOBS, 'authenticationToken') { Call call -> call.put('authToken', call.text(0)) }
        on(JOBS, 'logRotator') { Call call -> rotator(call) }
        ['daysToKeep', 'numToKeep', 'artifactDaysToKeep', 'artifactNumToKeep'].each { String key ->
            on(['LogRotatorContext'], key) { Call call -> call.put(key, call.text(0)) }
        }
        on(JOBS, 'properties') { Call call -> call.run(call.child('properties'), call.block.blockContext.endsWith('MavenJob') ? 'MavenPropertiesContext' : 'PropertiesContext') }
        on(JOBS, 'triggers') { Call call -> call.run(call.child('triggers')) }
        on(JOBS, 'environmentVariables') { Call call -> environment(call) }
        on(JOBS, 'parameters') { Call call ->
            Node property = Xml.child(call.child('properties'), 'hudson.model.ParametersDefinitionProperty')
            call.run(Xml.child(property, 'parameterDefinitions'))
        }
        on(JOBS - 'WorkflowJob', 'concurrentBuild') { Call call -> call.put('concurrentBuild', call.flag()) }
        on(JOBS - 'WorkflowJob', 'label') { Call call ->
            call.put('canRoam', false)
            call.put('assignedNode', call.text(0))
        }
        on(JOBS - 'WorkflowJob', 'jdk') { Call call -> call.put('jdk', call.text(0)) }
        on(JOBS - 'WorkflowJob', 'customWorkspace') { Call call -> call.put('customWorkspace', call.text(0)) }
        on(JOBS - 'WorkflowJob', 'checkoutRetryCount') { Call call -> call.put('scmCheckoutRetryCount', call.text(0, '3')) }
        on(JOBS - 'WorkflowJob', 'scm') { Call call -> call.run(call.child('scm')) }
        on(JOBS - 'WorkflowJob', 'steps') { Call call -> call.run(call.child('builders')) }
        on(JOBS, 'publishers') { Call call -> call.run(call.child('publishers')) }
        on(JOBS, 'wrappers') { Call call -> call.run(call.child('buildWrappers')) }
        on(['MatrixJob'], 'axes') { Call call -> call.run(call.child('axes')) }
        ['goals', 'rootPOM', 'mavenOpts'].each { String key -> on(['MavenJob'], key) { Call call -> call.put(key, call.text(0)) } }
        on(['StepContext', 'MultiJobStepContext'], 'shell') { Call call -> call.add('hudson.tasks.Shell').appendNode('command', call.text(0, '')) }
        on(['StepContext', 'MultiJobStepContext'], 'batchFile') { Call call -> call.add('hudson.tasks.BatchFile').appendNode('command', call.text(0, '')) }
        on(['TriggerContext'], 'cron') { Call call -> call.add('hudson.triggers.TimerTrigger').appendNode('spec', call.text(0)) }
        on(['TriggerContext'], 'scm') { Call call ->
            Node trigger = call.add('hudson.triggers.SCMTrigger')
            trigger.appendNode('spec', call.text(0))
            trigger.appendNode('ignorePostCommitHooks', 'false')
            call.run(trigger, 'ScmTriggerContext')
        }
        on(['ScmTriggerContext'], 'ignorePostCommitHooks') { Call call -> call.put('ignorePostCommitHooks', call.flag()) }
        on(['TriggerContext'], 'upstream') { Call call ->
            Node trigger = call.add('jenkins.triggers.ReverseBuildTrigger')
            trigger.appendNode('spec')
            trigger.appendNode('upstreamProjects', call.text(0))
            trigger.appendNode('threshold').appendNode('name', call.text(1, 'SUCCESS'))
        }
        on(['TriggerContext'], 'githubPush') { Call call -> call.add('com.cloudbees.jenkins.GitHubPushTrigger').appendNode('spec') }
        on(['MultibranchWorkflowTriggerContext'], 'cron') { Call call -> call.add('hudson.triggers.TimerTrigger').appendNode('spec', call.text(0)) }
    }

    private static void rotator(Call call) {
        Node old = Xml.find(call.node, 'logRotator')
        if (old != null) {
            call.node.remove(old)
        }
        Node rotator = call.add('logRotator')
        ['daysToKeep', 'numToKeep', 'artifactDaysToKeep', 'artifactNumToKeep'].eachWithIndex { String key, int index ->
            rotator.appendNode(key, call.text(index, '-1'))
        }
        call.run(rotator, 'LogRotatorContext')
    }

    private static void environment(Call call) {
        Node property = Xml.child(call.child('properties'), 'EnvInjectJobProperty')
        Node info = Xml.child(property, 'info')
        if (call.arguments && call.arguments[0] instanceof Map) {
            Xml.put(info, 'propertiesContent', ((Map) call.arguments[0]).collect { key, value -> "${key}=${value}" }.join('\n'))
        }
        call.run(info, 'EnvironmentVariableContext')
        Xml.put(property, 'on', true)
    }
}
