package javaposse.jobdsl.dsl.helpers.properties

import javaposse.jobdsl.dsl.Context
import javaposse.jobdsl.dsl.helpers.triggers.TriggerContext

class PropertiesContext {
    private final Node node

    PropertiesContext(Node node) { this.node = node }

    void disableConcurrentBuilds(Closure body = null) {
        node.appendNode('org.jenkinsci.plugins.workflow.job.properties.DisableConcurrentBuildsJobProperty').appendNode('abortPrevious', false)
    }

    void disableResume() { node.appendNode('org.jenkinsci.plugins.workflow.job.properties.DisableResumeJobProperty') }

    void buildDiscarder(Closure body) { Context.execute(body, new DiscarderContext(node)) }

    void pipelineTriggers(Closure body) {
        Node triggers = node.appendNode('org.jenkinsci.plugins.workflow.job.properties.PipelineTriggersJobProperty').appendNode('triggers')
        Context.execute(body, new TriggersContext(triggers))
    }
}

class TriggersContext {
    private final Node node

    TriggersContext(Node node) { this.node = node }

    void triggers(Closure body) { Context.execute(body, new SpecContext(node)) }
}

class SpecContext {
    private final Node node

    SpecContext(Node node) { this.node = node }

    void cron(Closure body) { trigger('hudson.triggers.TimerTrigger', body) }

    void pollSCM(Closure body) { trigger('hudson.triggers.SCMTrigger', body) }

    private void trigger(String type, Closure body) {
        SpecValue value = new SpecValue()
        Context.execute(body, value)
        node.appendNode(type).appendNode('spec', value.text)
    }
}

class SpecValue {
    String text

    void spec(String value) { text = value }

    void scmpoll_spec(String value) { text = value }
}

class DiscarderContext {
    private final Node node

    DiscarderContext(Node node) { this.node = node }

    void strategy(Closure body) { Context.execute(body, this) }

    void logRotator(Closure body) {
        RotatorValues values = new RotatorValues()
        Context.execute(body, values)
        Node strategy = node.appendNode('jenkins.model.BuildDiscarderProperty').appendNode('strategy', [class: 'hudson.tasks.LogRotator'])
        values.all.each { key, value -> strategy.appendNode(key, value ?: '-1') }
    }
}

class RotatorValues {
    final Map all = [daysToKeep: '-1', numToKeep: '-1', artifactDaysToKeep: '-1', artifactNumToKeep: '-1']

    void daysToKeepStr(String value) { all.daysToKeep = value }

    void numToKeepStr(String value) { all.numToKeep = value }

    void artifactDaysToKeepStr(String value) { all.artifactDaysToKeep = value }

    void artifactNumToKeepStr(String value) { all.artifactNumToKeep = value }
}

class FolderPropertiesContext {
    private final Node node

    FolderPropertiesContext(Node node) { this.node = node }
}
