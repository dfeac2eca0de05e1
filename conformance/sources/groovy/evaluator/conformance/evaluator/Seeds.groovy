package conformance.evaluator

import conformance.seed.Symbols
import conformance.seed.UndecidedError
import conformance.seed.World
import groovy.transform.CompileStatic
import javaposse.jobdsl.dsl.DslException
import javaposse.jobdsl.dsl.Item
import javaposse.jobdsl.dsl.JobManagement
import javaposse.jobdsl.dsl.JobParent
import javaposse.jobdsl.dsl.Recording
import org.codehaus.groovy.control.CompilerConfiguration
import org.codehaus.groovy.control.MultipleCompilationErrorsException
import org.codehaus.groovy.control.messages.SyntaxErrorMessage
import org.codehaus.groovy.runtime.InvokerInvocationException
import org.codehaus.groovy.syntax.SyntaxException

/** Runs one Job DSL script and describes what it makes. */
@CompileStatic
class Seeds {
    /** Classes that only a running controller has begin so. */
    private static final List<String> CONTROLLER = ['hudson', 'jenkins', 'com.cloudbees.', 'org.jenkins', 'javaposse.', 'org.kohsuke.', 'org.apache.',
        'com.google.', 'com.fasterxml.', 'net.sf.', 'org.eclipse.', 'org.springframework.', 'javax.servlet.', 'jakarta.', 'org.codehaus.', 'com.amazonaws.']
    private static final Set<String> SINGLETONS = ['Jenkins', 'Hudson', 'jenkins', 'hudson', 'com', 'org', 'net', 'io'] as Set<String>
    private static final String UNRESOLVED = 'unable to resolve class '

    /** Classes that Groovy itself changes. */
    private static final Set<Class> OWN = changedClasses()

    static Map run(Map request) {
        World.reset(new File(System.getProperty('conformance.root')), (Map<String, String>) request.inputs)
        Guard.forget()
        forgetMetaClasses()
        Recording recording = Recording.begin(new Workspace())
        Map<String, Object> outcome = [:]
        try {
            evaluate(request, recording)
        } catch (UndecidedError undecided) {
            outcome.undecided = (Object) [reason: undecided.reason, input: undecided.input, line: line(undecided)]
        } catch (MultipleCompilationErrorsException failure) {
            compilation(failure, (String) request.text, outcome)
        } catch (MissingPropertyException failure) {
            missing(failure, outcome)
        } catch (StackOverflowError ignored) {
            outcome.error = (Object) [line: 0, column: 0, message: Host.OVERFLOW]
        } catch (Throwable failure) {
            thrown(failure, outcome)
        }
        return outcome + [items: described(recording.items, outcome), views: described(recording.views, outcome), queued: recording.queued,
            used: World.used() as List, touched: Guard.touched(), symbols: Symbols.names(), output: recording.printed()] as Map
    }

    /** What an earlier script changed of classes must not reach this one. */
    private static void forgetMetaClasses() {
        changedClasses().each { Class each ->
            if (!OWN.contains(each)) {
                GroovySystem.metaClassRegistry.removeMetaClass(each)
            }
        }
    }

    private static Set<Class> changedClasses() {
        Set<Class> found = [] as Set<Class>
        Iterator changed = GroovySystem.metaClassRegistry.iterator()
        while (changed.hasNext()) {
            found.add(((MetaClass) changed.next()).theClass)
        }
        return found
    }

    private static List<Map> described(List<Item> items, Map<String, Object> outcome) {
        List<Map> found = []
        items.each { Item item ->
            try {
                found << item.describe()
            } catch (Exception failure) {  // a configure block may leave anything in the tree
                outcome.error = (Object) [line: item.line, column: 0, message: "item ${item.name} has no document: ${failure}".toString()]
            }
        }
        return found
    }

    private static void evaluate(Map request, Recording recording) {
        CompilerConfiguration configuration = new CompilerConfiguration()
        configuration.scriptBaseClass = JobParent.name
        configuration.addCompilationCustomizers(new Decisions())
        GroovyClassLoader loader = new GroovyClassLoader(Seeds.classLoader, configuration)
        ((List<String>) request.classpath).each { loader.addClasspath(it) }
        GroovyShell shell = new GroovyShell(loader, new SeedBinding((Collection<String>) request.variables), configuration)
        JobParent script = (JobParent) shell.parse((String) request.text, Recording.SCRIPT)
        script.run()
        recording.finish()
    }

