package io.bunnydb.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PasswordUtil;

/**
 * One data directory and the postmaster that serves it, a child process of this JVM.
 *
 * <p>Not thread-safe; {@link PostgresServer} guards it.
 */
final class PostgresProcess {

  /**
   * How a running postmaster is told to end ("Shutting Down the Server" in PostgreSQL's manual).
   */
  enum Shutdown {
    /** Ends the sessions, writes a checkpoint. */
    FAST("INT"),
    /** Ends at once, as in a crash: recovery follows at the next start. */
    IMMEDIATE("QUIT");

    private final String signal;

    Shutdown(String signal) {
      this.signal = signal;
    }
  }

  private static final Duration DEADLINE = Duration.ofSeconds(60);
  private static final int LOG_TAIL = 4000; // characters

  private final PostgresBinaries binaries;
  private final ServerFolder folder;
  private final int port;
  private @Nullable Process postmaster;

  private PostgresProcess(PostgresBinaries binaries, ServerFolder folder, int port) {
    this.binaries = binaries;
    this.folder = folder;
    this.port = port;
  }

  /**
   * Makes a new cluster with one superuser; scram-sha-256 is asked of every connection.
   *
   * @param settings lines of {@code postgresql.conf}; the port is chosen here
   */
  static PostgresProcess initialize(
      PostgresBinaries binaries, String user, String password, Map<String, String> settings)
      throws IOException {
    ServerFolder folder = ServerFolder.create();
    PostgresProcess process = new PostgresProcess(binaries, folder, freePort());
    Path passwordFile = Files.writeString(folder.path().resolve("password"), verifier(password));
    process.run(
        "initdb",
        List.of("-D", process.data().toString(), "-U", user, "--pwfile=" + passwordFile),
        List.of("--auth=scram-sha-256", "-E", "UTF8", "--locale=C"),
        List.of("--no-sync", "--no-instructions"));
    Files.delete(passwordFile);
    process.configure(settings);
    return process;
  }

  /**
   * Makes a cluster of a copy of another's files, as a backup of the file system does; its port is
   * its own.
   *
   * @param original a cluster whose postmaster does not run
   * @param isStandby whether it has no slots, and begins as a standby
   * @param settings lines of {@code postgresql.conf}, on top of the original's
   */
  static PostgresProcess copyOf(
      PostgresProcess original, boolean isStandby, Map<String, String> settings)
      throws IOException {
    if (original.isRunning()) {
      throw new IllegalStateException("the server to copy runs; stop it first");
    }
    PostgresProcess copy =
        new PostgresProcess(original.binaries, ServerFolder.create(), freePort());
    PostgresArchive.copy(original.data(), copy.data());
    if (isStandby) {
      PostgresArchive.delete(copy.data().resolve("pg_replslot"));
      Files.createDirectory(copy.data().resolve("pg_replslot"));
      Files.createFile(copy.data().resolve("standby.signal"));
    }
    copy.configure(settings);
    return copy;
  }

  private void configure(Map<String, String> settings) throws IOException {
    StringBuilder conf = new StringBuilder("\nport = " + port + "\n");
    settings.forEach(
        (name, value) ->
            conf.append(name).append(" = '").append(value.replace("'", "''")).append("'\n"));
    Files.writeString(data().resolve("postgresql.conf"), conf, UTF_8, StandardOpenOption.APPEND);
  }

  /** The TCP port, the same for the life of the cluster. */
  int port() {
    return port;
  }

  /** Whether the postmaster lives. */
  boolean isRunning() {
    return postmaster != null && postmaster.isAlive();
  }

  /** Starts the postmaster and returns when it accepts connections; a no-op if it runs. */
  void start() throws IOException {
    if (isRunning()) {
      return;
    }
    Process started =
        new ProcessBuilder(binaries.command("postgres", "-D", data().toString()))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(logFile().toFile()))
            .start();
    postmaster = started;
    Await.until(
        DEADLINE, "PostgreSQL accepts connections", () -> !started.isAlive() || isReady(started));
    if (!started.isAlive()) {
      throw new IOException("PostgreSQL did not start, its log ends with:\n" + logTail());
    }
  }

  /** Ends the postmaster and returns when it is gone; a no-op if it does not run. */
  void stop(Shutdown shutdown) throws IOException {
    Process running = postmaster;
    if (running == null || !running.isAlive()) {
      return;
    }
    run("pg_ctl", List.of("kill", shutdown.signal, Long.toString(running.pid())));
    try {
      if (!running.waitFor(DEADLINE.toSeconds(), TimeUnit.SECONDS)) {
        throw new IOException("PostgreSQL does not stop, its log ends with:\n" + logTail());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while PostgreSQL stops", e);
    }
  }

  /** Deletes the cluster; the postmaster must have ended. */
  void delete() throws IOException {
    folder.delete();
  }

  /** Everything the server has logged. */
  String log() {
    try {
      return Files.exists(logFile()) ? Files.readString(logFile(), UTF_8) : "";
    } catch (IOException e) {
      throw new UncheckedIOException("reading " + logFile(), e);
    }
  }

  private Path data() {
    return folder.path().resolve("data");
  }

  private Path logFile() {
    return folder.path().resolve("log");
  }

  private String logTail() {
    String log = log();
    return log.substring(Math.max(0, log.length() - LOG_TAIL));
  }

  /** Reads the status that the postmaster keeps in line 8 of its pid file. */
  private boolean isReady(Process started) throws IOException {
    Path pidFile = data().resolve("postmaster.pid");
    if (!Files.exists(pidFile)) {
      return false;
    }
    List<String> lines = Files.readAllLines(pidFile, UTF_8);
    return lines.size() >= 8
        && lines.get(0).trim().equals(Long.toString(started.pid()))
        && lines.get(7).trim().equals("ready");
  }

  /**
   * The password as the server keeps it, with one round instead of 4096: tests open thousands of
   * connections, and the rounds are half of what their JVM works.
   */
  private static String verifier(String password) {
    byte[] salt = new byte[16];
    ThreadLocalRandom.current().nextBytes(salt);
    return PasswordUtil.encodeScramSha256(password.toCharArray(), 1, salt);
  }

  @SafeVarargs
  private void run(String program, List<String>... arguments) throws IOException {
    List<String> command = binaries.command(program);
    for (List<String> some : arguments) {
      command.addAll(some);
    }
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      String output = new String(process.getInputStream().readAllBytes(), UTF_8);
      if (process.waitFor() != 0) {
        throw new IOException(program + " ended with " + process.exitValue() + ":\n" + output);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while " + program + " runs", e);
    }
  }

  /**
   * A port below the range from which systems take those of outgoing connections, so that it is
   * still free when the server starts again.
   */
  private static int freePort() throws IOException {
    for (int attempt = 0; attempt < 100; attempt++) {
      int port = ThreadLocalRandom.current().nextInt(15_000, 32_000);
      if (isFree(port)) {
        return port;
      }
    }
    throw new IOException("no free port between 15000 and 32000 on the loopback address");
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return socket.isBound();
    } catch (IOException taken) {
      return false;
    }
  }
}
