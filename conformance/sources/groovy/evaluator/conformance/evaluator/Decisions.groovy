package conformance.evaluator

import conformance.seed.SeedFile
import conformance.seed.Symbols
import conformance.seed.World
import groovy.transform.CompileStatic
import org.codehaus.groovy.ast.ASTNode
import org.codehaus.groovy.ast.ClassCodeExpressionTransformer
import org.codehaus.groovy.ast.ClassHelper
import org.codehaus.groovy.ast.ClassNode
import org.codehaus.groovy.ast.expr.*
import org.codehaus.groovy.ast.stmt.ForStatement
import org.codehaus.groovy.ast.stmt.SwitchStatement
import org.codehaus.groovy.classgen.GeneratorContext
import org.codehaus.groovy.control.CompilePhase
import org.codehaus.groovy.control.SourceUnit
import org.codehaus.groovy.control.customizers.CompilationCustomizer
import org.codehaus.groovy.syntax.Types

/** Compiles a seed so that files and the environment are those of `World`, and that a decision on an unknown value raises. */
@CompileStatic
class Decisions extends CompilationCustomizer {
    Decisions() { super(CompilePhase.CANONICALIZATION) }

    @Override
    void call(SourceUnit source, GeneratorContext context, ClassNode node) { new Rewriter(source).visitClass(node) }
}

@CompileStatic
class Rewriter extends ClassCodeExpressionTransformer {
    private static final ClassNode SYMBOLS = ClassHelper.make(Symbols)
    private static final ClassNode WORLD = ClassHelper.make(World)
    private static final ClassNode FILE = ClassHelper.make(SeedFile)
    private static final Set<Integer> COMPARISONS = [Types.COMPARE_EQUAL, Types.COMPARE_NOT_EQUAL, Types.COMPARE_LESS_THAN,
        Types.COMPARE_LESS_THAN_EQUAL, Types.COMPARE_GREATER_THAN, Types.COMPARE_GREATER_THAN_EQUAL, Types.COMPARE_TO,
        Types.FIND_REGEX, Types.MATCH_REGEX, Types.KEYWORD_IN] as Set<Integer>
    private static final Set<Integer> LOGICAL = [Types.LOGICAL_AND, Types.LOGICAL_OR] as Set<Integer>
    private final SourceUnit source

    Rewriter(SourceUnit source) { this.source = source }

    @Override
    protected SourceUnit getSourceUnit() { source }

    @Override
    void visitForLoop(ForStatement loop) {
        super.visitForLoop(loop)
        if (!(loop.collectionExpression instanceof ClosureListExpression)) {
            loop.collectionExpression = guarded('decided', loop.collectionExpression)
        }
    }

    @Override
    void visitSwitch(SwitchStatement statement) {
        super.visitSwitch(statement)
        statement.expression = guarded('decided', statement.expression)
    }

    @Override
    Expression transform(Expression expression) {
        if (expression instanceof ClosureExpression) {
            ((ClosureExpression) expression).code.visit(this)
            return expression
        }
        if (expression instanceof BooleanExpression) {
            return condition((BooleanExpression) expression)
        }
        if (expression instanceof ElvisOperatorExpression) {
            return elvis((ElvisOperatorExpression) expression)
        }
        if (expression instanceof ConstructorCallExpression && expression.type.name == 'java.io.File') {
            return placed(new ConstructorCallExpression(FILE, transform(((ConstructorCallExpression) expression).arguments)), expression)
        }
        if (expression instanceof BinaryExpression) {
            return binary((BinaryExpression) expression)
        }
        if (expression instanceof MethodCallExpression) {
            return method((MethodCallExpression) expression)
        }
        if (expression instanceof PropertyExpression && !(expression instanceof AttributeExpression)) {
            return property((PropertyExpression) expression)
        }
        return super.transform(expression)
    }

