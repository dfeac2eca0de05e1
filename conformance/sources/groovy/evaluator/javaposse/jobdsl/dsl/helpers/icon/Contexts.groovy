package javaposse.jobdsl.dsl.helpers.icon

import groovy.transform.CompileStatic
import javaposse.jobdsl.dsl.Block

@CompileStatic
class FolderIconContext extends Block {
    FolderIconContext(String context, Node node) { super(context, node) }
}
