package javaposse.jobdsl.dsl.helpers.properties

class PropertiesContext {
    private final Node node

    PropertiesContext(Node node) { this.node = node }

    void disableConcurrentBuilds(Closure body = null) {
        node.appendNode('org.jenkinsci.plugins.workflow.job.properties.DisableConcurrentBuildsJobProperty').appendNode('abortPrevious', false)
    }
}
