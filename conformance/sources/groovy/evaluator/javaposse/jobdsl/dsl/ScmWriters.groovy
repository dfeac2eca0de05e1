package javaposse.jobdsl.dsl

import groovy.transform.CompileStatic

/** Pipelines' definitions, Git and the branch sources of multibranch projects. */
@CompileStatic
class ScmWriters {
    private static final List<String> REMOTE = ['name', 'refspec', 'url', 'credentialsId']
    private static final String EXTENSION = 'hudson.plugins.git.extensions.impl.'
    private static final Map<String, String> PLAIN = [cleanBeforeCheckout: 'CleanBeforeCheckout', cleanAfterCheckout: 'CleanCheckout',
        wipeOutWorkspace: 'WipeWorkspace', disableRemotePoll: 'DisableRemotePoll', ignoreNotifyCommit: 'IgnoreNotifyCommit',
        perBuildTag: 'PerBuildTag', pruneBranches: 'PruneStaleBranch']

    static void register(Map<String, Closure> all) {
        definitions(all)
        git(all)
        extensions(all)
        sources(all)
    }

    private static void definitions(Map<String, Closure> all) {
        all['WorkflowJob.definition'] = { Call call -> call.run(call.node) }
        all['WorkflowDefinitionContext.cps'] = { Call call ->
            Node node = definition(call, 'org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition')
            node.appendNode('script', '')
            node.appendNode('sandbox', 'true')
            call.run(node)
        }
        all['CpsContext.script'] = { Call call -> call.put('script', call.text(0, '')) }
        all['CpsContext.sandbox'] = { Call call -> call.put('sandbox', call.flag()) }
        all['WorkflowDefinitionContext.cpsScm'] = { Call call ->
            Node node = definition(call, 'org.jenkinsci.plugins.workflow.cps.CpsScmFlowDefinition')
            node.appendNode('scriptPath', 'JenkinsFile')
            node.appendNode('lightweight', 'false')
            call.run(node)
        }
        all['CpsScmContext.scriptPath'] = { Call call -> call.put('scriptPath', call.text(0)) }
        all['CpsScmContext.lightweight'] = { Call call -> call.put('lightweight', call.flag()) }
        all['CpsScmContext.scm'] = { Call call -> call.run(call.child('scm'), 'ScmContext') }
    }

    private static Node definition(Call call, String type) {
        Node old = Xml.find(call.node, 'definition')
        if (old != null) {
            call.node.remove(old)
        }
        return call.node.appendNode('definition', [class: type])
    }

    private static void git(Map<String, Closure> all) {
        all['ScmContext.git'] = { Call call ->
            skeleton(call.node)
            if (call.arguments) {
                remote(call.node, [url: call.text(0)])
                branch(call.node, call.text(1, '**'))
            }
            call.run(call.node, 'GitContext')
            finish(call.node)
        }
        all['ScmContext.github'] = { Call call ->
            skeleton(call.node)
            boolean named = call.arguments.size() > 1
            remote(call.node, [url: "${call.text(2, 'https')}://${call.text(3, 'github.com')}/${call.text(0)}.git".toString()])
            branch(call.node, named ? call.text(1, '**') : '**')
            call.run(call.node, 'GitContext')
            finish(call.node)
        }
        all['GitContext.remote'] = { Call call -> call.run(remote(call.node, [:])) }
        all['GitContext.branch'] = { Call call -> branch(call.node, call.text(0)) }
        all['GitContext.branches'] = { Call call -> call.texts().each { branch(call.node, it) } }
        all['GitContext.extensions'] = { Call call -> call.run(call.child('extensions')) }
        all['GitContext.configure'] = { Call call ->
            finish(call.node)
            Configure.run(call.body, call.node)
        }
        all['RemoteContext.name'] = { Call call -> Xml.ordered(call.node, REMOTE, 'name', call.text(0)) }
        all['RemoteContext.url'] = { Call call -> Xml.ordered(call.node, REMOTE, 'url', call.text(0)) }
        all['RemoteContext.refspec'] = { Call call -> Xml.ordered(call.node, REMOTE, 'refspec', call.text(0)) }
        all['RemoteContext.credentials'] = { Call call -> Xml.ordered(call.node, REMOTE, 'credentialsId', call.text(0)) }
        all['RemoteContext.github'] = { Call call ->
            Xml.ordered(call.node, REMOTE, 'url', "${call.text(1, 'https')}://${call.text(2, 'github.com')}/${call.text(0)}.git".toString())
        }
    }

