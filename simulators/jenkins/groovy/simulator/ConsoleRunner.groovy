package simulator

import org.codehaus.groovy.control.CompilationFailedException

/** The script console: prints the output of a script, and its result when there is one. */
class ConsoleRunner {
    static Map run(String text) {
        StringWriter printed = new StringWriter()
        PrintWriter out = new PrintWriter(printed, true)
        try {
            def shell = new GroovyShell(ConsoleRunner.classLoader, new Binding([out: out]))
            Object result = shell.evaluate(text, 'Script1.groovy')
            if (result != null) {
                out.println("Result: ${result}")
            }
        } catch (Throwable failure) {
            failure.printStackTrace(out)
            if (failure instanceof MissingMethodException || failure instanceof MissingPropertyException || failure instanceof CompilationFailedException) {
                out.println(Unsupported.message('more of the object model than the script approval'))
            }
        }
        return [text: printed.toString()]
    }
}
