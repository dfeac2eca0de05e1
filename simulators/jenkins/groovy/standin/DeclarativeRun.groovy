package standin

/** Runs a `pipeline { }` block by the steps that a scripted pipeline would use for it. */
class Declarative {
    private final FlowScript script
    /** parallelsAlwaysFailFast() */
    private boolean failsFast

    Declarative(FlowScript script) { this.script = script }

    Object run(Closure body) {
        Section root = Section.read(script, null, body)
        Bridge.ask(op: 'declare', ctx: ctx(), parameters: calls(root.parts.parameters), options: calls(root.parts.options),
            triggers: calls(root.parts.triggers))
        failsFast = hasOption(root, 'parallelsAlwaysFailFast')
        inAgent(root.parts.agent) {
            Throwable failure = null
            Map checkedOut = [:]
            if (hasNode(root.parts.agent) && script.getFlow().fromScm && !hasOption(root, 'skipDefaultCheckout')) {
                internalStage('Declarative: Checkout SCM') { checkedOut = (Map) script.step('checkout', [['$scm': true]] as Object[]) }
            }
            withScm(checkedOut) {
                inEnvironment(root.parts.environment) {
                    failure = attempt { inOptions(root) { children(root) } }
                    post(root, failure, 'Declarative: Post Actions')
                    rethrow(failure)
                }
            }
        }
        return null
    }

    private void children(Section section) {
        if (!section.parallel) {
            Throwable first = null
            section.children.each { stage ->
                if (first != null) {
                    skipped(stage, 'due to earlier failure(s)')
                } else {
                    first = attempt { runStage(stage) }
                }
            }
            rethrow(first)
            return
        }
        Map branches = [:]
        section.children.each { stage -> branches[stage.name] = { runStage(stage) } }
        if (section.parts.failFast || failsFast) {
            branches.failFast = true
        }
        script.step('parallel', [branches] as Object[])
    }

    /** The variables that a checkout sets hold for all that follows. */
    private void withScm(Map variables, Closure body) {
        if (variables) {
            script.block('withEnv', [variables.collect { key, value -> "${key}=${value}".toString() }], [:], body)
        } else {
            body()
        }
    }

    private void skipped(Section stage, String why) {
        internalStage(stage.name) {
            Bridge.ask(op: 'log', ctx: ctx(), text: "Stage \"${stage.name}\" skipped ${why}".toString())
            if (!stage.parallel) {
                stage.children.each { skipped(it, why) }
            }
        }
    }

    private void runStage(Section stage) {
        script.block('stage', [stage.name], [:]) {
            inCell(stage.cell) {
                if (When.early(script, stage.parts.when, 'beforeOptions') && skips(stage)) {
                    return
                }
                inOptions(stage) {
                    if (When.early(script, stage.parts.when, 'beforeInput') && skips(stage)) {
                        return
                    }
                    afterInput(stage.parts.input) { runInside(stage) }
                }
            }
        }
    }

    private void runInside(Section stage) {
        boolean early = ['beforeAgent', 'beforeInput', 'beforeOptions'].any { When.early(script, stage.parts.when, it) }
        if (early && skips(stage)) {
            return
        }
        inAgent(stage.parts.agent) {
            inEnvironment(stage.parts.environment) {
                if (!early && skips(stage)) {
                    return
                }
                Throwable failure = attempt {
                    if (hasNode(stage.parts.agent) && script.getFlow().fromScm && !hasOption(stage, 'skipDefaultCheckout')) {
                        script.step('checkout', [['$scm': true]] as Object[])
                    }
                    if (stage.parts.steps instanceof Closure) {
                        steps((Closure) stage.parts.steps)
                    } else {
                        children(stage)
                    }
                }
                post(stage, failure, null)
                rethrow(failure)
            }
        }
    }

    private void inCell(Map cell, Closure body) {
        cell ? script.block('withEnv', [cell.collect { name, value -> "${name}=${value}".toString() }], [:], body) : body()
    }

