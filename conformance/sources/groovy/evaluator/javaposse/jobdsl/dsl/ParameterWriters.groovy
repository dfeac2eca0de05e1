package javaposse.jobdsl.dsl

import groovy.transform.CompileStatic

/** Parameters of builds. */
@CompileStatic
class ParameterWriters {
    static void register(Map<String, Closure> all) {
        [stringParam: 'String', textParam: 'Text'].each { String method, String type ->
            all["BuildParametersContext.${method}".toString()] = { Call call ->
                define(call, "hudson.model.${type}ParameterDefinition", [defaultValue: call.text(1)], call.text(2))
            }
        }
        all['BuildParametersContext.booleanParam'] = { Call call ->
            define(call, 'hudson.model.BooleanParameterDefinition', [defaultValue: String.valueOf(call.flag(1, false))], call.text(2))
        }
        all['BuildParametersContext.nonStoredPasswordParam'] = { Call call ->
            define(call, 'hudson.model.PasswordParameterDefinition', [defaultValue: ''], call.text(1))
        }
        all['BuildParametersContext.fileParam'] = { Call call -> define(call, 'hudson.model.FileParameterDefinition', [:], call.text(1)) }
        all['BuildParametersContext.runParam'] = { Call call ->
            define(call, 'hudson.model.RunParameterDefinition', [projectName: call.text(1)], call.text(2))
        }
        all['BuildParametersContext.choiceParam'] = { Call call -> choice(call) }
        all['BuildParametersContext.credentialsParam'] = { Call call ->
            Node definition = define(call, 'com.cloudbees.plugins.credentials.CredentialsParameterDefinition', [:], null)
            Block.execute(call.body, Block.of('', definition))
        }
    }

    private static Node define(Call call, CharSequence type, Map<String, String> values, String description) {
        if (!call.text(0)) {
            throw new DslException('parameterName cannot be null', Recording.line())
        }
        Node definition = call.add(type.toString())
        definition.appendNode('name', call.text(0))
        values.each { key, value ->
            if (value != null) {
                definition.appendNode(key, value)
            }
        }
        if (description != null) {
            definition.appendNode('description', description)
        }
        return definition
    }

    private static void choice(Call call) {
        List options = (List) (call.arguments.size() > 1 ? call.arguments[1] : null)
        if (!options) {
            throw new DslException('at least one option must be specified', Recording.line())
        }
        if (!call.text(0)) {
            throw new DslException('parameterName cannot be null', Recording.line())
        }
        Node definition = call.add('hudson.model.ChoiceParameterDefinition')
        Node array = definition.appendNode('choices', [class: 'java.util.Arrays$ArrayList']).appendNode('a', [class: 'string-array'])
        options.each { array.appendNode('string', String.valueOf(it)) }
        definition.appendNode('name', call.text(0))
        if (call.text(2) != null) {
            definition.appendNode('description', call.text(2))
        }
    }
}
