package simulator

/** The declarations of one `pipeline` or `stage` block. */
class Section {
    final FlowScript script
    final String name
    final Map<String, Object> parts = [:]
    final List<Section> children = []
    private boolean read

    Section(FlowScript script, String name) {
        this.script = script
        this.name = name
    }

    static Section read(FlowScript script, String name, Closure body) {
        Section section = new Section(script, name)
        section.inside(body)
        section.read = true
        return section
    }

    private void inside(Closure body) {
        Closure copy = (Closure) body.clone()
        copy.delegate = this
        copy.resolveStrategy = Closure.DELEGATE_FIRST
        copy.call()
    }

    def getNone() { 'none' }

    def getAny() { 'any' }

    def stages(Closure body) { inside(body) }

    /** Groovy finds this method from a `steps` block too; there it means the step. */
    def stage(String label, Closure body) {
        if (read) {
            return script.step('stage', [label, body] as Object[])
        }
        children << read(script, label, body)
    }

    def methodMissing(String name, Object args) {
        Object[] list = (Object[]) args
        if (read) {
            return script.invokeMethod(name, args)
        }
        parts[name] = list.length == 1 ? list[0] : list as List
        return null
    }
}

/** Records the calls of a block such as `options { }`: name, and the arguments as plain values or a nested block. */
class Recorder {
    final FlowScript script
    final List<Map> calls = []

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
        Map call = [name: name, args: (Object[]) args as List]
        calls << call
        return call
    }

    Object getProperty(String name) {
        return name == 'calls' ? calls : script.getProperty(name)
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

    void setProperty(String name, Object value) { values[name] = String.valueOf(value) }

    Object getProperty(String name) { values.containsKey(name) ? values[name] : script.getProperty(name) }

    Object invokeMethod(String name, Object args) {
        if (name == 'credentials') {
            throw new AbortException(Unsupported.message('credentials() in an environment block'))
        }
        return script.invokeMethod(name, args)
    }
}
