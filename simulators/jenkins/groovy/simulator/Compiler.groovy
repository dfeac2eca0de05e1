package simulator

import org.codehaus.groovy.ast.expr.ArgumentListExpression
import org.codehaus.groovy.ast.expr.ClosureExpression
import org.codehaus.groovy.ast.expr.Expression
import org.codehaus.groovy.ast.expr.MethodCallExpression
import org.codehaus.groovy.ast.expr.TupleExpression
import org.codehaus.groovy.ast.stmt.BlockStatement
import org.codehaus.groovy.ast.stmt.ExpressionStatement
import org.codehaus.groovy.ast.stmt.Statement
import org.codehaus.groovy.control.CompilationFailedException
import org.codehaus.groovy.control.CompilationUnit
import org.codehaus.groovy.control.CompilerConfiguration
import org.codehaus.groovy.control.ErrorCollector
import org.codehaus.groovy.control.MultipleCompilationErrorsException
import org.codehaus.groovy.control.Phases
import org.codehaus.groovy.control.SourceUnit
import org.codehaus.groovy.control.messages.SyntaxErrorMessage
import org.codehaus.groovy.syntax.SyntaxException

/** Checks a Jenkinsfile without running it: that it compiles, and that a `pipeline { }` block is complete. */
class Compiler {
    private static final List SECTIONS = ['agent', 'stages', 'environment', 'options', 'post']
    /** Sections that a real controller knows as well. */
    private static final List MISSING = ['parameters', 'triggers', 'tools', 'libraries']
    private static final List MISSING_IN_STAGES = ['agent', 'stages', 'parallel', 'when', 'environment', 'post', 'options', 'tools',
                                                   'input', 'failFast', 'matrix']

    /** The text that the converter's validation prints. */
    static String validate(String text) {
        List found
        try {
            found = problems(text, true)
        } catch (MultipleCompilationErrorsException failure) {
            return 'Errors encountered validating Jenkinsfile:\n' + body(failure.message)
        }
        return found ? 'Errors encountered validating Jenkinsfile:\n' + body(failure(found).message) :
            'Jenkinsfile successfully validated.\n'
    }

    private static String body(String message) {
        List lines = message.readLines().findAll { !it.startsWith('startup failed') && !(it ==~ /\d+ errors?/) }
        return lines.join('\n').trim() + '\n\n'
    }

    static MultipleCompilationErrorsException failure(List problems) {
        def configuration = new CompilerConfiguration()
        def collector = new ErrorCollector(configuration)
        problems.each { problem ->
            def source = SourceUnit.create('WorkflowScript', (String) problem.text)
            collector.addErrorAndContinue(new SyntaxErrorMessage(
                new SyntaxException((String) problem.message, (int) problem.line, (int) problem.column), source))
        }
        return new MultipleCompilationErrorsException(collector)
    }

    static List problems(String text, boolean mustBeDeclarative = false) {
        CompilationUnit unit = unit(text, Phases.CONVERSION)
        BlockStatement block = unit.AST.modules[0].statementBlock
        MethodCallExpression call = calls(block.statements).find { it.methodAsString == 'pipeline' && closure(it) }
        if (call == null) {
            return mustBeDeclarative ? [problem(text, 'Jenkinsfile content does not contain a pipeline step', null)] : []
        }
        List found = []
        List sections = calls(statements(closure(call)))
        sections.findAll { !(it.methodAsString in SECTIONS) }.each {
            found << problem(text, missing(it, MISSING, "Undefined section \"${it.methodAsString}\""), it)
        }
        List present = sections*.methodAsString
        if (!('stages' in present)) {
            found << problem(text, 'Missing required section "stages"', call)
        }
        if (!('agent' in present)) {
            found << problem(text, 'Missing required section "agent"', call)
        }
        contents(text, sections, found)
        sections.findAll { it.methodAsString == 'stages' && closure(it) }.each { stages(text, it, found) }
        return found
    }

    /** The contents of the options and the post conditions. */
    private static void contents(String text, List<MethodCallExpression> sections, List found) {
        inside(sections, 'options').findAll { !(it.methodAsString in Options.IMPLEMENTED) }.each {
            String option = it.methodAsString
            found << problem(text, option in Options.ALL ? Unsupported.message("the option \"${option}\"") :
                "Invalid option type \"${option}\". Valid option types: ${Options.ALL}".toString(), it)
        }
        inside(sections, 'post').findAll { !(it.methodAsString in Options.CONDITIONS) }.each {
            found << problem(text, "Invalid condition \"${it.methodAsString}\" - valid conditions are ${Options.CONDITIONS}".toString(), it)
        }
    }

    private static List<MethodCallExpression> inside(List<MethodCallExpression> sections, String name) {
        return sections.findAll { it.methodAsString == name && closure(it) }.collectMany { calls(statements(closure(it))) }
    }

    private static void stages(String text, MethodCallExpression section, List found) {
        List stages = calls(statements(closure(section))).findAll { it.methodAsString == 'stage' && closure(it) }
        if (stages.empty) {
            found << problem(text, 'No stages specified', section)
        }
        stages.each { stage ->
            List parts = calls(statements(closure(stage)))
            parts.findAll { it.methodAsString != 'steps' }.each {
                found << problem(text, missing(it, MISSING_IN_STAGES, "Unknown stage section \"${it.methodAsString}\". Starting with version 0.5, steps in a stage must be in a ‘steps’ block."), it)
            }
            if (!parts.any { it.methodAsString in ['steps', 'stages', 'parallel', 'matrix'] }) {
                found << problem(text, 'Expected one of "steps", "stages", or "parallel" for stage', stage)
            }
        }
    }

    /** The message for a section that is not implemented, or that no controller knows. */
    private static String missing(MethodCallExpression section, List known, GString unknown) {
        String name = section.methodAsString
        return name in known ? Unsupported.message("the section \"${name}\"${known.is(MISSING) ? '' : ' of a stage'}") : unknown.toString()
    }

    private static Map problem(String text, String message, Expression at) {
        return [text: text, message: message, line: at?.lineNumber ?: 1, column: at?.columnNumber ?: 1]
    }

    private static List<MethodCallExpression> calls(List<Statement> statements) {
        return statements.findAll { it instanceof ExpressionStatement }
            .collect { ((ExpressionStatement) it).expression }
            .findAll { it instanceof MethodCallExpression } as List<MethodCallExpression>
    }

    private static List<Statement> statements(ClosureExpression closure) {
        return closure.code instanceof BlockStatement ? ((BlockStatement) closure.code).statements : []
    }

    private static ClosureExpression closure(MethodCallExpression call) {
        def arguments = call.arguments
        if (arguments instanceof ArgumentListExpression || arguments instanceof TupleExpression) {
            return (ClosureExpression) ((TupleExpression) arguments).expressions.find { it instanceof ClosureExpression }
        }
        return null
    }

    private static CompilationUnit unit(String text, int phase) throws CompilationFailedException {
        def configuration = new CompilerConfiguration()
        configuration.scriptBaseClass = FlowScript.name
        def unit = new CompilationUnit(configuration, null, new GroovyClassLoader(Compiler.classLoader))
        unit.addSource('WorkflowScript', text)
        unit.compile(phase)
        return unit
    }
}
