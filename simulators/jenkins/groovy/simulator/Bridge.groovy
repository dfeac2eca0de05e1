package simulator

import groovy.json.JsonOutput
import groovy.json.JsonSlurperClassic
import groovy.transform.CompileStatic

import java.util.concurrent.CompletableFuture
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.ExecutorService
import java.util.concurrent.Executors
import java.util.concurrent.atomic.AtomicLong

/** JSON lines over standard input and output: commands come in, their answers and the scripts' own requests go out. */
@CompileStatic
class Bridge {
    private static final PrintStream WIRE = System.out
    private static final AtomicLong NEXT = new AtomicLong()
    private static final ConcurrentHashMap<Long, CompletableFuture<Map>> WAITING =
        new ConcurrentHashMap<Long, CompletableFuture<Map>>()
    private static final ExecutorService POOL = Executors.newCachedThreadPool()

    static void main(String[] args) {
        System.setOut(System.err)
        send([t: 'ready'])
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, 'UTF-8'))
        String line
        while ((line = input.readLine()) != null) {
            Map message = (Map) new JsonSlurperClassic().parseText(line)
            if (message.t == 'res') {
                CompletableFuture<Map> waiter = WAITING.remove(((Number) message.id).longValue())
                if (waiter != null) {
                    waiter.complete(message)
                }
            } else {
                POOL.execute({ serve(message) } as Runnable)
            }
        }
        System.exit(0)
    }

    private static void serve(Map message) {
        Map answer
        try {
            answer = [t: 'res', id: message.id, ok: Commands.run((String) message.op, message)] as Map
        } catch (Throwable failure) {
            answer = [t: 'res', id: message.id, error: Failures.describe(failure)] as Map
        }
        send(answer)
    }

    /** Send a request to the controller and wait for its answer; a refusal becomes the exception that it names. */
    static Object ask(Map message) {
        long id = NEXT.incrementAndGet()
        CompletableFuture<Map> waiter = new CompletableFuture<Map>()
        WAITING.put(id, waiter)
        Map whole = new LinkedHashMap(message)
        whole.t = 'req'
        whole.id = id
        send(whole)
        Map answer = waiter.get()
        if (answer.error != null) {
            throw Failures.rebuild((Map) answer.error)
        }
        return answer.ok
    }

    private static void send(Map message) {
        String line = JsonOutput.toJson(message)
        synchronized (WIRE) {
            WIRE.write((line + '\n').getBytes('UTF-8'))
            WIRE.flush()
        }
    }
}
