package simulator

/** Runs a `pipeline { }` block by the steps that a scripted pipeline would use for it. */
class Declarative {
    private final FlowScript script

    Declarative(FlowScript script) { this.script = script }

    Object run(Closure body) {
        Section root = Section.read(script, null, body)
        List options = Recorder.of(script, root.parts.options).calls
        Bridge.ask(op: 'declare', ctx: ctx(), options: options.collect { call -> [name: call.name, args: Plain.of(call.args)] })
        inAgent(root.parts.agent) {
            Map checkedOut = [:]
            if (hasNode(root.parts.agent) && script.isFromScm() && !options.any { it.name == 'skipDefaultCheckout' }) {
                stage('Declarative: Checkout SCM') { checkedOut = (Map) script.step('checkout', [['$scm': true]] as Object[]) }
            }
            inVariables(checkedOut) {
                inVariables(EnvironmentBlock.read(script, root.parts.environment)) {
                    Throwable failure = attempt { inTimeout(options) { stages(root) } }
                    post(root, failure)
                    rethrow(failure)
                }
            }
        }
        return null
    }

    private void stages(Section root) {
        Throwable first = null
        root.children.each { child ->
            if (first == null) {
                first = attempt { stage(child.name) { steps((Closure) child.parts.steps) } }
            } else {
                stage(child.name) {
                    Bridge.ask(op: 'log', ctx: ctx(), text: "Stage \"${child.name}\" skipped due to earlier failure(s)".toString())
                }
            }
        }
        rethrow(first)
    }

    private void steps(Closure body) {
        Closure copy = (Closure) body.clone()
        copy.delegate = script
        copy.resolveStrategy = Closure.DELEGATE_ONLY
        copy.call()
    }

    private void post(Section root, Throwable failure) {
        Recorder conditions = Recorder.of(script, root.parts.post)
        Map outcome = (Map) Bridge.ask(op: 'outcome', ctx: ctx(), error: Failures.describe(failure))
        List wanted = Options.CONDITIONS.findAll { it in (List) outcome.conditions && conditions.calls.any { call -> call.name == it } }
        if (wanted) {
            stage('Declarative: Post Actions') {
                wanted.each { condition ->
                    conditions.calls.findAll { it.name == condition }.each { steps((Closure) ((List) it.args).last()) }
                }
            }
        }
    }

    private void stage(String name, Closure body) { script.block('stage', [name], [:], body) }

    private void inAgent(Object agent, Closure body) {
        if (!hasNode(agent)) {
            body()
            return
        }
        Map call = agent == 'any' ? null : (Map) Recorder.of(script, agent).calls.last()
        if (call != null && call.name != 'label') {
            throw new AbortException(Unsupported.message("the agent type \"${call.name}\""))
        }
        script.block('node', call == null ? [] : [((List) call.args)[0]], [:], body)
    }

    private static boolean hasNode(Object agent) { agent != null && agent != 'none' }

    private void inVariables(Map variables, Closure body) {
        if (variables) {
            script.block('withEnv', [variables.collect { key, value -> "${key}=${value}".toString() }], [:], body)
        } else {
            body()
        }
    }

    private void inTimeout(List options, Closure body) {
        Map call = (Map) options.find { it.name == 'timeout' }
        call == null ? body() : script.step('timeout', ((List) call.args + [body]) as Object[])
    }

    private static String ctx() { FlowRunner.CTX.get() }

    private static Throwable attempt(Closure body) {
        try {
            body()
            return null
        } catch (Throwable failure) {
            return failure
        }
    }

    private static void rethrow(Throwable failure) {
        if (failure != null) {
            throw failure
        }
    }
}