    /** Ask a person first; the parameters that were given are variables of the stage. */
    private void afterInput(Object block, Closure body) {
        if (block == null) {
            body()
            return
        }
        Recorder asked = Recorder.of(script, block)
        Map named = [:]
        ['message', 'id', 'ok', 'submitter', 'submitterParameter'].each {
            def value = valueOf(asked, it)
            if (value != null) {
                named[it] = value
            }
        }
        Map declared = (Map) asked.calls.find { it.name == 'parameters' }
        named.parameters = declared == null ? [] : calls(((List) declared.args)[0]).collect { ['$symbol': it.name] + (Map) ((List) it.args)[0] }
        def given = script.step('input', [named] as Object[])
        if (given == null) {
            body()
            return
        }
        List names = named.parameters*.name + (named.submitterParameter ?: [])
        Map values = given instanceof Map ? (Map) given : [(names[0]): given]
        script.block('withEnv', [values.collect { name, value -> "${name}=${value}".toString() }], [:], body)
    }

    private boolean skips(Section stage) {
        if (When.holds(script, stage.parts.when)) {
            return false
        }
        Bridge.ask(op: 'log', ctx: ctx(), text: "Stage \"${stage.name}\" skipped due to when conditional".toString())
        return true
    }

    private void steps(Closure body) {
        Closure copy = (Closure) body.clone()
        copy.delegate = script
        copy.resolveStrategy = Closure.DELEGATE_ONLY
        copy.call()
    }

    private void post(Section section, Throwable failure, String label) {
        if (!(section.parts.post instanceof Closure)) {
            return
        }
        Recorder conditions = Recorder.of(script, section.parts.post)
        Map outcome = (Map) Bridge.ask(op: 'outcome', ctx: ctx(), error: Failures.describe(failure))
        List wanted = ['always', 'changed', 'fixed', 'regression', 'aborted', 'failure', 'success', 'unstable', 'unsuccessful', 'notBuilt', 'cleanup']
            .findAll { it in (List) outcome.conditions && conditions.calls.any { call -> call.name == it } }
        if (!wanted) {
            return
        }
        Closure all = {
            wanted.each { condition ->
                if (label == null) {
                    Bridge.ask(op: 'log', ctx: ctx(), text: "Post stage")
                }
                conditions.calls.findAll { it.name == condition }.each { steps((Closure) ((List) it.args).last()) }
            }
        }
        label == null ? all() : internalStage(label, all)
    }

    private void internalStage(String name, Closure body) { script.block('stage', [name], [:], body) }

    private void inAgent(Object agent, Closure body) {
        if (agent == null || agent == 'none') {
            body()
            return
        }
        if (agent == 'any') {
            script.block('node', [], [:], body)
            return
        }
        Map call = (Map) Recorder.of(script, agent).calls.last()
        List args = (List) call.args
        switch (call.name) {
            case 'label': script.block('node', [args[0]], [:], body); break
            case 'node':
                Recorder inner = Recorder.of(script, args[0])
                script.block('node', [valueOf(inner, 'label')], [:], body)
                break
            case 'kubernetes': inPod(Recorder.of(script, args[0]), body); break
            default: throw new AbortException("Invalid agent type \"${call.name}\" specified. Must be one of [any, kubernetes, label, none]".toString())
        }
    }

    private void inPod(Recorder pod, Closure body) {
        Map named = [:]
        ['yaml', 'inheritFrom', 'cloud', 'namespace', 'serviceAccount', 'label', 'yamlFile', 'idleMinutes', 'instanceCap', 'nodeSelector',
         'workingDir', 'slaveConnectTimeout', 'podRetention', 'yamlMergeStrategy', 'customWorkspace', 'showRawYaml'].each {
            def value = valueOf(pod, it)
            if (value != null) {
                named[it] = value
            }
        }
        def container = valueOf(pod, 'defaultContainer')
        script.block('podTemplate', [], named) {
            script.block('node', [script.getProperty('POD_LABEL')], [:]) {
                container == null ? body() : script.block('container', [container], [:], body)
            }
        }
    }

