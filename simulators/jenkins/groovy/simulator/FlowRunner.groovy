package simulator

import org.codehaus.groovy.ast.ClassCodeVisitorSupport
import org.codehaus.groovy.ast.ClassNode
import org.codehaus.groovy.ast.expr.ConstantExpression
import org.codehaus.groovy.ast.expr.MethodCallExpression
import org.codehaus.groovy.classgen.GeneratorContext
import org.codehaus.groovy.control.CompilePhase
import org.codehaus.groovy.control.CompilerConfiguration
import org.codehaus.groovy.control.MultipleCompilationErrorsException
import org.codehaus.groovy.control.SourceUnit
import org.codehaus.groovy.control.customizers.CompilationCustomizer

/** Runs one Jenkinsfile from its first line to its end. */
class FlowRunner {
    static final ThreadLocal<String> CTX = new ThreadLocal<String>()

    static Map run(Map message) {
        CTX.set((String) message.ctx)
        Map info = (Map) message.info
        def configuration = new CompilerConfiguration()
        configuration.scriptBaseClass = FlowScript.name
        configuration.addCompilationCustomizers(new StepNames())
        if (info.sandbox) {
            configuration.addCompilationCustomizers(new Sandbox())
        }
        try {
            def problems = Compiler.problems((String) message.script)
            if (problems) {
                throw Compiler.failure(problems)
            }
            def shell = new GroovyShell(FlowRunner.classLoader, new Binding(), configuration)
            FlowScript script = (FlowScript) shell.parse((String) message.script, 'WorkflowScript')
            script.comesFromScm((boolean) info.fromScm)
            script.run()
            return [result: 'SUCCESS']
        } catch (FlowInterruptedException failure) {
            return [result: failure.result ?: 'ABORTED', error: Failures.describe(failure)]
        } catch (Throwable failure) {
            return [result: 'FAILURE', error: Failures.describe(failure)]
        }
    }
}

/** `sleep 5` inside a block would find the method of every object before the step. */
class StepNames extends CompilationCustomizer {
    StepNames() { super(CompilePhase.CANONICALIZATION) }

    @Override
    void call(SourceUnit source, GeneratorContext context, ClassNode node) {
        new ClassCodeVisitorSupport() {
            @Override
            protected SourceUnit getSourceUnit() { source }

            @Override
            void visitMethodCallExpression(MethodCallExpression call) {
                if (call.implicitThis && call.methodAsString == 'sleep') {
                    call.method = new ConstantExpression('sleepStep')
                }
                super.visitMethodCallExpression(call)
            }
        }.visitClass(node)
    }
}
