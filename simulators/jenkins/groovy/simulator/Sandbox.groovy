package simulator

import org.codehaus.groovy.ast.ClassCodeVisitorSupport
import org.codehaus.groovy.ast.ClassNode
import org.codehaus.groovy.ast.expr.ClassExpression
import org.codehaus.groovy.ast.expr.ConstructorCallExpression
import org.codehaus.groovy.ast.expr.Expression
import org.codehaus.groovy.ast.expr.MethodCallExpression
import org.codehaus.groovy.ast.expr.TupleExpression
import org.codehaus.groovy.classgen.GeneratorContext
import org.codehaus.groovy.control.CompilePhase
import org.codehaus.groovy.control.SourceUnit
import org.codehaus.groovy.control.customizers.CompilationCustomizer

/**
 * Refuses classes in a sandboxed script. A real sandbox has a long list of allowed methods; this one allows the classes of
 * plain values, and refuses to compile a script that names any other one.
 */
class Sandbox extends CompilationCustomizer {
    private static final List PACKAGES = ['java.util.', 'java.math.']
    private static final List CLASSES = ['java.lang.Boolean', 'java.lang.Integer', 'java.lang.Long', 'java.lang.Math', 'java.lang.Object',
        'java.lang.RuntimeException', 'java.lang.String', 'java.lang.StringBuilder', 'java.net.URLEncoder']

    Sandbox() { super(CompilePhase.CANONICALIZATION) }

    @Override
    void call(SourceUnit source, GeneratorContext context, ClassNode node) { new Guard(source).visitClass(node) }

    static boolean allows(ClassNode type) {
        return type.name in CLASSES || PACKAGES.any { type.name.startsWith(it) } || type.module != null
    }
}

/** Reports each use of a class that is not allowed. */
class Guard extends ClassCodeVisitorSupport {
    private final SourceUnit source

    Guard(SourceUnit source) { this.source = source }

    @Override
    protected SourceUnit getSourceUnit() { source }

    @Override
    void visitConstructorCallExpression(ConstructorCallExpression call) {
        check(call.type, call)
        super.visitConstructorCallExpression(call)
    }

    @Override
    void visitClassExpression(ClassExpression expression) { check(expression.type, expression) }

    @Override
    void visitMethodCallExpression(MethodCallExpression call) {
        if (call.methodAsString == 'execute' && !call.implicitThis && !((TupleExpression) call.arguments).expressions) {
            addError(Unsupported.message('the method execute in the sandbox'), call)
        }
        super.visitMethodCallExpression(call)
    }

    private void check(ClassNode type, Expression at) {
        if (at.lineNumber > 0 && !Sandbox.allows(type)) {  // without a line: the compiler added it
            addError(Unsupported.message("the class ${type.name} in the sandbox"), at)
        }
    }
}
