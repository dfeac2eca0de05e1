package simulator

/** The commands of the controller to this process. */
class Commands {
    static Object run(String op, Map message) {
        switch (op) {
            case 'dsl': return SeedRunner.run((String) message.script, (Map) message.binding)
            case 'flow': return FlowRunner.run(message)
            case 'validate': return Compiler.validate((String) message.script)
            case 'console': return ConsoleRunner.run((String) message.script)
            case 'warm': return warm()
            default: throw new IllegalArgumentException("unknown command ${op}")
        }
    }

    /** Load the compiler and the classes of both languages once, so that the first build does not wait for it. */
    private static boolean warm() {
        SeedRunner.run("folder('warm') { description('x') }", [:])
        Compiler.validate('pipeline { agent none\n stages { stage("a") { steps { echo "x" } } } }')
        return true
    }
}
