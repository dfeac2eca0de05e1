package javaposse.jobdsl.dsl

import groovy.transform.CompileStatic

/** Trees of config.xml: made from an outline, filled, printed as Job DSL prints them. */
@CompileStatic
class Xml {
    /** A tree from an outline: a line for each element, indented below its parent: `name attribute=value ... : text`. */
    static Node outline(String text) {
        List<Node> path = []
        Node root = null
        text.readLines().findAll { it.trim() }.each { String line ->
            int depth = (line.length() - line.stripIndent().length()).intdiv(2)
            int colon = line.indexOf(' : ')
            List<String> words = (colon < 0 ? line : line.substring(0, colon)).trim().split(' ') as List<String>
            Map<String, String> attributes = words.drop(1).collectEntries { String word -> [(word.split('=')[0]): word.split('=')[1]] }
            path = path.take(depth)
            Node node = path ? path.last().appendNode(words[0], attributes) : new Node(null, words[0], attributes)
            if (colon >= 0) {
                node.value = line.substring(colon + 3)
            }
            root = root ?: node
            path << node
        }
        return root
    }

    static Node find(Node node, String tag) {
        return (Node) node.children().find { it instanceof Node && ((Node) it).name() == tag }
    }

    static Node child(Node node, String tag) { find(node, tag) ?: node.appendNode(tag) }

    static Node put(Node node, String tag, Object value) {
        Node element = child(node, tag)
        element.value = value == null ? '' : String.valueOf(value)
        return element
    }

    /** Put `tag` among its siblings in the order of `order`. */
    static Node ordered(Node node, List<String> order, String tag, Object value) {
        Node found = find(node, tag)
        if (found != null) {
            found.value = String.valueOf(value)
            return found
        }
        Node made = new Node(null, tag, String.valueOf(value))
        List children = node.children()
        int at = children.findIndexOf { it instanceof Node && order.indexOf((String) ((Node) it).name()) > order.indexOf(tag) }
        children.add(at < 0 ? children.size() : at, made)
        return made
    }

    static List<Node> nodes(Node node) { node.children().findAll { it instanceof Node } as List<Node> }

    static String text(Node node) { node.children().findAll { !(it instanceof Node) }.join('') }

    static String print(Node node) {
        StringBuilder out = new StringBuilder('<?xml version="1.0" encoding="UTF-8"?>')
        write(out, node, 0)
        return out.toString()
    }

    /** [tag, attributes, line, flag, text, elements] for each element. */
    static List describe(Node node) {
        Recording recording = Recording.now()
        Map attributes = node.attributes().collectEntries { key, value -> [(String.valueOf(key)): String.valueOf(value)] }
        return [String.valueOf(node.name()), attributes, recording.lineOf(node), recording.flagOf(node), text(node), nodes(node).collect { describe(it) }]
    }

    private static void write(StringBuilder out, Node node, int depth) {
        String pad = '    ' * depth
        String attributes = node.attributes().collect { key, value -> " ${key}=\"${escape(String.valueOf(value)).replace('"', '&quot;')}\"" }.join('')
        String text = text(node)
        List<Node> below = nodes(node)
        out.append(depth == 0 ? '' : '\n' + pad).append('<').append(node.name()).append(attributes)
        if (below.empty && text.empty) {
            out.append('/>')
        } else if (below.empty) {
            out.append('>').append(escape(text)).append('</').append(node.name()).append('>')
        } else {
            out.append('>')
            below.each { write(out, it, depth + 1) }
            out.append('\n').append(pad).append('</').append(node.name()).append('>')
        }
    }

    private static String escape(String text) {
        return text.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')
    }
}
