package javaposse.jobdsl.dsl

import groovy.transform.CompileStatic

/** Where the language's own program gets files from: the controller, or an evaluator of sources. */
interface JobManagement {
    /** Content of a file of the seed's workspace. */
    String readFile(String path)
}

/** A mistake in a script, in Job DSL's own words; `line` is 0 when the script's own frame says it. */
@CompileStatic
class DslException extends RuntimeException {
    final int line

    DslException(String message, int line = 0) {
        super(message)
        this.line = line
    }
}

/** No context of the language has this method. */
@CompileStatic
class UnknownMethod extends MissingMethodException {
    private final String context

    UnknownMethod(String context, String name, Class type, Object[] arguments) {
        super(name, type, arguments)
        this.context = context
    }

    @Override
    String getMessage() {
        String types = arguments.collect { it == null ? 'null' : it.class.name }.join(', ')
        String values = arguments.collect { it instanceof Closure ? it.class.name : String.valueOf(it) }.join(', ')
        return "No signature of method: ${context}.${method}() is applicable for argument types: (${types}) values: [${values}]".toString()
    }
}

/** What one script makes, in its order, and the line of the script that makes each part. */
@CompileStatic
class Recording {
    /** The name under which a script is compiled: its lines are those of the frames of this file. */
    static final String SCRIPT = 'script'
    private static final int MOST_PRINTED = 1 << 16
    private static Recording current

    final List<Item> items = []
    final List<Item> views = []
    final List<Map> queued = []
    final List<Block> open = []
    final JobManagement management
    Script script
    private final StringBuilder text = new StringBuilder()
    private final IdentityHashMap<Node, Integer> lines = new IdentityHashMap<Node, Integer>()
    private final IdentityHashMap<Node, String> flags = new IdentityHashMap<Node, String>()

    private Recording(JobManagement management) { this.management = management }

    static Recording begin(JobManagement management) { current = new Recording(management) }

    static Recording now() { current }

    /** The line of the script that runs now. */
    static int line() {
        return StackWalker.instance.walk { stream ->
            stream.filter { StackWalker.StackFrame frame -> frame.fileName == SCRIPT && frame.lineNumber > 0 }.findFirst().map { it.lineNumber }.orElse(0)
        } as int
    }

    /** Everything below `node` that has no line yet is made by this one. */
    void mark(Node node, int line) {
        if (!lines.containsKey(node)) {
            lines[node] = line
        }
        node.children().each {
            if (it instanceof Node && !lines.containsKey(it)) {
                mark((Node) it, line)
            }
        }
    }

    int lineOf(Node node) { lines.containsKey(node) ? lines[node] : 0 }

    void move(Node from, Node to) {
        if (lines.containsKey(from)) {
            lines[to] = lines[from]
        }
    }

    void flag(Node node, String why) { flags[node] = why }

    String flagOf(Node node) { flags[node] }

    void print(Object value) {
        if (text.length() < MOST_PRINTED) {
            text.append(value)
        }
    }

    String printed() { text.toString() }

    void finish() {
        items*.configured()
        views*.configured()
        Map<String, Item> made = [:]
        items.each { Item item ->
            Item before = made[item.name]
            if (before != null && before.node.name() != item.node.name()) {
                throw new DslException("Type of item \"${item.name}\" does not match existing type, item type can not be changed".toString(), item.line)
            }
            made[item.name] = item
        }
    }
}
