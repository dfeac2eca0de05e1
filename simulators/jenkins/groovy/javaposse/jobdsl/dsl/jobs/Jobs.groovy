package javaposse.jobdsl.dsl.jobs

import javaposse.jobdsl.dsl.Context
import javaposse.jobdsl.dsl.Item
import javaposse.jobdsl.dsl.helpers.BuildParametersContext
import javaposse.jobdsl.dsl.helpers.LogRotatorContext
import javaposse.jobdsl.dsl.helpers.properties.PropertiesContext
import javaposse.jobdsl.dsl.helpers.step.StepContext
import javaposse.jobdsl.dsl.helpers.triggers.TriggerContext
import javaposse.jobdsl.dsl.helpers.workflow.WorkflowDefinitionContext

abstract class Job extends Item {
    private String previousNames

    Job(String name, Node node) { super(name, node) }

    void previousNames(String regex) { previousNames = regex }

    @Override
    protected String previous() { previousNames }

    void parameters(Closure body) {
        Node property = (Node) child('properties').children().find { it.name() == 'hudson.model.ParametersDefinitionProperty' }
        Node definitions = property ? (Node) property.children()[0] :
            child('properties').appendNode('hudson.model.ParametersDefinitionProperty').appendNode('parameterDefinitions')
        Context.execute(body, new BuildParametersContext(definitions))
    }

    void logRotator(Closure body) {
        LogRotatorContext context = new LogRotatorContext()
        Context.execute(body, context)
        Node rotator = child('logRotator')
        rotator.value = []
        rotator.appendNode('daysToKeep', context.days)
        rotator.appendNode('numToKeep', context.builds)
        rotator.appendNode('artifactDaysToKeep', -1)
        rotator.appendNode('artifactNumToKeep', -1)
    }

    void triggers(Closure body) { Context.execute(body, new TriggerContext(child('triggers'))) }

    void properties(Closure body) { Context.execute(body, new PropertiesContext(child('properties'))) }

    void disabled(boolean value = true) { put('disabled', value) }
}

class WorkflowJob extends Job {
    WorkflowJob(String name) {
        super(name, new XmlParser().parseText('<flow-definition><actions/><description/><keepDependencies>false</keepDependencies>' +
            '<properties/><triggers/></flow-definition>'))
    }

    void definition(Closure body) { Context.execute(body, new WorkflowDefinitionContext(node)) }
}

class FreeStyleJob extends Job {
    FreeStyleJob(String name) {
        super(name, new XmlParser().parseText('<project><actions/><description/><keepDependencies>false</keepDependencies><properties/>' +
            '<scm class="hudson.scm.NullSCM"/><canRoam>true</canRoam><disabled>false</disabled>' +
            '<blockBuildWhenDownstreamBuilding>false</blockBuildWhenDownstreamBuilding>' +
            '<blockBuildWhenUpstreamBuilding>false</blockBuildWhenUpstreamBuilding><triggers/><concurrentBuild>false</concurrentBuild>' +
            '<builders/><publishers/><buildWrappers/></project>'))
    }

    void label(String expression) {
        put('canRoam', false)
        put('assignedNode', expression)
    }

    void steps(Closure body) { Context.execute(body, new StepContext(child('builders'))) }
}
