package simulator

import javaposse.jobdsl.dsl.DslScriptException
import javaposse.jobdsl.dsl.JobParent
import org.codehaus.groovy.control.CompilerConfiguration
import org.codehaus.groovy.control.MultipleCompilationErrorsException

/** Evaluates a Job DSL script into the items and views that it declares, each with its config.xml. */
class SeedRunner {
    static Map run(String text, Map variables) {
        def configuration = new CompilerConfiguration()
        configuration.scriptBaseClass = JobParent.name
        def shell = new GroovyShell(SeedRunner.classLoader, new Binding(variables ?: [:]), configuration)
        JobParent script
        try {
            script = (JobParent) shell.parse(text, 'script')
        } catch (MultipleCompilationErrorsException failure) {
            throw new DslScriptException(failure.message, failure)
        }
        try {
            script.run()
        } catch (MissingMethodException | MissingPropertyException failure) {
            throw new DslScriptException("(script, line ${line(failure)}) ${reason(failure)}".toString(), failure)
        } catch (IllegalArgumentException failure) {
            throw new DslScriptException("(script, line ${line(failure)}) ${failure.message}".toString(), failure)
        }
        return [items: script.items.collect { it.describe() }, views: script.views.collect { it.describe() }, output: script.printed.toString()]
    }

    private static String reason(Throwable failure) {
        return failure.message.readLines().first() + " (${Unsupported.message('more of Job DSL than the reference stack uses')})"
    }

    private static int line(Throwable failure) {
        StackTraceElement at = failure.stackTrace.find { it.fileName == 'script' }
        return at == null ? 0 : at.lineNumber
    }
}
