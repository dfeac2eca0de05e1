package conformance.evaluator

import groovy.transform.CompileStatic
import org.codehaus.groovy.ast.ASTNode
import org.codehaus.groovy.ast.AnnotatedNode
import org.codehaus.groovy.ast.AnnotationNode
import org.codehaus.groovy.ast.ClassNode
import org.codehaus.groovy.ast.MethodNode
import org.codehaus.groovy.ast.ModuleNode
import org.codehaus.groovy.ast.Parameter
import org.codehaus.groovy.ast.expr.*
import org.codehaus.groovy.ast.stmt.*
import org.codehaus.groovy.control.CompilationUnit
import org.codehaus.groovy.control.CompilerConfiguration
import org.codehaus.groovy.control.MultipleCompilationErrorsException
import org.codehaus.groovy.control.Phases
import org.codehaus.groovy.control.messages.SyntaxErrorMessage
import org.codehaus.groovy.syntax.SyntaxException

/** Parses a script to a tree of plain values; nothing of it runs. Each node has `t`, its type, and `p`, its place. */
@CompileStatic
class Parser {
    static Map parse(Map request) {
        CompilerConfiguration configuration = new CompilerConfiguration()
        configuration.disabledGlobalASTTransformations = ['groovy.grape.GrabAnnotationTransformation'] as Set<String>
        CompilationUnit unit = new CompilationUnit(configuration, null, new GroovyClassLoader(Parser.classLoader))
        unit.addSource('Script', (String) request.text)
        try {
            unit.compile(Phases.CONVERSION)
        } catch (MultipleCompilationErrorsException failure) {
            Object first = failure.errorCollector.errors[0]
            SyntaxException cause = first instanceof SyntaxErrorMessage ? ((SyntaxErrorMessage) first).cause : null
            return cause == null ? [error: [line: 0, column: 0, message: failure.message]] :
                [error: [line: cause.startLine, column: cause.startColumn, message: cause.originalMessage]]
        }
        return module((ModuleNode) unit.AST.modules[0])
    }

    private static Map module(ModuleNode module) {
        List<AnnotationNode> annotations = (module.imports + module.starImports).collectMany { AnnotatedNode it -> it.annotations } as List<AnnotationNode>
        module.statementBlock.statements.each { Statement statement ->
            if (statement instanceof ExpressionStatement) {
                annotations.addAll(((ExpressionStatement) statement).expression.annotations)
            }
        }
        List<ClassNode> classes = module.classes.findAll { ClassNode it -> !it.script }
        return [body: statements(module.statementBlock), methods: module.methods.collect { MethodNode it -> method(it) },
            classes: classes.collect { ClassNode it -> [n: it.name, m: it.methods.collect { MethodNode each -> method(each) }] },
            imports: module.imports*.className + module.starImports*.packageName,
            annotations: annotations.collect { AnnotationNode it -> [n: it.classNode.name, x: it.members.values().collect { Expression value -> expression(value) }, p: place(it)] }]
    }

    private static Map method(MethodNode method) {
        return [n: method.name, a: method.parameters.collect { Parameter it -> it.name }, b: statements(method.code), p: place(method)]
    }

    private static List<Integer> place(ASTNode node) { [node.lineNumber, node.columnNumber, node.lastLineNumber, node.lastColumnNumber] }

    private static List<Map> statements(Statement statement) {
        if (statement == null || statement instanceof EmptyStatement) {
            return []
        }
        return statement instanceof BlockStatement ? ((BlockStatement) statement).statements.collect { Statement it -> single(it) } : [single(statement)]
    }

    private static Map single(Statement statement) {
        List<Integer> at = place(statement)
        switch (statement) {
            case ExpressionStatement:
                return [t: 'expression', x: expression(((ExpressionStatement) statement).expression), p: at]
            case ReturnStatement:
                return [t: 'return', x: expression(((ReturnStatement) statement).expression), p: at]
            case IfStatement:
                IfStatement choice = (IfStatement) statement
                return [t: 'block', x: expression(choice.booleanExpression), b: [statements(choice.ifBlock), statements(choice.elseBlock)], p: at]
            case ForStatement:
                ForStatement loop = (ForStatement) statement
                return [t: 'block', x: expression(loop.collectionExpression), b: [statements(loop.loopBlock)], p: at]
            case WhileStatement:
                WhileStatement loop = (WhileStatement) statement
                return [t: 'block', x: expression(loop.booleanExpression), b: [statements(loop.loopBlock)], p: at]
            case TryCatchStatement:
                TryCatchStatement attempt = (TryCatchStatement) statement
                return [t: 'block', b: [statements(attempt.tryStatement), *attempt.catchStatements.collect { CatchStatement it -> statements(it.code) },
                    statements(attempt.finallyStatement)], p: at]
            case SwitchStatement:
                SwitchStatement selection = (SwitchStatement) statement
                return [t: 'block', x: expression(selection.expression), b: [*selection.caseStatements.collect { CaseStatement it -> statements(it.code) },
                    statements(selection.defaultStatement)], p: at]
            case SynchronizedStatement:
                return [t: 'block', b: [statements(((SynchronizedStatement) statement).code)], p: at]
            case BlockStatement:
                return [t: 'block', b: [statements(statement)], p: at]
            case ThrowStatement:
                return [t: 'block', x: expression(((ThrowStatement) statement).expression), b: [], p: at]
            case AssertStatement:
                return [t: 'block', x: expression(((AssertStatement) statement).booleanExpression), b: [], p: at]
            default:
                return [t: 'block', b: [], p: at]
        }
    }

