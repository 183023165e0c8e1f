package io.bunnydb.examples.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.bunnydb.testing.PostgresServer;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Runs commands as a reader does, who has put a token in the place of {@code YOUR_TOKEN}: with bash
 * and curl, and with psql, or by JDBC where there is no psql.
 */
final class GuideShell {
  private static final Pattern PSQL =
      Pattern.compile("(?m)^psql -h dest_db -d (\\w+) -c \"([^\"]*)\"$");

  private final TestServer server;
  private final PostgresServer destination;
  private final Path folder;

  GuideShell(TestServer server, PostgresServer destination, Path folder) {
    this.server = server;
    this.destination = destination;
    this.folder = folder;
  }

  /** What commands have printed. */
  record Output(String text) {
    /** The JSON objects in it, whatever stands between them. */
    List<JsonNode> answers() {
      List<JsonNode> answers = new ArrayList<>();
      int depth = 0;
      int from = 0;
      boolean isQuoted = false;
      for (int i = 0; i < text.length(); i++) {
        char c = text.charAt(i);
        if (isQuoted && c == '\\') {
          i++;
        } else if (c == '"' && depth > 0) {
          isQuoted = !isQuoted;
        } else if (c == '{' && !isQuoted && depth++ == 0) {
          from = i;
        } else if (c == '}' && !isQuoted && --depth == 0) {
          answers.add(Json.read(text.substring(from, i + 1).getBytes(StandardCharsets.UTF_8)));
        }
      }
      return answers;
    }
  }

  /** Runs a script of the page. */
  Output run(String script) throws IOException, InterruptedException {
    if (isOnPath("psql")) {
      return bash(script);
    }
    StringBuilder text = new StringBuilder();
    Matcher psql = PSQL.matcher(script);
    int from = 0;
    while (psql.find()) {
      text.append(bash(script.substring(from, psql.start())).text());
      destination.execute(psql.group(1), psql.group(2));
      from = psql.end();
    }
    return new Output(text + bash(script.substring(from)).text());
  }

  private Output bash(String script) throws IOException, InterruptedException {
    String mine =
        script
            .replace("YOUR_TOKEN", TestServer.ADMIN)
            .replace("your_admin_token", TestServer.ADMIN)
            .replace("localhost:8112", "localhost:" + server.port());
    Path errors = folder.resolve("stderr");
    ProcessBuilder builder =
        new ProcessBuilder("bash", "-c", mine)
            .directory(folder.toFile())
            .redirectError(errors.toFile());
    // So that psql finds the host of that name.
    builder
        .environment()
        .putAll(
            Map.of(
                "PGHOSTADDR", "127.0.0.1",
                "PGPORT", String.valueOf(destination.port()),
                "PGUSER", destination.user(),
                "PGPASSWORD", destination.password(),
                "PSQLRC", "/dev/null"));
    Process process = builder.start();
    process.getOutputStream().close();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).as("it ends: %s", script).isTrue();
    assertThat(process.exitValue())
        .as("exit code of %s\n%s\n%s", script, text, Files.readString(errors))
        .isZero();
    return new Output(text);
  }

  private static boolean isOnPath(String program) {
    return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }
}
