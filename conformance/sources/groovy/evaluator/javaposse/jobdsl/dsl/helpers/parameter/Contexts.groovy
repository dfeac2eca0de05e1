package javaposse.jobdsl.dsl.helpers.parameter

import groovy.transform.CompileStatic
import javaposse.jobdsl.dsl.Block

@CompileStatic
class ActiveChoiceContext extends Block {
    ActiveChoiceContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class ActiveChoiceGroovyScriptContext extends Block {
    ActiveChoiceGroovyScriptContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class ActiveChoiceReactiveContext extends Block {
    ActiveChoiceReactiveContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class ActiveChoiceReactiveReferenceContext extends Block {
    ActiveChoiceReactiveReferenceContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class CredentialsParameterContext extends Block {
    CredentialsParameterContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class ListTagsParamContext extends Block {
    ListTagsParamContext(String context, Node node) { super(context, node) }
}
