package standin

import org.codehaus.groovy.runtime.InvokerHelper

import java.util.concurrent.Callable
import java.util.concurrent.ExecutionException
import java.util.concurrent.ExecutorService
import java.util.concurrent.Executors
import java.util.concurrent.Future

/** The language of a Jenkinsfile: every name that is no variable or method of the script is a step of the controller. */
abstract class FlowScript extends Script {
    private FlowInfo info

    /** A script's properties are its variables, so this one is set by a method. */
    void about(FlowInfo flow) { this.@info = flow }

    FlowInfo getFlow() { this.@info }

    @Override
    Object getProperty(String name) {
        switch (name) {
            case 'env': return new EnvView()
            case 'params': return Collections.unmodifiableMap((Map) Bridge.ask(op: 'params', ctx: FlowRunner.CTX.get()))
            case 'currentBuild': return new BuildView()
            case 'scm': return scmOrFail()
            case 'binding': return super.getProperty(name)
        }
        if (getBinding().hasVariable(name)) {
            return getBinding().getVariable(name)
        }
        Object global = getFlow().libraries.variable(name, getFlow())
        if (global != null) {
            return global
        }
        Map found = (Map) Bridge.ask(op: 'variable', ctx: FlowRunner.CTX.get(), name: name)
        if (found.found) {
            return found.value
        }
        throw new MissingPropertyException(name, getClass())
    }

    private Map scmOrFail() {
        if (!getFlow().fromScm) {
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
        Object global = getFlow().libraries.variable(name, getFlow())
        return global == null ? step(name, args) : InvokerHelper.invokeMethod(global, 'call', args)
    }

    /** Outside of `when` it is what it is for every object. */
    boolean equalsCondition(Object other) { equals(other) }

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
        if (body == null) {
            Object answer = Bridge.ask(op: 'step', ctx: FlowRunner.CTX.get(), name: name, positional: positional,
                named: Plain.of(named), quiet: quiet)
            return name == 'library' ? getFlow().libraries.add((Map) answer) : answer
        }
        switch (name) {
            case 'retry': return retry(positional, named, body)
            case 'waitUntil': return waitUntil(named, body)
            case 'script': return body.call()
            default: return block(name, positional, named, body)
        }
    }

    /** One step with a body: the controller opens it, the body runs inside, the controller closes it and may say how it ended. */
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
        Map closed = (Map) Bridge.ask(op: 'end', ctx: opened, error: Failures.describe(failure))
        if (failure != null && !closed.swallow) {
            throw failure
        }
        return value
    }

    private Object retry(List positional, Map named, Closure body) {
        int count = (positional ? positional[0] : named.count) as int
        return block('retry', positional, named) {
            for (int attempt = 1; ; attempt++) {
                try {
                    return body.call()
                } catch (FlowInterruptedException stopped) {
                    throw stopped
                } catch (Exception failure) {
                    if (attempt >= count) {
                        throw failure
                    }
                    Bridge.ask(op: 'retrying', ctx: FlowRunner.CTX.get(), error: Failures.describe(failure))
                }
            }
        }
    }

    private Object waitUntil(Map named, Closure body) {
        return block('waitUntil', [], named) {
            long pause = 1
            while (!body.call()) {
                Bridge.ask(op: 'pause', ctx: FlowRunner.CTX.get(), seconds: pause)
                pause = Math.min((long) (pause * 1.2) + 1, 15)
            }
        }
    }

    private Map parallel(Map named) {
        boolean failFast = named.remove('failFast')
        String outer = FlowRunner.CTX.get()
        String opened = open(outer, 'parallel', [], [branches: named.keySet() as List, failFast: failFast])
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

    private static Throwable worse(Throwable one, Throwable other) {
        return one == null || (one instanceof FlowInterruptedException && !(other instanceof FlowInterruptedException)) ? other : one
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
