package standin

/** `env`: reads resolve at the place of the call, writes last for the build. */
class EnvView {
    Object getProperty(String name) {
        return name == 'environment' ? all() : ((Map) Bridge.ask(op: 'env', ctx: FlowRunner.CTX.get(), name: name)).value
    }

    void setProperty(String name, Object value) {
        Bridge.ask(op: 'setenv', ctx: FlowRunner.CTX.get(), name: name, value: value == null ? null : String.valueOf(value))
    }

    Object getAt(String name) { getProperty(name) }

    void putAt(String name, Object value) { setProperty(name, value) }

    Map all() { (Map) ((Map) Bridge.ask(op: 'env', ctx: FlowRunner.CTX.get(), name: null)).value }
}

/** `currentBuild`. */
class BuildView {
    Object getProperty(String name) {
        return ((Map) Bridge.ask(op: 'build', ctx: FlowRunner.CTX.get(), name: name)).value
    }

    void setProperty(String name, Object value) {
        Bridge.ask(op: 'setbuild', ctx: FlowRunner.CTX.get(), name: name, value: value == null ? null : String.valueOf(value))
    }

    Object resultIsBetterOrEqualTo(String other) { order(currentResult) <= order(other) }

    Object resultIsWorseOrEqualTo(String other) { order(currentResult) >= order(other) }

    private String getCurrentResult() { (String) getProperty('currentResult') }

    private static int order(String result) { ['SUCCESS', 'UNSTABLE', 'FAILURE', 'NOT_BUILT', 'ABORTED'].indexOf(result) }
}

/** Values as JSON can carry them. */
class Plain {
    static Object of(Object value) {
        if (value instanceof Map) {
            return ((Map) value).collectEntries { key, item -> [(String.valueOf(key)): of(item)] }
        }
        if (value instanceof Collection || value instanceof Object[]) {
            return value.collect { of(it) }
        }
        return value == null || value instanceof Number || value instanceof Boolean ? value : String.valueOf(value)
    }
}
