package standin

import org.codehaus.groovy.ast.ClassHelper
import org.codehaus.groovy.ast.ClassNode
import org.codehaus.groovy.ast.ClassCodeExpressionTransformer
import org.codehaus.groovy.ast.expr.ArgumentListExpression
import org.codehaus.groovy.ast.expr.ClassExpression
import org.codehaus.groovy.ast.expr.ClosureExpression
import org.codehaus.groovy.ast.expr.ConstantExpression
import org.codehaus.groovy.ast.expr.ConstructorCallExpression
import org.codehaus.groovy.ast.expr.Expression
import org.codehaus.groovy.ast.expr.ListExpression
import org.codehaus.groovy.ast.expr.MethodCallExpression
import org.codehaus.groovy.ast.expr.PropertyExpression
import org.codehaus.groovy.ast.expr.StaticMethodCallExpression
import org.codehaus.groovy.ast.expr.TupleExpression
import org.codehaus.groovy.classgen.GeneratorContext
import org.codehaus.groovy.control.CompilePhase
import org.codehaus.groovy.control.SourceUnit
import org.codehaus.groovy.control.customizers.CompilationCustomizer

/** What a script in the sandbox may not call. */
class RejectedAccessException extends SecurityException {
    RejectedAccessException(String message) { super(message) }
}

/**
 * Refuses what no sandboxed script may do: files, sockets, processes, the JVM and the controller's own objects. A real
 * sandbox allows a list of methods and refuses all others; this one refuses what is known to be refused.
 */
class Sandbox extends CompilationCustomizer {
    private static final List PACKAGES = ['java.nio.file.', 'java.net.', 'hudson.', 'jenkins.', 'java.lang.reflect.']
    private static final List CLASSES = ['java.io.File', 'java.io.FileReader', 'java.io.FileWriter', 'java.io.FileInputStream',
        'java.io.FileOutputStream', 'java.lang.Runtime', 'java.lang.ProcessBuilder', 'java.lang.Thread', 'java.lang.Class',
        'groovy.lang.GroovyShell', 'groovy.lang.GroovyClassLoader', 'groovy.util.Eval']
    private static final List ALLOWED = ['hudson.AbortException', 'java.net.URI', 'java.net.URLDecoder', 'java.net.URLEncoder']
    private static final List SYSTEM = ['exit', 'getenv', 'getProperties', 'getProperty', 'setProperty']

    Sandbox() { super(CompilePhase.CANONICALIZATION) }

    @Override
    void call(SourceUnit source, GeneratorContext context, ClassNode node) {
        if (source.name == 'WorkflowScript') {  // libraries of the whole controller are trusted
            new Guard(source).visitClass(node)
        }
    }

    static boolean refuses(ClassNode type, String member) {
        String name = type.name
        return name == 'java.lang.System' ? member in SYSTEM :
            !(name in ALLOWED) && (name in CLASSES || PACKAGES.any { name.startsWith(it) })
    }

    static Object refuse(String kind, Class type, String member, List args) {
        def members = kind == 'new' ? type.constructors : type.methods.findAll { it.name == member }
        def found = members.find { fits(it.parameterTypes, args) }
        List words = [kind, type.name] + (member ? [member] : []) + (found ? found.parameterTypes*.name : [])
        return rejected(words.join(' '))
    }

    /** `"command".execute()` */
    static Object execute(Object receiver) {
        if (receiver instanceof CharSequence || receiver instanceof List) {
            String type = receiver instanceof List ? 'java.util.List' : 'java.lang.String'
            return rejected("staticMethod org.codehaus.groovy.runtime.ProcessGroovyMethods execute ${type}".toString())
        }
        return receiver.execute()
    }

    private static Object rejected(String signature) {
        String text = "Scripts not permitted to use ${signature}"
        Bridge.ask(op: 'log', ctx: FlowRunner.CTX.get(),
            text: "${text}. Administrators can decide whether to approve or reject this signature.".toString())
        throw new RejectedAccessException(text)
    }

    private static boolean fits(Class[] types, List args) {
        return types.length == args.size() && [types as List, args].transpose().every { Class type, value ->
            value == null || ClassHelper.getWrapper(ClassHelper.make(type)).typeClass.isInstance(value instanceof GString ? value.toString() : value)
        }
    }
}

/** Puts a refusal in the place of each call that is refused. */
class Guard extends ClassCodeExpressionTransformer {
    private final SourceUnit source

    Guard(SourceUnit source) { this.source = source }

    @Override
    protected SourceUnit getSourceUnit() { source }

    @Override
    Expression transform(Expression expression) {
        if (expression instanceof ConstructorCallExpression && Sandbox.refuses(expression.type, null)) {
            return refusal('new', expression.type, null, expression.arguments)
        }
        if (expression instanceof MethodCallExpression) {
            Expression owner = expression.objectExpression
            if (owner instanceof ClassExpression && Sandbox.refuses(owner.type, expression.methodAsString)) {
                return refusal('staticMethod', owner.type, expression.methodAsString, expression.arguments)
            }
            if (expression.methodAsString == 'execute' && !expression.implicitThis && !((TupleExpression) expression.arguments).expressions) {
                return call('execute', transform(owner))
            }
        }
        if (expression instanceof PropertyExpression && expression.objectExpression instanceof ClassExpression) {
            String getter = 'get' + expression.propertyAsString?.capitalize()
            if (Sandbox.refuses(expression.objectExpression.type, getter)) {
                return refusal('staticMethod', expression.objectExpression.type, getter, new ArgumentListExpression())
            }
        }
        if (expression instanceof ClosureExpression) {
            expression.code.visit(this)
        }
        return super.transform(expression)
    }

    private Expression refusal(String kind, ClassNode type, String member, Expression arguments) {
        List<Expression> given = ((TupleExpression) arguments).expressions.collect { transform(it) }
        return call('refuse', new ConstantExpression(kind), new ClassExpression(type), new ConstantExpression(member), new ListExpression(given))
    }

    private static Expression call(String name, Expression... arguments) {
        return new StaticMethodCallExpression(ClassHelper.make(Sandbox), name, new ArgumentListExpression(arguments))
    }
}
