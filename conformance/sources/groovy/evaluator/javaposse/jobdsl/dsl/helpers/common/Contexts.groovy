package javaposse.jobdsl.dsl.helpers.common

import groovy.transform.CompileStatic
import javaposse.jobdsl.dsl.Block

@CompileStatic
class DownstreamTriggerParameterContext extends Block {
    DownstreamTriggerParameterContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class PublishOverSshContext extends Block {
    PublishOverSshContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class PublishOverSshCredentialsContext extends Block {
    PublishOverSshCredentialsContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class PublishOverSshServerContext extends Block {
    PublishOverSshServerContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class PublishOverSshTransferSetContext extends Block {
    PublishOverSshTransferSetContext(String context, Node node) { super(context, node) }
}
