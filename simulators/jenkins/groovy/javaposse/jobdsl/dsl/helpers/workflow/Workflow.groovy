package javaposse.jobdsl.dsl.helpers.workflow

import javaposse.jobdsl.dsl.Context
import javaposse.jobdsl.dsl.helpers.ScmContext

class WorkflowDefinitionContext {
    private final Node job

    WorkflowDefinitionContext(Node job) { this.job = job }

    void cps(Closure body) {
        CpsContext context = new CpsContext()
        Context.execute(body, context)
        Node node = definition('org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition')
        node.appendNode('script', context.text ?: '')
        node.appendNode('sandbox', context.inSandbox)
    }

    void cpsScm(Closure body) {
        Node node = definition('org.jenkinsci.plugins.workflow.cps.CpsScmFlowDefinition')
        CpsScmContext context = new CpsScmContext(node)
        Context.execute(body, context)
        node.appendNode('scriptPath', context.path)
        node.appendNode('lightweight', context.light)
    }

    private Node definition(String type) {
        job.children().removeAll { it instanceof Node && it.name() == 'definition' }
        return job.appendNode('definition', [class: type])
    }
}

class CpsContext {
    String text
    boolean inSandbox = true

    void script(String value) { text = value }

    void sandbox(boolean value = true) { inSandbox = value }
}

class CpsScmContext {
    private final Node node
    String path = 'JenkinsFile'
    boolean light = false

    CpsScmContext(Node node) { this.node = node }

    void scm(Closure body) { Context.execute(body, new ScmContext(node.appendNode('scm'))) }

    void scriptPath(String value) { path = value }

    void lightweight(boolean value = true) { light = value }
}
