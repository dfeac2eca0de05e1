package javaposse.jobdsl.dsl

import groovy.transform.CompileStatic

/** Runs a `configure` block: `node / 'a' / 'b'`, `node << 'c'(x: 1) { d('e') }`. */
class Configure {
    static void run(Closure block, Node node) {
        Closure copy = (Closure) block.clone()
        copy.delegate = new NodeNames()
        copy.resolveStrategy = Closure.DELEGATE_FIRST
        use(NodeOperators) {
            copy.call(node)
        }
    }
}

/** Names that a `configure` block uses without quotes, and elements that it makes. */
class NodeNames extends NodeBuilder {
    Object propertyMissing(String name) { name }
}

/** What Job DSL adds to `groovy.util.Node` in a `configure` block. */
@CompileStatic
class NodeOperators {
    /** The child `name`, made when it is not there. */
    static Node div(Node node, String name) { Xml.child(node, name) }

    /** The child like `wanted`, which gets its value; made when it is not there. */
    static Node div(Node node, Node wanted) {
        Node found = (Node) node.children().find { it instanceof Node && like((Node) it, wanted) }
        if (found == null) {
            node.append(wanted)
            return wanted
        }
        if (wanted.value()) {
            found.value = wanted.value()
        }
        return found
    }

    static Node leftShift(Node node, Node child) {
        node.append(child)
        return node
    }

    static Node leftShift(Node node, String name) {
        node.appendNode(name)
        return node
    }

    static Node leftShift(Node node, Closure content) {
        Closure copy = (Closure) content.clone()
        Node made = (Node) new NodeBuilder().invokeMethod('content', [copy] as Object[])
        made.children().each {
            if (it instanceof Node) {
                node.append((Node) it)
            }
        }
        return node
    }

    private static boolean like(Node candidate, Node wanted) {
        return candidate.name() == wanted.name() && wanted.attributes().every { key, value -> candidate.attributes()[key] == value }
    }
}
