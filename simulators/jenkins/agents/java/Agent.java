import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/**
 * The agent's side of the simulator: takes the arguments of remoting's agent.jar, holds one connection to the controller
 * for as long as both live, runs the commands that come through it, and writes the lines of remoting to its log.
 */
public final class Agent {
    private static final long RETRY_MILLIS = 1000;
    private static final long GIVE_UP_MILLIS = 300_000;
    private static final int SILENCE_MILLIS = 20_000;

    public static void main(String[] args) throws Exception {
        Map<String, String> options = options(args);
        String url = required(options, "url", "JENKINS_URL");
        String secret = required(options, "secret", "JENKINS_SECRET");
        String name = required(options, "name", "JENKINS_AGENT_NAME");
        String workDir = options.get("workDir");
        if (workDir != null) {
            Files.createDirectories(Path.of(workDir, "remoting"));
            say("Using " + workDir + "/remoting as a remoting work directory");
        }
        say("Setting up agent: " + name);
        say("Locating server among [" + url + "]");
        URI target = URI.create((url.endsWith("/") ? url : url + "/") + "simulator/agent/" + name);
        long lost = System.currentTimeMillis();
        while (System.currentTimeMillis() - lost < GIVE_UP_MILLIS) {
            try {
                if (hold(target, secret)) {
                    return;
                }
                lost = System.currentTimeMillis();
                say("Terminated");
            } catch (Refused refused) {
                say("The server rejected the connection: " + name + " is not known or its secret is wrong");
                System.exit(1);
            } catch (IOException unreachable) {
                say("Could not reach " + url + ": " + unreachable.getMessage());
            }
            Thread.sleep(RETRY_MILLIS);
        }
        System.exit(1);
    }

    /** Returns true when the controller ended the agent. */
    private static boolean hold(URI target, String secret) throws IOException {
        try (Socket socket = open(target)) {
            socket.setSoTimeout(SILENCE_MILLIS);
            DataOutputStream out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream()));
            out.write(("GET " + target.getRawPath() + " HTTP/1.1\r\n"
                    + "Host: " + target.getAuthority() + "\r\nX-Agent-Secret: " + secret + "\r\n"
                    + "Connection: Upgrade\r\nUpgrade: simulator-agent\r\n\r\n").getBytes(StandardCharsets.UTF_8));
            out.flush();
            InputStream in = new BufferedInputStream(socket.getInputStream());
            String status = line(in);
            if (status.contains(" 401 ")) {
                throw new Refused();
            }
            if (!status.contains(" 101 ")) {
                throw new IOException("the controller answers " + status);
            }
            while (!line(in).isEmpty()) {
                // headers say nothing to us
            }
            return serve(in, out);
        }
    }

    /** Returns true when the controller ended the agent, false when the connection was lost. */
    private static boolean serve(InputStream in, DataOutputStream out) {
        try {
            while (true) {
                String[] words = line(in).split(" ");
                if (words[0].equals("connected")) {
                    say("Connected");
                } else if (words[0].equals("exit")) {
                    say("Terminated");
                    return true;
                } else if (words[0].equals("run")) {
                    byte[] payload = in.readNBytes(Integer.parseInt(words[3]));
                    new Command(Integer.parseInt(words[1]), Integer.parseInt(words[2]), payload, out).start();
                }
            }
        } catch (IOException lost) {
            return false;
        }
    }

    private static Socket open(URI target) throws IOException {
        boolean safe = "https".equals(target.getScheme());
        Socket socket = safe ? SSLSocketFactory.getDefault().createSocket() : new Socket();
        int port = target.getPort() != -1 ? target.getPort() : safe ? 443 : 80;
        socket.connect(new InetSocketAddress(target.getHost(), port), SILENCE_MILLIS);
        if (safe) {
            SSLSocket checked = (SSLSocket) socket;
            SSLParameters parameters = checked.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            checked.setSSLParameters(parameters);
        }
        return socket;
    }

    /** The next line without its end; the end of the connection is an error. */
    private static String line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next == -1) {
                throw new IOException("the connection was closed");
            }
            if (next != '\r') {
                line.write(next);
            }
        }
        return line.toString(StandardCharsets.UTF_8);
    }

    private static Map<String, String> options(String[] args) {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i < args.length; i++) {
            if (!args[i].startsWith("-")) {
                options.put(options.containsKey("secret") ? "name" : "secret", args[i]);
                continue;
            }
            String name = args[i].substring(1);
            boolean flag = i + 1 >= args.length || args[i + 1].startsWith("-") || name.equals("webSocket");
            options.put(name, flag ? "" : args[++i]);
        }
        return options;
    }

    private static String required(Map<String, String> options, String name, String variable) {
        String value = options.getOrDefault(name, System.getenv(variable));
        if (value == null || value.isEmpty()) {
            System.err.println("Missing -" + name);
            System.exit(2);
        }
        return value;
    }

    private static void say(String text) {
        System.err.println("INFO: " + text);
    }

    private static final class Refused extends IOException {
        private static final long serialVersionUID = 1L;
    }
}
