package standin

import java.security.KeyPairGenerator
import java.util.concurrent.ConcurrentHashMap

/** What the controller asks of this process. */
class Commands {
    private static final Map<String, Thread> FLOWS = new ConcurrentHashMap<String, Thread>()

    static Object run(String op, Map message) {
        switch (op) {
            case 'dsl': return SeedRunner.run((String) message.script, (Map) message.binding)
            case 'flow': return flow(message)
            case 'kill': return kill((String) message.flow)
            case 'compile': return Compiler.check((String) message.script)
            case 'validate': return Compiler.validate((String) message.script)
            case 'console': return ConsoleRunner.run((String) message.script)
            case 'identity': return identity()
            case 'warm': return warm()
            default: throw new IllegalArgumentException("unknown command ${op}")
        }
    }

    private static Map flow(Map message) {
        FLOWS.put((String) message.flow, Thread.currentThread())
        try {
            return FlowRunner.run(message)
        } finally {
            FLOWS.remove(message.flow)
            Thread.interrupted()
        }
    }

    /** A script that computes without ever calling a step can only be stopped this way. */
    private static boolean kill(String flow) {
        Thread thread = FLOWS.get(flow)
        thread?.stop()
        return thread != null
    }

    private static String identity() {
        def generator = KeyPairGenerator.getInstance('RSA')
        generator.initialize(2048)
        return generator.generateKeyPair().public.encoded.encodeBase64().toString()
    }

    /** Load the compiler and the classes of both languages once, so that the first build does not wait for it. */
    private static boolean warm() {
        SeedRunner.run("folder('warm') { description('x') }", [:])
        Compiler.validate('pipeline { agent none\n stages { stage("a") { steps { echo "x" } } } }')
        return true
    }
}
