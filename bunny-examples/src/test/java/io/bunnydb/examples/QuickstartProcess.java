package io.bunnydb.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A {@link Quickstart}, or its like, in a JVM of its own, as seen by the test that starts it. */
final class QuickstartProcess implements AutoCloseable {
  /** Stands behind the last line. */
  static final String END = "(end of output)";

  private static final int PATIENCE = 120; // seconds between two lines
  private static final Pattern PORTS =
      Pattern.compile("source at port (?<source>\\d+), destination at port (?<destination>\\d+)");

  private final Process process;
  private final Path folder;
  private final BlockingQueue<String> unread = new LinkedBlockingQueue<>();
  private final List<String> lines = new ArrayList<>();
  private List<ProcessHandle> servers = List.of();

  private QuickstartProcess(Process process, Path folder) {
    this.process = process;
    this.folder = folder;
    Thread reader = new Thread(this::read, "quickstart-output");
    reader.setDaemon(true);
    reader.start();
  }

  /** Starts the Quickstart. */
  static QuickstartProcess launch(Path folder, @Nullable Path programs, int rows, String look)
      throws IOException {
    return launch(Quickstart.class, folder, programs, rows, look);
  }

  /**
   * Starts a program.
   *
   * @param program its main class
   * @param folder where it keeps its temporary files
   * @param programs where it finds PostgreSQL's programs, or unpacks them to stay; null: among its
   *     temporary files, as for who runs it by hand
   * @param rows how many rows the shop has
   * @param look how long each phase is shown, as a {@code Duration} is written
   */
  static QuickstartProcess launch(
      Class<?> program, Path folder, @Nullable Path programs, int rows, String look)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    command.add("-Djava.io.tmpdir=" + folder);
    if (programs != null) {
      command.add("-Dot.epg.working-dir=" + programs);
    }
    command.add("-Dlogback.configurationFile=logback.xml"); // not the tests' own
    command.addAll(List.of("-Dquickstart.rows=" + rows, "-Dquickstart.look=" + look));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(program.getName());
    return new QuickstartProcess(
        new ProcessBuilder(command).redirectErrorStream(true).start(), folder);
  }

  /** Waits for a line that contains a text. */
  void awaitLine(String text) throws InterruptedException {
    while (!nextLine().contains(text)) {
      if (lines.get(lines.size() - 1).equals(END)) {
        throw new AssertionError("no line with " + text + ":\n" + output());
      }
    }
  }

  /** Waits for the end; returns the exit code. */
  int awaitEnd() throws InterruptedException {
    while (!nextLine().equals(END)) {}
    if (!process.waitFor(PATIENCE, TimeUnit.SECONDS)) {
      throw new AssertionError("it does not end:\n" + output());
    }
    return process.exitValue();
  }

  /** Everything that was awaited so far. */
  String output() {
    return String.join("\n", lines);
  }

  /** Interrupts this process alone, as a terminal interrupts its programs. */
  void pressCtrlC() throws IOException, InterruptedException {
    rememberServers();
    String signal = ignoresInterrupts() ? "-TERM" : "-INT"; // to a JVM one is like the other
    String pid = String.valueOf(process.pid());
    int result = new ProcessBuilder("kill", signal, pid).inheritIO().start().waitFor();
    if (result != 0) {
      throw new AssertionError("kill " + signal + " " + pid + " ended with " + result);
    }
  }

  /** Runs a statement on one of its servers: {@code source} or {@code destination}. */
  void execute(String server, String sql) throws SQLException {
    Matcher ports = PORTS.matcher(output());
    if (!ports.find()) {
      throw new AssertionError("it does not say its ports:\n" + output());
    }
    String url = "jdbc:postgresql://localhost:" + ports.group(server) + "/postgres";
    try (Connection connection = DriverManager.getConnection(url, "postgres", "");
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** How many servers ran when Ctrl-C was pressed. */
  int servers() {
    return servers.size();
  }

  /** How many of them run still. */
  long serversLeft() {
    return servers.stream().filter(QuickstartProcess::isRunning).count();
  }

  /** Kills what still runs. */
  @Override
  public void close() throws IOException, InterruptedException {
    if (process.isAlive()) {
      rememberServers();
      process.destroyForcibly().waitFor();
    }
    servers.forEach(ProcessHandle::destroy);
  }

  private String nextLine() throws InterruptedException {
    String line = unread.poll(PATIENCE, TimeUnit.SECONDS);
    if (line == null) {
      throw new AssertionError("silent for " + PATIENCE + " s:\n" + output());
    }
    lines.add(line);
    return line;
  }

  private void read() {
    try (BufferedReader reader = process.inputReader(UTF_8)) {
      reader.lines().forEach(unread::add);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      unread.add(END);
    }
  }

  /** Finds the postmasters by the process id in the first line of {@code postmaster.pid}. */
  private void rememberServers() throws IOException {
    List<ProcessHandle> found = new ArrayList<>();
    try (DirectoryStream<Path> runs = Files.newDirectoryStream(folder, "bunny-quickstart-*")) {
      for (Path run : runs) {
        for (String server : List.of("source", "destination")) {
          Path pidFile = run.resolve(server).resolve("postmaster.pid");
          if (Files.exists(pidFile)) {
            long pid = Long.parseLong(Files.readAllLines(pidFile).get(0).trim());
            ProcessHandle.of(pid).filter(QuickstartProcess::isRunning).ifPresent(found::add);
          }
        }
      }
    }
    servers = found;
  }

  /** Whether a process has not ended; one that has, but was not yet waited for, has no command. */
  private static boolean isRunning(ProcessHandle process) {
    return process.isAlive() && process.info().command().isPresent();
  }

  /** Whether SIGINT is ignored, as processes do that a script has started in the background. */
  private boolean ignoresInterrupts() throws IOException {
    Path status = Path.of("/proc", String.valueOf(process.pid()), "status");
    if (!Files.exists(status)) {
      return false;
    }
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("SigIgn:"))
        .map(line -> Long.parseUnsignedLong(line.substring(7).trim(), 16))
        .anyMatch(ignored -> (ignored & 1 << 1) != 0);
  }
}
