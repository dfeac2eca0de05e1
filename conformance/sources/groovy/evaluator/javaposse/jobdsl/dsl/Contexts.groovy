package javaposse.jobdsl.dsl

import groovy.transform.CompileStatic

/** The top level of a script, as classes of a library know it. */
interface DslFactory { }

/** A closure's delegate, as classes of a library know it. */
interface Context { }

@CompileStatic
abstract class Job extends Item {
    Job(String kind, String name, String context, Node node, int line) { super(kind, name, context, node, line) }
}

@CompileStatic
abstract class View extends Item {
    View(String kind, String name, String context, Node node, int line) { super(kind, name, context, node, line) }
}

@CompileStatic
class BuildBlockerContext extends Block {
    BuildBlockerContext(String context, Node node) { super(context, node) }
}

@CompileStatic
class Folder extends Item {
    Folder(String kind, String name, String context, Node node, int line) { super(kind, name, context, node, line) }
}

@CompileStatic
class LogRotatorContext extends Block {
    LogRotatorContext(String context, Node node) { super(context, node) }
}