    private static List<Map> all(Collection<? extends Expression> expressions) { expressions.collect { Expression it -> expression(it) } }

    private static Map expression(Expression value) {
        Map node = shape(value)
        node.p = place(value)
        return node
    }

    private static Map shape(Expression value) {
        switch (value) {
            case ConstantExpression:
                return constant(((ConstantExpression) value).value)
            case GStringExpression:
                GStringExpression text = (GStringExpression) value
                return [t: 'text', s: text.strings.collect { ConstantExpression it -> String.valueOf(it.value) }, x: all(text.values)]
            case ClosureExpression:
                return closure((ClosureExpression) value)
            case MapEntryExpression:
                MapEntryExpression entry = (MapEntryExpression) value
                return [t: 'entry', k: expression(entry.keyExpression), x: expression(entry.valueExpression)]
            case MapExpression:
                return [t: 'map', x: all(((MapExpression) value).mapEntryExpressions)]
            case DeclarationExpression:
                DeclarationExpression declared = (DeclarationExpression) value
                return [t: 'assign', n: name(declared.leftExpression), x: expression(declared.rightExpression), d: true]
            case BinaryExpression:
                return binary((BinaryExpression) value)
            case TupleExpression:
                return [t: 'arguments', x: all(((TupleExpression) value).expressions)]
            case ListExpression:
                return [t: 'list', x: all(((ListExpression) value).expressions)]
            case VariableExpression:
                return [t: 'name', n: ((VariableExpression) value).name]
            case MethodCallExpression:
                return call((MethodCallExpression) value)
            case StaticMethodCallExpression:
                StaticMethodCallExpression fixed = (StaticMethodCallExpression) value
                return [t: 'call', n: fixed.method, o: null, a: arguments(fixed.arguments)]
            case ConstructorCallExpression:
                ConstructorCallExpression made = (ConstructorCallExpression) value
                return [t: 'new', n: made.type.name, a: arguments(made.arguments)]
            case PropertyExpression:
                PropertyExpression property = (PropertyExpression) value
                return [t: 'property', o: expression(property.objectExpression), n: property.propertyAsString]
            case ClassExpression:
                return [t: 'name', n: value.type.name]
            default:
                return others(value)
        }
    }

    private static Map others(Expression value) {
        switch (value) {
            case TernaryExpression:
                TernaryExpression choice = (TernaryExpression) value
                return [t: 'other', x: all([choice.booleanExpression, choice.trueExpression, choice.falseExpression])]
            case BooleanExpression:
                return [t: 'other', x: [expression(((BooleanExpression) value).expression)]]
            case CastExpression:
                return [t: 'cast', x: expression(((CastExpression) value).expression)]
            case SpreadExpression:
                return [t: 'other', x: [expression(((SpreadExpression) value).expression)]]
            case RangeExpression:
                return [t: 'other', x: all([((RangeExpression) value).from, ((RangeExpression) value).to])]
            case PrefixExpression:
                return [t: 'other', x: [expression(((PrefixExpression) value).expression)]]
            case PostfixExpression:
                return [t: 'other', x: [expression(((PostfixExpression) value).expression)]]
            case UnaryMinusExpression:
                return [t: 'other', x: [expression(((UnaryMinusExpression) value).expression)]]
            case BitwiseNegationExpression:
                return [t: 'other', x: [expression(((BitwiseNegationExpression) value).expression)]]
            default:
                return [t: 'other', x: []]
        }
    }

    private static Map constant(Object value) {
        return [t: 'constant', v: value == null || value instanceof Number || value instanceof Boolean ? value : String.valueOf(value)] as Map
    }

    private static Map closure(ClosureExpression closure) {
        return [t: 'closure', a: (closure.parameters ?: new Parameter[0]).collect { Parameter it -> it.name }, b: statements(closure.code)]
    }

    private static Map binary(BinaryExpression value) {
        Map left = expression(value.leftExpression)
        Map right = expression(value.rightExpression)
        String operator = value.operation.text
        return operator == '=' ? [t: 'assign', n: name(value.leftExpression), x: right, d: false, l: left] : [t: 'binary', n: operator, x: [left, right]]
    }

    private static String name(Expression left) { left instanceof VariableExpression ? ((VariableExpression) left).name : null }

    private static Map call(MethodCallExpression call) {
        return [t: 'call', n: call.methodAsString, o: call.implicitThis ? null : expression(call.objectExpression), a: arguments(call.arguments), m: place(call.method)]
    }

    private static List<Map> arguments(Expression arguments) {
        return arguments instanceof TupleExpression ? all(((TupleExpression) arguments).expressions) : [expression(arguments)]
    }
}
