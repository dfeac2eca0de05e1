package javaposse.jobdsl.dsl.helpers.scm

import javaposse.jobdsl.dsl.Context

class GitContext {
    private final List<RemoteContext> remotes = []
    private final List<String> specs = []

    void remote(Closure body) {
        RemoteContext context = new RemoteContext()
        Context.execute(body, context)
        remotes << context
    }

    void branch(String spec) { specs << spec }

    void write(Node scm) {
        scm.attributes()['class'] = 'hudson.plugins.git.GitSCM'
        scm.value = []
        Node configs = scm.appendNode('userRemoteConfigs')
        remotes.each { remote ->
            Node config = configs.appendNode('hudson.plugins.git.UserRemoteConfig')
            ['name', 'url', 'credentialsId'].each { key ->
                if (remote.values[key] != null) {
                    config.appendNode(key, remote.values[key])
                }
            }
        }
        Node branches = scm.appendNode('branches')
        (specs ?: ['**']).each { branches.appendNode('hudson.plugins.git.BranchSpec').appendNode('name', it) }
        scm.appendNode('configVersion', 2)
        scm.appendNode('doGenerateSubmoduleConfigurations', false)
        scm.appendNode('gitTool', 'Default')
    }
}

class RemoteContext {
    final Map values = [:]

    void name(String value) { values.name = value }

    void url(String value) { values.url = value }

    void credentials(String value) { values.credentialsId = value }

}
