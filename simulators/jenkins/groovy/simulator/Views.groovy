package simulator

/** `env`: reads resolve at the place of the call. */
class EnvView {
    Object getProperty(String name) { ((Map) Bridge.ask(op: 'env', ctx: FlowRunner.CTX.get(), name: name)).value }

    void setProperty(String name, Object value) {
        throw new AbortException(Unsupported.message('setting a variable of env'))
    }
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
