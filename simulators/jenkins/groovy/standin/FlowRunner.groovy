package standin

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
import org.codehaus.groovy.control.customizers.ImportCustomizer

/** Runs one Jenkinsfile from its first line to its end. */
class FlowRunner {
    static final ThreadLocal<String> CTX = new ThreadLocal<String>()

    static Map run(Map message) {
        CTX.set((String) message.ctx)
        def configuration = new CompilerConfiguration()
        configuration.scriptBaseClass = FlowScript.name
        configuration.addCompilationCustomizers(new StepNames(), new ImportCustomizer().addImports(Library.name))
        if (((Map) message.info).sandbox) {
            configuration.addCompilationCustomizers(new Sandbox())
        }
        try {
            def problems = Compiler.problems((String) message.script)
            if (problems) {
                throw Compiler.failure(problems)
            }
            def shell = new GroovyShell(FlowRunner.classLoader, new Binding(), configuration)
            def flow = new FlowInfo((Map) message.info, new Libraries(shell.classLoader))
            flow.libraries.declared(Compiler.libraries((String) message.script))
            FlowScript script = (FlowScript) shell.parse((String) message.script, 'WorkflowScript')
            script.about(flow)
            script.run()
            return [result: 'SUCCESS']
        } catch (MultipleCompilationErrorsException failure) {
            return [result: 'FAILURE', error: Failures.describe(failure)]
        } catch (FlowInterruptedException failure) {
            return [result: failure.result ?: 'ABORTED', error: Failures.describe(failure)]
        } catch (ThreadDeath failure) {
            return [result: 'ABORTED', error: [type: 'killed', message: 'Hard kill!', trace: '']]
        } catch (Throwable failure) {
            return [result: 'FAILURE', error: Failures.describe(failure)]
        }
    }
}

/** What a build knows before its first step. */
class FlowInfo {
    final boolean fromScm
    final Libraries libraries

    FlowInfo(Map info, Libraries libraries) {
        fromScm = info.fromScm
        this.libraries = libraries
    }
}

/** `sleep 5` and `equals expected: 1, actual: 1` inside a block would find the methods of every object before the step. */
class StepNames extends CompilationCustomizer {
    private static final Map OTHER_NAMES = [sleep: 'sleepStep', equals: 'equalsCondition']

    StepNames() { super(CompilePhase.CANONICALIZATION) }

    @Override
    void call(SourceUnit source, GeneratorContext context, ClassNode node) {
        new ClassCodeVisitorSupport() {
            @Override
            protected SourceUnit getSourceUnit() { source }

            @Override
            void visitMethodCallExpression(MethodCallExpression call) {
                if (call.implicitThis && OTHER_NAMES.containsKey(call.methodAsString)) {
                    call.method = new ConstantExpression(OTHER_NAMES[call.methodAsString])
                }
                super.visitMethodCallExpression(call)
            }
        }.visitClass(node)
    }
}
