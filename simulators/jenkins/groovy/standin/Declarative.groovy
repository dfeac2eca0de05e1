package standin

/** What one `pipeline`, `stage`, `stages` or `parallel` block declared. */
class Section {
    private static final List NAMES = ['agent', 'options', 'parameters', 'triggers', 'tools', 'when', 'post', 'environment', 'steps',
                                       'input', 'axes', 'excludes']
    final FlowScript script
    final String name
    final Map<String, Object> parts = [:]
    final List<Section> children = []
    /** The values of the axes, in a cell of a matrix. */
    Map<String, String> cell
    boolean parallel
    private boolean read

    Section(FlowScript script, String name) {
        this.script = script
        this.name = name
    }

    static Section read(FlowScript script, String name, Closure body) {
        Section section = new Section(script, name)
        section.inside(body)
        return section
    }

    private void inside(Closure body) {
        Closure copy = (Closure) body.clone()
        copy.delegate = this
        copy.resolveStrategy = Closure.DELEGATE_FIRST
        copy.call()
        read = true
    }

    def getNone() { 'none' }

    def getAny() { 'any' }

    def stages(Closure body) { more(body) }

    def parallel(Closure body) {
        parallel = true
        more(body)
    }

    private void more(Closure body) {
        inside(body)
        read = false
    }

    /** Groovy finds this method from a `steps` block too; there it means the step. */
    def stage(String label, Closure body) {
        if (read) {
            return script.step('stage', [label, body] as Object[])
        }
        children << read(script, label, body)
    }

    def parallel(Map branches) { script.step('parallel', [branches] as Object[]) }

    def matrix(Closure body) {
        parallel = true
        children.addAll(Matrix.cells(read(script, null, body)))
    }

    def failFast(boolean value) { parts.failFast = value }

    def methodMissing(String name, Object args) {
        Object[] list = (Object[]) args
        if (read) {
            return script.invokeMethod(name, args)
        }
        if (!(name in NAMES)) {
            throw new AbortException("Undefined section \"${name}\"".toString())
        }
        parts[name] = list.length == 1 ? list[0] : list as List
        return null
    }
}

/** Records the calls of a block such as `options { }`: name, and the arguments as plain values or a nested block. */
class Recorder {
    final FlowScript script
    final List<Map> calls = []
    final Map values = [:]

    Recorder(FlowScript script) { this.script = script }

    static Recorder of(FlowScript script, Object body) {
        Recorder recorder = new Recorder(script)
        if (body instanceof Closure) {
            Closure copy = (Closure) ((Closure) body).clone()
            copy.delegate = recorder
            copy.resolveStrategy = Closure.DELEGATE_FIRST
            copy.call()
        }
        return recorder
    }

    Object invokeMethod(String name, Object args) {
        Object[] list = (Object[]) args
        Map call = [name: name == 'equalsCondition' ? 'equals' : name, args: list as List]
        calls << call
        return call
    }

    void setProperty(String name, Object value) { values[name] = value }

    Object getProperty(String name) {
        switch (name) {
            case 'calls': return calls
            case 'values': return values
            case 'script': return script
        }
        return script.getProperty(name)
    }
}

/** An `environment { }` block: each value may use the ones above it. */
class EnvironmentBlock {
    private final FlowScript script
    private final Map values = [:]

    EnvironmentBlock(FlowScript script) { this.script = script }

    static Map read(FlowScript script, Object body) {
        EnvironmentBlock block = new EnvironmentBlock(script)
        if (body instanceof Closure) {
            Closure copy = (Closure) ((Closure) body).clone()
            copy.delegate = block
            copy.resolveStrategy = Closure.DELEGATE_FIRST
            copy.call()
        }
        return block.@values
    }

    Object credentials(String id) { ['$credentials': id] }

    void setProperty(String name, Object value) { values[name] = value instanceof Map ? value : String.valueOf(value) }

    Object getProperty(String name) {
        return values.containsKey(name) && !(values[name] instanceof Map) ? values[name] : script.getProperty(name)
    }

    Object invokeMethod(String name, Object args) {
        return name == 'credentials' ? credentials(String.valueOf(((Object[]) args)[0])) : script.invokeMethod(name, args)
    }
}
