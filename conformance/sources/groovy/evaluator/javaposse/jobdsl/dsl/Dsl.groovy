package javaposse.jobdsl.dsl

import groovy.transform.CompileStatic

/** The delegate of one closure: its context and the element that its calls fill. */
@CompileStatic
class Block extends GroovyObjectSupport implements Context {
    final String blockContext
    final Node blockNode

    /** An empty `blockContext` takes any call. */
    Block(String blockContext, Node blockNode) {
        this.blockContext = blockContext
        this.blockNode = blockNode
    }

    Object methodMissing(String name, Object arguments) { Dsl.call(this, name, (Object[]) arguments) }

    /** A block of the context's own class, by which classes of a library may call it. */
    static Block of(String context, Node node) {
        return context.empty ? new Block(context, node) : (Block) Class.forName(context).newInstance([context, node] as Object[])
    }

    static void execute(Closure body, Block block) {
        if (body == null) {
            return
        }
        List<Block> open = Recording.now().open
        Closure copy = (Closure) body.clone()
        copy.delegate = block
        copy.resolveStrategy = Closure.DELEGATE_FIRST
        open << block
        try {
            copy.call(block)
        } finally {
            open.removeAt(open.size() - 1)
        }
    }
}

/** A job, folder or view: its name, its place and the tree that becomes its config.xml. */
@CompileStatic
class Item extends Block {
    final String name
    final String kind
    final int line
    private final List<Closure> configureBlocks = []
    private final List<Integer> configureLines = []
    private boolean finished

    Item(String kind, String name, String context, Node node, int line) {
        super(context, node)
        this.kind = kind
        this.name = name
        this.line = line
    }

    Node getNode() { blockNode }

    void configure(Closure block) {
        configureBlocks << block
        configureLines << Recording.line()
    }

    /** Apply the `configure` blocks, which run after everything else. */
    void configured() {
        if (!finished) {
            finished = true
            configureBlocks.eachWithIndex { Closure block, int index ->
                Configure.run(block, node)
                Recording.now().mark(node, configureLines[index])
            }
        }
    }

    Map describe() { [kind: kind, name: name, line: line, tree: Xml.describe(node), xml: Xml.print(node), configures: configureLines] }
}

/** A call of a method of a context, for what writes its element. */
@CompileStatic
class Call {
    final Block block
    final String name
    final List arguments
    final Closure body

    Call(Block block, String name, Object[] arguments) {
        this.block = block
        this.name = name
        this.body = arguments && arguments.last() instanceof Closure ? (Closure) arguments.last() : null
        this.arguments = (body == null ? arguments as List : (arguments as List)[0..<(arguments.length - 1)])
    }

    Node getNode() { block.blockNode }

    String text(int index, String otherwise = null) {
        return index < arguments.size() && arguments[index] != null ? String.valueOf(arguments[index]) : otherwise
    }

    boolean flag(int index = 0, boolean otherwise = true) { index < arguments.size() ? (boolean) arguments[index] : otherwise }

    /** All arguments, lists among them opened. */
    List<String> texts(int from = 0) {
        return arguments.drop(from).collectMany { it instanceof Iterable || it instanceof Object[] ? it.collect { String.valueOf(it) } : [String.valueOf(it)] }
    }

    Node child(String tag) { Xml.child(node, tag) }

    Node put(String tag, Object value) { Xml.put(node, tag, value) }

    Node add(String tag, Object value = null) { value == null ? node.appendNode(tag) : node.appendNode(tag, String.valueOf(value)) }

    void run(Node target, String context = null) {
        Recording.now().mark(target, Recording.line())
        Block.execute(body, Block.of(context == null ? Api.closure(block.blockContext, name) : Api.context(context, block.blockContext), target))
    }
}

