package javaposse.jobdsl.dsl.helpers

import javaposse.jobdsl.dsl.Context
import javaposse.jobdsl.dsl.helpers.scm.GitContext

class BuildParametersContext {
    private final Node node

    BuildParametersContext(Node node) { this.node = node }

    void stringParam(String name, String value = null, String description = null) {
        parameter('hudson.model.StringParameterDefinition', name, value, description)
    }

    void textParam(String name, String value = null, String description = null) {
        parameter('hudson.model.TextParameterDefinition', name, value, description)
    }

    void nonStoredPasswordParam(String name, String description = null) {
        parameter('hudson.model.PasswordParameterDefinition', name, '', description)
    }

    void booleanParam(String name, Boolean value = false, String description = null) {
        parameter('hudson.model.BooleanParameterDefinition', name, String.valueOf(value), description)
    }

    void choiceParam(String name, List<String> options, String description = null) {
        if (!options) {
            throw new IllegalArgumentException('at least one option must be specified')
        }
        Node definition = node.appendNode('hudson.model.ChoiceParameterDefinition')
        Node array = definition.appendNode('choices', [class: 'java.util.Arrays$ArrayList']).appendNode('a', [class: 'string-array'])
        options.each { array.appendNode('string', String.valueOf(it)) }
        definition.appendNode('name', name)
        if (description != null) {
            definition.appendNode('description', description)
        }
    }

    private void parameter(String type, String name, String value, String description) {
        if (!name) {
            throw new IllegalArgumentException('parameterName cannot be null')
        }
        Node definition = node.appendNode(type)
        definition.appendNode('name', name)
        if (value != null) {
            definition.appendNode('defaultValue', value)
        }
        if (description != null) {
            definition.appendNode('description', description)
        }
    }
}

class LogRotatorContext {
    int days = -1
    int builds = -1

    void daysToKeep(int value) { days = value }

    void numToKeep(int value) { builds = value }
}

class ScmContext {
    private final Node node

    ScmContext(Node node) { this.node = node }

    void git(Closure body) {
        GitContext context = new GitContext()
        Context.execute(body, context)
        context.write(node)
    }
}

/** The delegate of a `configure` block; groovy.util.Node offers the rest. */
class NodeEnhancer { }
