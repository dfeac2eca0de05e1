package javaposse.jobdsl.dsl.helpers.step

import javaposse.jobdsl.dsl.Context

class StepContext {
    private final Node builders

    StepContext(Node builders) { this.builders = builders }

    void shell(String command) { builders.appendNode('hudson.tasks.Shell').appendNode('command', command) }

    void jobDsl(Closure body) {
        JobDslContext context = new JobDslContext()
        Context.execute(body, context)
        context.write(builders)
    }

    void dsl(Closure body) {
        DslContext context = new DslContext()
        Context.execute(body, context)
        new JobDslContext(values: [scriptText: context.scriptText, sandbox: false]).write(builders)
    }
}

class DslContext {
    String scriptText

    void text(String value) { scriptText = value }

    void ignoreExisting(boolean value = true) { }

    void removeAction(String value) { }

    void removeViewAction(String value) { }

    void lookupStrategy(String value) { }
}

class JobDslContext {
    Map values = [:]

    void scriptText(String value) { values.scriptText = value }

    void targets(String value) { values.targets = value }

    void useScriptText(boolean value) { values.usingScriptText = value }

    void sandbox(boolean value) { values.sandbox = value }

    void ignoreExisting(boolean value) { values.ignoreExisting = value }

    void ignoreMissingFiles(boolean value) { values.ignoreMissingFiles = value }

    void failOnMissingPlugin(boolean value) { values.failOnMissingPlugin = value }

    void failOnSeedCollision(boolean value) { values.failOnSeedCollision = value }

    void unstableOnDeprecation(boolean value) { values.unstableOnDeprecation = value }

    void removedJobAction(String value) { values.removedJobAction = value }

    void removedViewAction(String value) { values.removedViewAction = value }

    void removedConfigFilesAction(String value) { values.removedConfigFilesAction = value }

    void lookupStrategy(String value) { values.lookupStrategy = value }

    void write(Node builders) {
        Map defaults = [sandbox: false, ignoreExisting: false, ignoreMissingFiles: false, failOnMissingPlugin: false,
            failOnSeedCollision: false, unstableOnDeprecation: false, removedJobAction: 'IGNORE', removedViewAction: 'IGNORE',
            removedConfigFilesAction: 'IGNORE', lookupStrategy: 'JENKINS_ROOT']
        Node node = builders.appendNode('javaposse.jobdsl.plugin.ExecuteDslScripts', [plugin: 'job-dsl@1.90'])
        ['targets', 'scriptText'].each { key ->
            if (values[key] != null) {
                node.appendNode(key, values[key])
            }
        }
        defaults.each { key, value -> node.appendNode(key, values.containsKey(key) ? values[key] : value) }
    }
}