    private static void skeleton(Node scm) {
        scm.attributes()['class'] = 'hudson.plugins.git.GitSCM'
        scm.value = new NodeList()
        scm.appendNode('userRemoteConfigs')
        scm.appendNode('branches')
        scm.appendNode('configVersion', '2')
        scm.appendNode('doGenerateSubmoduleConfigurations', 'false')
        scm.appendNode('gitTool', 'Default')
    }

    private static Node remote(Node scm, Map<String, String> values) {
        Node config = Xml.child(scm, 'userRemoteConfigs').appendNode('hudson.plugins.git.UserRemoteConfig')
        values.each { key, value -> config.appendNode(key, value) }
        return config
    }

    private static void branch(Node scm, String spec) {
        Xml.child(scm, 'branches').appendNode('hudson.plugins.git.BranchSpec').appendNode('name', spec)
    }

    private static void finish(Node scm) {
        if (!Xml.nodes(Xml.child(scm, 'branches'))) {
            branch(scm, '**')
        }
    }

    private static void extensions(Map<String, Closure> all) {
        PLAIN.each { String method, String type -> all["GitExtensionContext.${method}".toString()] = { Call call -> call.add(EXTENSION + type) } }
        all['GitExtensionContext.relativeTargetDirectory'] = { Call call ->
            call.add(EXTENSION + 'RelativeTargetDirectory').appendNode('relativeTargetDir', call.text(0))
        }
        all['GitExtensionContext.localBranch'] = { Call call -> call.add(EXTENSION + 'LocalBranch').appendNode('localBranch', call.text(0, '**')) }
        all['GitExtensionContext.cloneOptions'] = { Call call ->
            call.run(filled(call.add(EXTENSION + 'CloneOption'), [shallow: 'false', noTags: 'false', reference: '', honorRefspec: 'false']))
        }
        ['shallow', 'noTags', 'honorRefspec'].each { String key -> all["GitCloneOptionsContext.${key}".toString()] = { Call call -> call.put(key, call.flag()) } }
        ['reference', 'timeout', 'depth'].each { String key -> all["GitCloneOptionsContext.${key}".toString()] = { Call call -> call.put(key, call.text(0)) } }
        all['GitExtensionContext.submoduleOptions'] = { Call call ->
            call.run(filled(call.add(EXTENSION + 'SubmoduleOption'), [disableSubmodules: 'false', recursiveSubmodules: 'false', trackingSubmodules: 'false']))
        }
        [disable: 'disableSubmodules', recursive: 'recursiveSubmodules', tracking: 'trackingSubmodules', parentCredentials: 'parentCredentials'].each {
            String method, String key -> all["GitSubmoduleOptionsContext.${method}".toString()] = { Call call -> call.put(key, call.flag()) }
        }
    }

    private static Node filled(Node node, Map<String, String> values) {
        values.each { key, value -> node.appendNode(key, value) }
        return node
    }

    private static void sources(Map<String, Closure> all) {
        all['BranchSourcesContext.git'] = { Call call ->
            Node git = source(call, 'jenkins.plugins.git.GitSCMSource')
            filled(git, [includes: '*', excludes: '', ignoreOnPushNotifications: 'false'])
            call.run(git, 'GitBranchSourceContext')
        }
        all['BranchSourcesContext.github'] = { Call call ->
            Node github = source(call, 'org.jenkinsci.plugins.github_branch_source.GitHubSCMSource')
            call.run(github, 'GitHubBranchSourceContext')
        }
        all['BranchSourcesContext.gitlab'] = { Call call ->
            call.run(source(call, 'io.jenkins.plugins.gitlabbranchsource.GitLabSCMSource'), 'GitLabBranchSourceContext')
        }
        List<String> order = ['id', 'remote', 'credentialsId', 'includes', 'excludes', 'ignoreOnPushNotifications']
        ['id', 'remote', 'credentialsId', 'includes', 'excludes'].each { String key ->
            all["GitBranchSourceContext.${key}".toString()] = { Call call -> Xml.ordered(call.node, order, key, call.text(0, '')) }
        }
        all['GitBranchSourceContext.ignoreOnPushNotifications'] = { Call call -> call.put('ignoreOnPushNotifications', call.flag()) }
    }

    private static Node source(Call call, String type) {
        Node branch = call.add('jenkins.branch.BranchSource')
        Node made = branch.appendNode('source', [class: type])
        branch.appendNode('strategy', [class: 'jenkins.branch.DefaultBranchPropertyStrategy']).appendNode('properties', [class: 'empty-list'])
        return made
    }
}
