package standin

import org.codehaus.groovy.control.CompilerConfiguration
import org.codehaus.groovy.control.customizers.ImportCustomizer

/** The script console: what is printed, and the result when there is one. */
class ConsoleRunner {
    static Map run(String text) {
        StringWriter printed = new StringWriter()
        PrintWriter out = new PrintWriter(printed, true)
        def imports = new ImportCustomizer()
        imports.addStarImports('jenkins', 'jenkins.model', 'hudson', 'hudson.model', 'hudson.util')
        def configuration = new CompilerConfiguration()
        configuration.addCompilationCustomizers(imports)
        try {
            def shell = new GroovyShell(ConsoleRunner.classLoader, new Binding([out: out]), configuration)
            Object result = shell.evaluate(text, 'Script1.groovy')
            if (result != null) {
                out.println("Result: ${result}")
            }
        } catch (Throwable failure) {
            failure.printStackTrace(out)
        }
        return [text: printed.toString()]
    }
}