    private static Object valueOf(Recorder recorder, String name) {
        Map call = (Map) recorder.calls.find { it.name == name }
        return call == null ? recorder.values[name] : Plain.of(((List) call.args)[0])
    }

    private void inEnvironment(Object block, Closure body) {
        if (block == null) {
            body()
            return
        }
        Map values = EnvironmentBlock.read(script, block)
        Map plain = values.findAll { !(it.value instanceof Map) }
        Map secret = values.findAll { it.value instanceof Map }
        Closure inner = plain ? { script.block('withEnv', [plain.collect { key, value -> "${key}=${value}".toString() }], [:], body) } : body
        if (secret) {
            List bindings = secret.collect { key, value -> ['$environment': key, credentialsId: value['$credentials']] }
            script.block('withCredentials', [bindings], [:], inner)
        } else {
            inner()
        }
    }

    private void inOptions(Section section, Closure body) {
        Closure wrapped = body
        Recorder.of(script, section.parts.options).calls.reverse().each { call ->
            List args = (List) call.args
            Closure within = wrapped
            if (call.name in Options.WRAPPERS) {
                wrapped = { script.step((String) call.name, (args + [within]) as Object[]) }
            }
        }
        wrapped()
    }

    private static boolean hasNode(Object agent) { agent != null && agent != 'none' }

    private static boolean hasOption(Section section, String name) {
        return Recorder.of(section.script, section.parts.options).calls.any { it.name == name }
    }

    private List calls(Object block) {
        return Recorder.of(script, block).calls.collect { call ->
            [name: call.name, args: ((List) call.args).collect { it instanceof Map && it.containsKey('name') && it.containsKey('args') ?
                [name: it.name, args: Plain.of(it.args)] : Plain.of(it) }]
        }
    }

    private static String ctx() { FlowRunner.CTX.get() }

    private Throwable attempt(Closure body) {
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

/** `when { }`: every condition must hold. */
class When {
    static boolean early(FlowScript script, Object block, String flag) {
        return block != null && Recorder.of(script, block).calls.any { it.name == flag && ((List) it.args)[0] }
    }

    static boolean holds(FlowScript script, Object block) {
        return block == null || Recorder.of(script, block).calls.every { one(script, (Map) it) }
    }

    private static boolean one(FlowScript script, Map call) {
        List args = (List) call.args
        Object first = args ? args[0] : null
        switch (call.name) {
            case 'expression': return expression(script, (Closure) first)
            case 'environment': return script.getProperty('env').getProperty((String) ((Map) first).name) == String.valueOf(((Map) first).value)
            case 'equals': return ((Map) first).expected == ((Map) first).actual
            case 'branch': return matches(script, 'BRANCH_NAME', first)
            case 'tag': return matches(script, 'TAG_NAME', first)
            case 'buildingTag': return script.getProperty('env').getProperty('TAG_NAME') != null
            case 'not': return !holds(script, first)
            case 'allOf': return holds(script, first)
            case 'anyOf': return Recorder.of(script, first).calls.any { one(script, (Map) it) }
            case 'beforeAgent': case 'beforeOptions': case 'beforeInput': return true
            default: throw new AbortException("No such when condition '${call.name}'".toString())
        }
    }

    private static boolean expression(FlowScript script, Closure body) {
        Closure copy = (Closure) body.clone()
        copy.delegate = script
        copy.resolveStrategy = Closure.DELEGATE_ONLY
        return copy.call()
    }

    private static boolean matches(FlowScript script, String variable, Object pattern) {
        String value = script.getProperty('env').getProperty(variable)
        String glob = pattern instanceof Map ? ((Map) pattern).pattern : String.valueOf(pattern)
        return value != null && value ==~ glob.replace('.', '\\.').replace('**', '\u0000').replace('*', '[^/]*').replace('\u0000', '.*')
    }
}
