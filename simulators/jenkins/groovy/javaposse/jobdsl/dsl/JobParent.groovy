package javaposse.jobdsl.dsl

import javaposse.jobdsl.dsl.jobs.FreeStyleJob
import javaposse.jobdsl.dsl.jobs.WorkflowJob
import javaposse.jobdsl.dsl.views.ListView

/** The top level of a seed script. */
abstract class JobParent extends Script {
    final List items = []
    final List views = []
    final StringBuilder printed = new StringBuilder()

    Folder folder(String name, @DelegatesTo(Folder) Closure body = null) { add(new Folder(name), body) }

    WorkflowJob pipelineJob(String name, Closure body = null) { add(new WorkflowJob(name), body) }

    FreeStyleJob freeStyleJob(String name, Closure body = null) { add(new FreeStyleJob(name), body) }

    ListView listView(String name, Closure body = null) {
        ListView view = new ListView(name)
        Context.execute(body, view)
        views << view
        return view
    }

    PrintStream getOut() { System.err }

    @Override
    void println(Object value) { printed.append(value).append('\n') }

    @Override
    void println() { printed.append('\n') }

    @Override
    void print(Object value) { printed.append(value) }

    private Object add(Item item, Closure body) {
        if (item.name == null || item.name.trim().empty) {
            throw new IllegalArgumentException('name must be specified')
        }
        Context.execute(body, item)
        items.removeAll { it.name == item.name }
        items << item
        return item
    }
}

class DslScriptException extends RuntimeException {
    DslScriptException(String message, Throwable cause) { super(message, cause) }
}

/** Runs the blocks of the language. */
class Context {
    static void execute(Closure body, Object context) {
        if (body != null) {
            Closure copy = (Closure) body.clone()
            copy.delegate = context
            copy.resolveStrategy = Closure.DELEGATE_FIRST
            copy.call(context)
        }
    }
}

/** A job or folder: its name and the tree that becomes its config.xml. */
abstract class Item {
    final String name
    final Node node
    private final List<Closure> configureBlocks = []

    Item(String name, Node node) {
        this.name = name
        this.node = node
    }

    void description(String text) { put('description', text) }

    void displayName(String text) { put('displayName', text) }

    void configure(Closure block) { configureBlocks << block }

    protected Node child(String name) {
        Node found = (Node) node.children().find { it instanceof Node && it.name() == name }
        return found ?: node.appendNode(name)
    }

    protected void put(String name, Object value) {
        Node element = child(name)
        element.value = value == null ? '' : String.valueOf(value)
    }

    Map describe() {
        configureBlocks.each { block ->
            Closure copy = (Closure) block.clone()
            copy.resolveStrategy = Closure.DELEGATE_FIRST
            copy.delegate = new javaposse.jobdsl.dsl.helpers.NodeEnhancer()
            copy.call(node)
        }
        return [name: name, xml: Xml.print(node), previous: previous()]
    }

    /** A pattern for the whole name of an existing job that becomes this one; only jobs have it. */
    protected String previous() { null }
}

class Folder extends Item {
    Folder(String name) { super(name, new XmlParser().parseText(BASE)) }

    private static final String BASE = '''<com.cloudbees.hudson.plugins.folder.Folder><actions/><properties/>
        <icon class="com.cloudbees.hudson.plugins.folder.icons.StockFolderIcon"/>
        <folderViews class="com.cloudbees.hudson.plugins.folder.views.DefaultFolderViewHolder"><views><hudson.model.AllView>
        <owner class="com.cloudbees.hudson.plugins.folder.Folder" reference="../../../.."/><name>all</name>
        <filterExecutors>false</filterExecutors><filterQueue>false</filterQueue>
        <properties class="hudson.model.View$PropertyList"/></hudson.model.AllView></views>
        <tabBar class="hudson.views.DefaultViewsTabBar"/><primaryView>all</primaryView></folderViews>
        <healthMetrics><com.cloudbees.hudson.plugins.folder.health.WorstChildHealthMetric/></healthMetrics>
        </com.cloudbees.hudson.plugins.folder.Folder>'''
}

/** config.xml as Job DSL prints it: four spaces, text kept as it is. */
class Xml {
    static String print(Node node) {
        StringBuilder out = new StringBuilder('<?xml version="1.0" encoding="UTF-8"?>')
        write(out, node, 0)
        return out.toString()
    }

    private static void write(StringBuilder out, Node node, int depth) {
        String pad = '    ' * depth
        String attributes = node.attributes().collect { key, value -> " ${key}=\"${escape(String.valueOf(value)).replace('"', '&quot;')}\"" }.join('')
        List children = node.children()
        String text = children.findAll { !(it instanceof Node) }.join('')
        List nodes = children.findAll { it instanceof Node }
        out.append(depth == 0 ? '' : '\n' + pad).append('<').append(node.name()).append(attributes)
        if (nodes.empty && text.empty) {
            out.append('/>')
        } else if (nodes.empty) {
            out.append('>').append(escape(text)).append('</').append(node.name()).append('>')
        } else {
            out.append('>')
            nodes.each { write(out, (Node) it, depth + 1) }
            out.append('\n').append(pad).append('</').append(node.name()).append('>')
        }
    }

    private static String escape(String text) {
        return text.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')
    }
}