    private static void compilation(MultipleCompilationErrorsException failure, String text, Map<String, Object> outcome) {
        Object first = failure.errorCollector.errors[0]
        SyntaxException cause = first instanceof SyntaxErrorMessage ? ((SyntaxErrorMessage) first).cause : null
        String message = cause == null ? failure.message : cause.originalMessage
        if (cause != null && message.startsWith(UNRESOLVED)) {
            String name = Seeds.first(message.substring(UNRESOLVED.length()).trim())
            String reason = CONTROLLER.any { name.startsWith(it) } ? "the seed uses ${name}, a class of the running controller" :
                grabs(text) ? "the seed uses ${name} and fetches libraries with @Grab" : null
            if (reason != null) {
                outcome.undecided = (Object) [reason: reason, input: '', line: cause.startLine]
                return
            }
        }
        outcome.error = (Object) [line: cause == null ? 0 : cause.startLine, column: cause == null ? 0 : cause.startColumn, message: message]
    }

    private static boolean grabs(String text) {
        List<Map> annotations = (List<Map>) Parser.parse([text: text]).annotations
        return annotations != null && annotations.any { Map each -> each.get('n') in ['Grab', 'Grapes', 'GrabResolver'] }
    }

    private static void missing(MissingPropertyException failure, Map<String, Object> outcome) {
        if (failure.property in SINGLETONS) {
            outcome.undecided = (Object) [reason: "the seed uses ${failure.property}, an object of the running controller".toString(), input: '', line: line(failure)]
        } else {
            outcome.error = (Object) [line: line(failure), column: 0, message: first(failure.message)]
        }
    }

    private static void thrown(Throwable thrown, Map<String, Object> outcome) {
        Throwable failure = thrown
        while ((failure instanceof InvokerInvocationException || failure instanceof ExceptionInInitializerError) && failure.cause != null) {
            failure = failure.cause
        }
        if (failure instanceof ClassNotFoundException && CONTROLLER.any { failure.message.startsWith(it) }) {
            outcome.undecided = (Object) [reason: "the seed uses ${failure.message}, a class of the running controller".toString(), input: '', line: line(thrown)]
            return
        }
        if (failure instanceof UndecidedError) {
            UndecidedError undecided = (UndecidedError) failure
            outcome.undecided = (Object) [reason: undecided.reason, input: undecided.input, line: line(thrown)]
            return
        }
        boolean plain = failure instanceof DslException || failure instanceof MissingMethodException || failure instanceof IllegalArgumentException
        String refused = refusal(thrown)
        String message = refused != null ? refused : plain ? first(failure.message) : "${failure.class.name}: ${first(failure.message)}"
        int at = failure instanceof DslException && ((DslException) failure).line > 0 ? ((DslException) failure).line : line(thrown)
        outcome.error = (Object) [line: at, column: 0, message: Symbols.readable(message)]
    }

    /** What the guard refused, when that is the reason, also of a class that could not be made ready. */
    private static String refusal(Throwable thrown) {
        for (Throwable each = thrown; each != null; each = each.cause) {
            int at = (each.message ?: '').indexOf(Guard.REFUSAL)
            if (at < 0 && each instanceof SecurityException) {
                return Guard.REFUSAL + 'do this: ' + first(each.message)
            }
            if (at >= 0) {
                return first(each.message.substring(at))
            }
        }
        return null
    }

    private static String first(String message) { (message ?: '').readLines().find { it } ?: '' }

    private static int line(Throwable failure) {
        StackTraceElement at = failure.stackTrace.find { it.fileName == Recording.SCRIPT && it.lineNumber > 0 }
        return at == null ? 0 : at.lineNumber
    }
}

/** The variables of the seed's build: those that are `known` to be set, and names in capitals, its environment. */
@CompileStatic
class SeedBinding extends Binding {
    private final Set<String> known

    SeedBinding(Collection<String> known) { this.known = new LinkedHashSet<String>(known) }

    @Override
    Object getVariable(String name) {
        if (super.hasVariable(name)) {
            return super.getVariable(name)
        }
        String given = World.input(name)
        if (given != null) {
            return given
        }
        if (known.contains(name) || name ==~ /[A-Z][A-Z0-9_]*/) {
            return World.variable(name)
        }
        throw new MissingPropertyException(name, Script)
    }

    @Override
    boolean hasVariable(String name) {
        if (super.hasVariable(name) || World.input(name) != null || known.contains(name)) {
            return true
        }
        if (name ==~ /[A-Z][A-Z0-9_]*/) {
            throw new UndecidedError(name, "the seed decides by whether ${name} is set, which no source says".toString())
        }
        return false
    }
}

/** The repository as the seed's workspace. */
@CompileStatic
class Workspace implements JobManagement {
    @Override
    String readFile(String path) { World.readFromWorkspace(path) }
}
