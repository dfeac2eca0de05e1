package javaposse.jobdsl.dsl.helpers.triggers

class TriggerContext {
    private final Node node

    TriggerContext(Node node) { this.node = node }

    void cron(String spec) { node.appendNode('hudson.triggers.TimerTrigger').appendNode('spec', spec) }

    void scm(String spec) {
        Node trigger = node.appendNode('hudson.triggers.SCMTrigger')
        trigger.appendNode('spec', spec)
        trigger.appendNode('ignorePostCommitHooks', false)
    }

    void upstream(String projects, String threshold = 'SUCCESS') {
        Node trigger = node.appendNode('jenkins.triggers.ReverseBuildTrigger')
        trigger.appendNode('spec')
        trigger.appendNode('upstreamProjects', projects)
        trigger.appendNode('threshold').appendNode('name', threshold)
    }
}
