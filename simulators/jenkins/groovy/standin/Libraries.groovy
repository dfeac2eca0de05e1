package standin

import java.lang.annotation.Retention
import java.lang.annotation.RetentionPolicy
import org.codehaus.groovy.control.ErrorCollector
import org.codehaus.groovy.control.CompilerConfiguration
import org.codehaus.groovy.control.MultipleCompilationErrorsException
import org.codehaus.groovy.control.SourceUnit
import org.codehaus.groovy.control.messages.SimpleMessage
import org.codehaus.groovy.runtime.InvokerHelper

/** `@Library('name@version') _` */
@Retention(RetentionPolicy.SOURCE)
@interface Library {
    String[] value()
}

/** The shared libraries of one build: their classes are on its class path, their `vars` are variables of its scripts. */
class Libraries {
    private final GroovyClassLoader loader
    private final List<File> folders = []
    private final Map<String, Object> variables = [:]

    Libraries(GroovyClassLoader loader) { this.loader = loader }

    /** What the script's annotations name, before it is compiled: its imports may be of those libraries. */
    void declared(List identifiers) {
        List found
        try {
            found = (List) Bridge.ask(op: 'libraries', ctx: FlowRunner.CTX.get(), identifiers: identifiers)
        } catch (AbortException refused) {
            Bridge.ask(op: 'log', ctx: FlowRunner.CTX.get(), text: "ERROR: ${refused.message}".toString())
            ErrorCollector collector = new ErrorCollector(new CompilerConfiguration())
            collector.addErrorAndContinue(new SimpleMessage('Loading libraries failed', SourceUnit.create('WorkflowScript', '')))
            throw new MultipleCompilationErrorsException(collector)
        }
        found.each { add((Map) it) }
    }

    LoadedClasses add(Map library) {
        File folder = new File((String) library.directory)
        if (!(folder in folders)) {
            folders << folder
            ['src', 'vars'].collect { new File(folder, it) }.findAll { it.directory }.each { loader.addURL(it.toURI().toURL()) }
        }
        return new LoadedClasses(loader, '', null)
    }

    /** The object behind a name, made once in a build; null where no library has it. */
    synchronized Object variable(String name, FlowInfo flow) {
        if (!variables.containsKey(name) && folders.any { new File(it, "vars/${name}.groovy").file }) {
            Object made = loader.loadClass(name).newInstance()
            if (made instanceof FlowScript) {
                made.about(flow)
            }
            variables[name] = made
        }
        return variables[name]
    }
}

/** What the step `library` returns: names lead to classes, `new` and static methods are called on them. */
class LoadedClasses {
    private final ClassLoader loader
    private final String prefix
    private final String clazz

    LoadedClasses(ClassLoader loader, String prefix, String clazz) {
        this.loader = loader
        this.prefix = prefix
        this.clazz = clazz
    }

    Object getProperty(String property) {
        if (property ==~ /[A-Z].*/) {
            loader.loadClass(prefix + property)
            return new LoadedClasses(loader, prefix, property)
        }
        return new LoadedClasses(loader, prefix + property + '.', null)
    }

    Object invokeMethod(String name, Object args) {
        Class type = loader.loadClass(prefix + clazz)
        return name == 'new' ? InvokerHelper.invokeConstructorOf(type, args) : InvokerHelper.invokeStaticMethod(type, name, args)
    }
}
