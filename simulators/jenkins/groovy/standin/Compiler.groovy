package standin

import org.codehaus.groovy.ast.AnnotatedNode
import org.codehaus.groovy.ast.ModuleNode
import org.codehaus.groovy.ast.expr.ArgumentListExpression
import org.codehaus.groovy.ast.expr.ClosureExpression
import org.codehaus.groovy.ast.expr.Expression
import org.codehaus.groovy.ast.expr.ListExpression
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
import org.codehaus.groovy.control.customizers.ImportCustomizer
import org.codehaus.groovy.control.messages.SyntaxErrorMessage
import org.codehaus.groovy.syntax.SyntaxException

/** Looks at a Jenkinsfile without running it: does it compile, and is a `pipeline { }` block a whole one. */
class Compiler {
    private static final List SECTIONS = ['agent', 'stages', 'environment', 'options', 'parameters', 'triggers', 'tools',
                                          'post']
    private static final List STAGE_SECTIONS = ['agent', 'steps', 'stages', 'parallel', 'when', 'environment', 'post',
                                                'options', 'tools', 'input', 'failFast', 'matrix']

    static List check(String text) {
        try {
            unit(text, Phases.CLASS_GENERATION)
            return []
        } catch (MultipleCompilationErrorsException failure) {
            return failure.errorCollector.errors.collect { error ->
                SyntaxException cause = error instanceof SyntaxErrorMessage ? ((SyntaxErrorMessage) error).cause : null
                [line: cause?.line ?: 0, column: cause?.startColumn ?: 0,
                 message: (cause?.originalMessage ?: String.valueOf(error)), status: 'fail']
            }
        }
    }

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
            found << problem(text, "Undefined section \"${it.methodAsString}\"".toString(), it)
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

    /** What stands in the sections that a pipeline and a stage share. */
    private static void contents(String text, List<MethodCallExpression> sections, List found) {
        inside(sections, 'options').findAll { !(it.methodAsString in Options.ALL) }.each {
            found << problem(text, "Invalid option type \"${it.methodAsString}\". Valid option types: ${Options.ALL}".toString(), it)
        }
        inside(sections, 'post').findAll { !(it.methodAsString in Options.CONDITIONS) }.each {
            found << problem(text, "Invalid condition \"${it.methodAsString}\" - valid conditions are ${Options.CONDITIONS}".toString(), it)
        }
        inside(sections, 'tools').each {
            String wanted = ((TupleExpression) it.arguments).expressions[0].text
            found << problem(text, "Tool type \"${it.methodAsString}\" does not have an install of \"${wanted}\" configured - did you mean \"null\"?".toString(), it)
        }
    }

    private static List<MethodCallExpression> inside(List<MethodCallExpression> sections, String name) {
        return sections.findAll { it.methodAsString == name && closure(it) }.collectMany { calls(statements(closure(it))) }
    }

    /** The identifiers in the script's `@Library` annotations. */
    static List<String> libraries(String text) {
        ModuleNode module = (ModuleNode) unit(text, Phases.CONVERSION).AST.modules[0]
        List<AnnotatedNode> annotated = module.imports + module.starImports
        annotated += module.statementBlock.statements.findAll { it instanceof ExpressionStatement }
            .collect { ((ExpressionStatement) it).expression }.findAll { it instanceof AnnotatedNode }
        return annotated.collectMany { it.annotations }.findAll { it.classNode.nameWithoutPackage == 'Library' }.collectMany {
            Expression value = it.getMember('value')
            (value instanceof ListExpression ? ((ListExpression) value).expressions : [value])*.text
        }
    }

    private static void stages(String text, MethodCallExpression section, List found) {
        List inside = calls(statements(closure(section)))
        if (!inside.any { it.methodAsString == 'stage' }) {
            found << problem(text, 'No stages specified', section)
        }
        inside.findAll { it.methodAsString == 'stage' && closure(it) }.each { stage ->
            List parts = calls(statements(closure(stage)))
            parts.findAll { !(it.methodAsString in STAGE_SECTIONS) }.each {
                found << problem(text, "Unknown stage section \"${it.methodAsString}\". Starting with version 0.5, steps in a stage must be in a ‘steps’ block.".toString(), it)
            }
            List bodies = parts.findAll { it.methodAsString in ['steps', 'stages', 'parallel', 'matrix'] }
            if (bodies.empty) {
                found << problem(text, 'Expected one of "steps", "stages", or "parallel" for stage', stage)
            }
            contents(text, parts, found)
            bodies.findAll { it.methodAsString in ['stages', 'parallel'] && closure(it) }.each { stages(text, it, found) }
            bodies.findAll { it.methodAsString == 'matrix' && closure(it) }.each { matrix ->
                calls(statements(closure(matrix))).findAll { it.methodAsString == 'stages' && closure(it) }.each { stages(text, it, found) }
            }
        }
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
        configuration.addCompilationCustomizers(new ImportCustomizer().addImports(Library.name))
        def unit = new CompilationUnit(configuration, null, new GroovyClassLoader(Compiler.classLoader))
        unit.addSource('WorkflowScript', text)
        unit.compile(phase)
        return unit
    }
}
