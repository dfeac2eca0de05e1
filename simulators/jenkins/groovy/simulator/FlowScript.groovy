package simulator

import java.util.concurrent.Callable
import java.util.concurrent.ExecutionException
import java.util.concurrent.ExecutorService
import java.util.concurrent.Executors
import java.util.concurrent.Future

/** The language of a Jenkinsfile: every name that is no variable or method of the script is a step of the controller. */
abstract class FlowScript extends Script {
    private boolean fromScm

    /** A script's properties are its variables, so this one is set by a method. */
    void comesFromScm(boolean value) { this.@fromScm = value }

    boolean isFromScm() { this.@fromScm }

    @Override
    Object getProperty(String name) {
        switch (name) {
            case 'env': return new EnvView()
            case 'params': return Collections.unmodifiableMap((Map) Bridge.ask(op: 'params', ctx: FlowRunner.CTX.get()))
            case 'currentBuild': throw new AbortException(Unsupported.message('the variable currentBuild'))
            case 'scm': return scmOrFail()
            case 'binding': return super.getProperty(name)
        }
        if (getBinding().hasVariable(name)) {
            return getBinding().getVariable(name)
        }
        Map answer = (Map) Bridge.ask(op: 'variable', ctx: FlowRunner.CTX.get(), name: name)
        if (answer.found) {
            return answer.value
        }
        throw new MissingPropertyException(name, getClass())
    }

    private Map scmOrFail() {
        if (!isFromScm()) {
            throw new AbortException('‘checkout scm’ is only available when using “Multibranch Pipeline” or ' +
                '“Pipeline script from SCM”')
        }
        return ['$scm': true]
    }

    @Override
    Object invokeMethod(String name, Object arguments) {
        Object[] args = arguments instanceof Object[] ? (Object[]) arguments : [arguments] as Object[]
        if (getMetaClass().respondsTo(this, name, args)) {
            return getMetaClass().invokeMethod(this, name, args)
        }
        if (getBinding().hasVariable(name) && getBinding().getVariable(name) instanceof Closure) {
            return ((Closure) getBinding().getVariable(name)).call(args)
        }
        return step(name, args)
    }

    /** Groovy gives every object a method `sleep`; StepNames sends the calls of a pipeline here. */
    Object sleepStep(Object... args) { step('sleep', args) }

    @Override
    void print(Object value) { step('echo', [String.valueOf(value)] as Object[], true) }

    @Override
    void println(Object value) { step('echo', [String.valueOf(value)] as Object[], true) }

    @Override
    void println() { println('') }

    Object step(String name, Object[] args, boolean quiet = false) {
        Map named = [:]
        List positional = []
        Closure body = null
        args.each { arg ->
            if (arg instanceof Closure) {
                body = (Closure) arg
            } else if (arg instanceof Map && !arg.containsKey('$symbol') && !arg.containsKey('$scm') && !arg.containsKey('$class')) {
                named.putAll((Map) arg)
            } else {
                positional << Plain.of(arg)
            }
        }
        if (name == 'parallel') {
            return parallel(named)
        }
        if (name == 'pipeline' && body != null) {
            Bridge.ask(op: 'require', ctx: FlowRunner.CTX.get(), name: 'pipeline')
            return new Declarative(this).run(body)
        }
        if (name == 'script' && body != null) {
            return body.call()
        }
        return body == null ? Bridge.ask(op: 'step', ctx: FlowRunner.CTX.get(), name: name, positional: positional,
            named: Plain.of(named), quiet: quiet) : block(name, positional, named, body)
    }

    /** One step with a body: the controller opens it, the body runs inside, the controller closes it. */
    Object block(String name, List positional, Map named, Closure body) {
        String outer = FlowRunner.CTX.get()
        return inside(open(outer, name, positional, named), outer, body)
    }

    private static String open(String outer, String name, List positional, Map named) {
        return ((Map) Bridge.ask(op: 'begin', ctx: outer, name: name, positional: positional, named: Plain.of(named))).ctx
    }

    static Object inside(String opened, String outer, Closure body) {
        FlowRunner.CTX.set(opened)
        Throwable failure = null
        Object value = null
        try {
            value = body.call()
        } catch (Throwable thrown) {
            failure = thrown
        }
        FlowRunner.CTX.set(outer)
        Bridge.ask(op: 'end', ctx: opened, error: Failures.describe(failure))
        if (failure != null) {
            throw failure
        }
        return value
    }

    private Map parallel(Map named) {
        if (named.containsKey('failFast')) {
            throw new AbortException(Unsupported.message('the argument failFast of the step parallel'))
        }
        String outer = FlowRunner.CTX.get()
        String opened = open(outer, 'parallel', [], [branches: named.keySet() as List])
        ExecutorService pool = Executors.newCachedThreadPool()
        Map results = [:]
        Map<String, Future> running = [:]
        Throwable first = null
        for (Map.Entry branch in named.entrySet()) {
            // every branch is open before any other one may have ended
            String place = open(opened, 'parallel-branch', [branch.key], [:])
            Closure body = (Closure) branch.value
            running[(String) branch.key] = pool.submit(new Branch(place, opened, body))
        }
        for (Map.Entry<String, Future> branch in running.entrySet()) {
            try {
                results[branch.key] = branch.value.get()
            } catch (ExecutionException failure) {
                first = worse(first, failure.cause)
            }
        }
        pool.shutdown()
        Bridge.ask(op: 'end', ctx: opened, error: Failures.describe(first))
        if (first != null) {
            throw first
        }
        return results
    }

    private static Throwable worse(Throwable left, Throwable right) {
        return left == null || (left instanceof FlowInterruptedException && !(right instanceof FlowInterruptedException)) ? right : left
    }
}

/** The body of one branch of `parallel`, run in a thread of its own. */
class Branch implements Callable<Object> {
    private final String place
    private final String outer
    private final Closure body

    Branch(String place, String outer, Closure body) {
        this.place = place
        this.outer = outer
        this.body = body
    }

    @Override
    Object call() { FlowScript.inside(place, outer, body) }
}