/** Finds what a call means: a method of its context, a symbol of a plugin, or a mistake. */
@CompileStatic
class Dsl {
    static Object top(JobParent script, String name, Object[] arguments) {
        Recording recording = Recording.now()
        recording.script = recording.script ?: script
        if (!Api.has(Api.TOP, name) || !Api.accepts(Api.TOP, name, arguments)) {
            throw new UnknownMethod(innermost(Recording.SCRIPT), name, script.class, arguments)
        }
        return Items.make(new Call(new Block(Api.TOP, null), name, arguments))
    }

    static Object call(Block block, String name, Object[] arguments) {
        int line = Recording.line()
        if (block instanceof Item && name == 'configure') {
            ((Item) block).configure((Closure) arguments[0])
            return null
        }
        Call call = new Call(block, name, arguments)
        if (Api.has(block.blockContext, name)) {
            if (!Api.accepts(block.blockContext, name, arguments)) {
                throw missing(block, name, arguments)
            }
            Closure writer = Writers.of(block.blockContext, name)
            if (writer == null) {
                generic(call, 'approximate')
            } else {
                writer.call(call)
            }
        } else if (block.blockContext.empty) {
            if (scriptHas(name, arguments)) {
                throw missing(block, name, arguments)
            }
            generic(call, null)
        } else {
            symbol(call, arguments)
        }
        Recording.now().mark(block.blockNode, line)
        return null
    }

    private static void symbol(Call call, Object[] arguments) {
        String context = call.block.blockContext
        if (Describables.known(context, call.name)) {
            Node made = generic(call, null)
            Describables.write(context, call.node, made)
        } else if (Api.extensible(context) && Recording.now().open.last().is(call.block) && !reachable(call.name, arguments)) {
            generic(call, Api.classesOf(call.name, context) ? 'approximate' : 'unknown')
        } else {
            throw missing(call.block, call.name, arguments)
        }
    }

    /** An element of the call's name: text for values, elements for a closure's calls. */
    static Node generic(Call call, String flag) {
        Node made = call.node.appendNode(call.name)
        if (call.arguments.size() == 1 && !(call.arguments[0] instanceof Iterable || call.arguments[0] instanceof Map)) {
            made.value = call.text(0, '')
        } else if (call.arguments.size() == 1 && call.arguments[0] instanceof Map) {
            ((Map) call.arguments[0]).each { key, value -> made.appendNode(String.valueOf(key), value == null ? '' : String.valueOf(value)) }
        } else {
            call.texts().each { made.appendNode('string', it) }
        }
        if (call.body != null) {
            if (call.arguments.size() == 1 && made.children()) {
                made.value = []
                made.appendNode('value', call.text(0, ''))
            }
            Recording.now().mark(made, Recording.line())
            String context = call.block.blockContext.empty || flag == 'unknown' ? '' : Api.has(call.block.blockContext, call.name) ?
                Api.closure(call.block.blockContext, call.name) : ''
            Block.execute(call.body, Block.of(context, made))
        }
        if (flag != null) {
            Recording.now().flag(made, flag)
        }
        return made
    }

    private static boolean reachable(String name, Object[] arguments) {
        return scriptHas(name, arguments) || Api.has(Api.TOP, name) || Recording.now().open.any { Api.has(it.blockContext, name) }
    }

    private static boolean scriptHas(String name, Object[] arguments) {
        Script script = Recording.now().script
        return script != null && (script.metaClass.respondsTo(script, name).any { MetaMethod it -> it.declaringClass.theClass == script.class } ||
            script.binding.variables[name] instanceof Closure)
    }

    /** The context of the closure that runs: a call that it does not know is tried on those round it, too. */
    private static String innermost(String otherwise) {
        Block found = Recording.now().open.reverse().find { !it.blockContext.empty }
        return found == null ? otherwise : found.blockContext
    }

    private static UnknownMethod missing(Block block, String name, Object[] arguments) {
        return new UnknownMethod(innermost(block.blockContext), name, block.class, arguments)
    }
}
