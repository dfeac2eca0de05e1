package conformance.evaluator

import groovy.json.JsonOutput
import groovy.json.JsonSlurper
import groovy.transform.CompileStatic

/** JSON lines over standard input and output: one request, one response; each request runs on a guarded thread. */
@CompileStatic
class Host {
    static final String OVERFLOW = 'nested or recursive without end: the stack overflowed'
    private static final long STACK = 16L << 20

    static void main(String[] args) {
        PrintStream wire = new PrintStream(new FileOutputStream(FileDescriptor.out), false, 'UTF-8')
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, 'UTF-8'))
        PrintStream nowhere = new PrintStream(new OutputStream() { @Override void write(int ignored) { } })
        System.setOut(nowhere)
        System.setErr(nowhere)
        System.setIn(new ByteArrayInputStream(new byte[0]))
        warmUp()
        Guard.install()
        wire.println('{"ready":true}')
        wire.flush()
        String line
        while ((line = input.readLine()) != null) {
            wire.println(respond((Map) new JsonSlurper().parseText(line)))
            wire.flush()
        }
    }

    /** What loads files and starts threads of its own does so before the guard is there. */
    private static void warmUp() {
        UUID.randomUUID()
        'a\nb'.readLines()
        java.util.logging.Logger.getLogger('conformance')
        new Date().format('yyyy-MM-dd')
        new XmlParser().parseText('<a/>')
    }

    private static String respond(Map request) {
        String[] response = new String[1]
        Thread worker = new Thread(null, new Work(request, response), 'script', STACK)
        worker.daemon = true
        worker.start()
        worker.join()
        return response[0] ?: '{"failure":"the evaluator ended without a result"}'
    }

    private static String failed(Throwable failure) {
        List<String> frames = failure.stackTrace.toList().take(12).collect { StackTraceElement frame -> frame.toString() }
        return JsonOutput.toJson([failure: String.valueOf(failure), cause: String.valueOf(failure.cause), trace: frames])
    }

    static String work(Map request) {
        try {
            Map result = request.operation == 'seed' ? Seeds.run(request) : Parser.parse(request)
            return JsonOutput.toJson(result)
        } catch (StackOverflowError ignored) {
            return JsonOutput.toJson([error: [line: 0, column: 0, message: OVERFLOW]])
        } catch (Throwable failure) {
            return failed(failure)
        }
    }
}

/** One request on its own thread. */
@CompileStatic
class Work implements Runnable {
    private final Map request
    private final String[] response

    Work(Map request, String[] response) {
        this.request = request
        this.response = response
    }

    @Override
    void run() { response[0] = Host.work(request) }
}
