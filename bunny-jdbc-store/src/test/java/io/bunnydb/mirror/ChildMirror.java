package io.bunnydb.mirror;

import io.bunnydb.testing.Await;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.TestDatabase;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A {@link MirrorProcess}, as seen by the test that starts and kills it. */
final class ChildMirror implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(30);

  private final Process process;
  private final Path output;

  private ChildMirror(Process process, Path output) {
    this.process = process;
    this.output = output;
  }

  /** Starts a process; returns at once. */
  static ChildMirror launch(
      MirrorDatabases databases, String mirror, int maxBatchBytes, List<String> tables)
      throws IOException {
    TestDatabase source = databases.source();
    TestDatabase destination = databases.destination();
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx256m", "-XX:TieredStopAtLevel=1", "-Xshare:auto"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(MirrorProcess.class.getName());
    command.addAll(List.of(mirror, source.url(), source.user()));
    command.addAll(List.of(destination.url(), destination.user(), "" + maxBatchBytes));
    command.addAll(tables);
    File output = File.createTempFile("mirror", ".log");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output);
    builder.environment().put(MirrorProcess.SOURCE_PASSWORD, source.password());
    builder.environment().put(MirrorProcess.DESTINATION_PASSWORD, destination.password());
    return new ChildMirror(builder.start(), output.toPath());
  }

  /** Waits until a text was printed. */
  void awaitOutput(String text) {
    Await.value(
        START,
        "the process prints " + text,
        () -> process.isAlive() ? output() : output() + " (the process has ended)",
        printed -> printed.contains(text) || printed.endsWith("has ended)"));
    if (!output().contains(text)) {
      throw new AssertionError("the process ended before it printed " + text + ":\n" + output());
    }
  }

  /** Lets it run for some time; fails if it ends by itself. */
  void runFor(long millis) throws InterruptedException {
    if (process.waitFor(millis, TimeUnit.MILLISECONDS)) {
      throw new AssertionError("the process ended by itself:\n" + output());
    }
  }

  /** Kills it (SIGKILL); returns when it is dead. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** Process id, as it stands in the names of the process's connections. */
  long pid() {
    return process.pid();
  }

  /** All that it has printed. */
  String output() {
    try {
      return Files.readString(output);
    } catch (IOException e) {
      throw new AssertionError("reading the output of a process", e);
    }
  }

  @Override
  public void close() throws InterruptedException, IOException {
    kill();
    Files.delete(output);
  }
}