    private Expression condition(BooleanExpression expression) {
        Expression inner = guarded('decided', transform(expression.expression))
        return placed(expression instanceof NotExpression ? new NotExpression(inner) : new BooleanExpression(inner), expression)
    }

    private Expression elvis(ElvisOperatorExpression expression) {
        return placed(new ElvisOperatorExpression(guarded('decided', transform(expression.trueExpression)), transform(expression.falseExpression)), expression)
    }

    private Expression binary(BinaryExpression expression) {
        int type = expression.operation.type
        if (expression instanceof DeclarationExpression || !(type in COMPARISONS || type in LOGICAL || type == Types.LEFT_SQUARE_BRACKET)) {
            return super.transform(expression)
        }
        Expression left = transform(expression.leftExpression)
        Expression right = transform(expression.rightExpression)
        if (type == Types.LEFT_SQUARE_BRACKET) {
            return placed(new BinaryExpression(left, expression.operation, guarded('compared', right)), expression)
        }
        String check = type in LOGICAL ? 'decided' : 'compared'
        return placed(new BinaryExpression(guarded(check, left), expression.operation, guarded(check, right)), expression)
    }

    private Expression method(MethodCallExpression call) {
        if (isSystem(call.objectExpression) && call.methodAsString == 'getenv') {
            return placed(new StaticMethodCallExpression(WORLD, 'getenv', transform(call.arguments)), call)
        }
        Expression owner = transform(call.objectExpression)
        String name = call.methodAsString
        if (name != null && !call.implicitThis && inspectable(call.objectExpression)) {
            owner = placed(new StaticMethodCallExpression(SYMBOLS, 'receiver', new ArgumentListExpression(owner, new ConstantExpression(name))), call.objectExpression)
        }
        Expression arguments = transform(call.arguments)
        if (name != null && !call.implicitThis && Symbols.needsValue(name) && arguments instanceof ArgumentListExpression) {
            arguments = new ArgumentListExpression(((ArgumentListExpression) arguments).expressions.collect { Expression each ->
                each instanceof ClosureExpression || each instanceof SpreadExpression ? each : guarded('compared', each)
            } as List<Expression>)
        }
        MethodCallExpression copy = new MethodCallExpression(owner, transform(call.method), arguments)
        copy.safe = call.safe
        copy.spreadSafe = call.spreadSafe
        copy.implicitThis = call.implicitThis
        return placed(copy, call)
    }

    private Expression property(PropertyExpression expression) {
        if (isSystem(expression.objectExpression) && expression.propertyAsString == 'env') {
            return placed(new StaticMethodCallExpression(WORLD, 'getenv', new ArgumentListExpression()), expression)
        }
        if (!inspectable(expression.objectExpression) || expression.propertyAsString == null) {
            return super.transform(expression)
        }
        Expression owner = new StaticMethodCallExpression(SYMBOLS, 'property',
            new ArgumentListExpression(transform(expression.objectExpression), new ConstantExpression(expression.propertyAsString)))
        PropertyExpression copy = new PropertyExpression(placed(owner, expression.objectExpression), transform(expression.property), expression.safe)
        copy.spreadSafe = expression.spreadSafe
        copy.implicitThis = expression.implicitThis
        return placed(copy, expression)
    }

    private static boolean inspectable(Expression owner) {
        return !(owner instanceof ClassExpression || owner instanceof VariableExpression && ((VariableExpression) owner).name in ['this', 'super'])
    }

    private static boolean isSystem(Expression owner) {
        return owner instanceof ClassExpression && owner.type.name == 'java.lang.System'
    }

    private static Expression guarded(String check, Expression value) {
        if (value instanceof ConstantExpression || value instanceof ClassExpression || value instanceof BooleanExpression) {
            return value
        }
        return placed(new StaticMethodCallExpression(SYMBOLS, check, new ArgumentListExpression(value)), value)
    }

    private static Expression placed(Expression copy, ASTNode original) {
        copy.sourcePosition = original
        return copy
    }
}
