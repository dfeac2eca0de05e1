import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** One command of the controller: runs it and sends its output and its exit code, in frames (see channel.py). */
final class Command extends Thread {
    private static final int STDOUT = 1;
    private static final int STDERR = 2;
    private static final int STATUS = 3;
    private static final int CANNOT_START = 127;
    /** A child that it left behind may hold its output open for ever. */
    private static final int DRAIN_MILLIS = 2000;

    private final int id;
    private final List<String> arguments = new ArrayList<>();
    private final byte[] payload;
    private final DataOutputStream answers;
    private int read;

    /** The payload holds so many arguments, each with a NUL at its end, and then the input. */
    Command(int id, int count, byte[] payload, DataOutputStream answers) {
        super("command " + id);
        setDaemon(true);
        this.id = id;
        this.payload = payload;
        this.answers = answers;
        for (int i = 0; i < count; i++) {
            int start = read;
            while (payload[read] != 0) {
                read++;
            }
            arguments.add(new String(payload, start, read - start, StandardCharsets.UTF_8));
            read++;
        }
    }

    @Override
    public void run() {
        try {
            int code = CANNOT_START;
            try {
                Process process = new ProcessBuilder(arguments).start();
                Pump out = new Pump(process.getInputStream(), STDOUT);
                Pump err = new Pump(process.getErrorStream(), STDERR);
                out.start();
                err.start();
                feed(process.getOutputStream());
                code = process.waitFor();
                out.join(DRAIN_MILLIS);
                err.join(DRAIN_MILLIS);
            } catch (IOException noStart) {
                byte[] why = noStart.getMessage().getBytes(StandardCharsets.UTF_8);
                send(STDERR, why, why.length);
            }
            byte[] digits = Integer.toString(code).getBytes(StandardCharsets.US_ASCII);
            send(STATUS, digits, digits.length);
        } catch (IOException | InterruptedException ended) {
            // the connection ended, and nothing waits for the answer
        }
    }

    private void feed(OutputStream stdin) {
        try (stdin) {
            stdin.write(payload, read, payload.length - read);
        } catch (IOException closed) {
            // it ended without reading everything
        }
    }

    private void send(int stream, byte[] data, int size) throws IOException {
        synchronized (answers) {
            answers.writeByte(stream);
            answers.writeInt(id);
            answers.writeInt(size);
            answers.write(data, 0, size);
            answers.flush();
        }
    }

    /** Sends one stream of the process as it comes. */
    private final class Pump extends Thread {
        private final InputStream from;
        private final int stream;

        Pump(InputStream from, int stream) {
            setDaemon(true);
            this.from = from;
            this.stream = stream;
        }

        @Override
        public void run() {
            byte[] buffer = new byte[32768];
            try {
                for (int size = from.read(buffer); size != -1; size = from.read(buffer)) {
                    send(stream, buffer, size);
                }
            } catch (IOException ended) {
                // the process or the connection ended
            }
        }
    }
}
