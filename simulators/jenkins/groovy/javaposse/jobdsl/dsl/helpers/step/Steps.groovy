package javaposse.jobdsl.dsl.helpers.step

import javaposse.jobdsl.dsl.Context

class StepContext {
    private final Node builders

    StepContext(Node builders) { this.builders = builders }

    void jobDsl(Closure body) {
        JobDslContext context = new JobDslContext()
        Context.execute(body, context)
        context.write(builders)
    }
}

class JobDslContext {
    Map values = [:]

    void scriptText(String value) { values.scriptText = value }

    void sandbox(boolean value) { values.sandbox = value }

    void write(Node builders) {
        Map defaults = [sandbox: false, ignoreExisting: false, ignoreMissingFiles: false, failOnMissingPlugin: false,
            failOnSeedCollision: false, unstableOnDeprecation: false, removedJobAction: 'IGNORE', removedViewAction: 'IGNORE',
            removedConfigFilesAction: 'IGNORE', lookupStrategy: 'JENKINS_ROOT']
        Node node = builders.appendNode('javaposse.jobdsl.plugin.ExecuteDslScripts', [plugin: 'job-dsl@1.90'])
        node.appendNode('scriptText', values.scriptText)
        defaults.each { key, value -> node.appendNode(key, values.containsKey(key) ? values[key] : value) }
    }
}
