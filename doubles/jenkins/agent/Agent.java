import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * The agent side of the stand-in: takes the arguments of remoting's agent.jar, holds one connection to the controller
 * for as long as both live, and speaks to its log as remoting does. Steps do not run through it.
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
        boolean webSocket = options.containsKey("webSocket") || "true".equals(System.getenv("JENKINS_WEB_SOCKET"));
        String workDir = options.get("workDir");
        if (workDir != null) {
            Files.createDirectories(Path.of(workDir, "remoting"));
            say("Using " + workDir + "/remoting as a remoting work directory");
        }
        say("Setting up agent: " + name);
        say("Locating server among [" + url + "]");
        URI target = URI.create((url.endsWith("/") ? url : url + "/") + "stand-in/agent/" + name + "?webSocket=" + webSocket);
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

    /** Returns true when the controller said that the agent may go. */
    private static boolean hold(URI target, String secret) throws IOException {
        HttpURLConnection connection = (HttpURLConnection) target.toURL().openConnection();
        connection.setRequestProperty("X-Agent-Secret", secret);
        connection.setConnectTimeout(SILENCE_MILLIS);
        connection.setReadTimeout(SILENCE_MILLIS);
        int status = connection.getResponseCode();
        if (status == HttpURLConnection.HTTP_UNAUTHORIZED) {
            throw new Refused();
        }
        if (status != HttpURLConnection.HTTP_OK) {
            throw new IOException("status " + status);
        }
        try (BufferedReader lines = new BufferedReader(
                new InputStreamReader(connection.getInputStream(), StandardCharsets.UTF_8))) {
            String line;
            while ((line = lines.readLine()) != null) {
                if (line.equals("connected")) {
                    say("Connected");
                } else if (line.equals("exit")) {
                    say("Terminated");
                    return true;
                }
            }
        }
        return false;
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
