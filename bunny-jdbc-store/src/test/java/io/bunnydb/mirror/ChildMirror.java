package io.bunnydb.mirror;

import io.bunnydb.MirrorState;
import io.bunnydb.mirror.MirrorProcess.Order;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.TestDatabase;
import java.io.File;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A {@link MirrorProcess}, as seen by the test that starts and kills it. */
public final class ChildMirror implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(30);
  private static final int HEAP_MEGABYTES = 256;

  private final Process process;
  private final Path output;
  private int ordersGiven;

  private ChildMirror(Process process, Path output) {
    this.process = process;
    this.output = output;
  }

  /** Starts a process that goes on with the mirror; returns at once. */
  public static ChildMirror launch(
      MirrorDatabases databases, String mirror, int maxBatchBytes, List<String> tables)
      throws IOException {
    return launch(databases, mirror, HEAP_MEGABYTES, maxBatchBytes, tables);
  }

  /** Starts a process that goes on with the mirror, with so much memory; returns at once. */
  static ChildMirror launch(
      MirrorDatabases databases,
      String mirror,
      int heapMegabytes,
      int maxBatchBytes,
      List<String> tables)
      throws IOException {
    ChildMirror child = launch(databases, mirror, heapMegabytes, maxBatchBytes, tables, false);
    child.give(Order.GO_ON);
    return child;
  }

  /** Starts a process that starts the mirror and waits for orders; returns at once. */
  static ChildMirror launchIdle(
      MirrorDatabases databases, String mirror, int maxBatchBytes, List<String> tables)
      throws IOException {
    return launch(databases, mirror, HEAP_MEGABYTES, maxBatchBytes, tables, false);
  }

  /** Starts a process that starts the mirror, or stands by where another runs it. */
  static ChildMirror launchStandby(MirrorDatabases databases, String mirror, List<String> tables)
      throws IOException {
    return launch(databases, mirror, HEAP_MEGABYTES, 1 << 20, tables, true);
  }

  private static ChildMirror launch(
      MirrorDatabases databases,
      String mirror,
      int heapMegabytes,
      int maxBatchBytes,
      List<String> tables,
      boolean isStandby)
      throws IOException {
    TestDatabase source = databases.source();
    TestDatabase destination = databases.destination();
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx" + heapMegabytes + "m");
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(MirrorProcess.class.getName());
    command.addAll(List.of(mirror, source.url(), source.user()));
    command.addAll(List.of(destination.url(), destination.user(), "" + maxBatchBytes));
    command.addAll(tables);
    File output = File.createTempFile("mirror", ".log");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output);
    builder.environment().put(MirrorProcess.STANDBY, Boolean.toString(isStandby));
    builder.environment().put(MirrorProcess.SOURCE_PASSWORD, source.password());
    builder.environment().put(MirrorProcess.DESTINATION_PASSWORD, destination.password());
    return new ChildMirror(builder.start(), output.toPath());
  }

  /** Waits until a text was printed. */
  public void awaitOutput(String text) {
    Await.value(
        START,
        "the process prints " + text,
        () -> process.isAlive() ? output() : output() + " (the process has ended)",
        printed -> printed.contains(text) || printed.endsWith("has ended)"));
    if (!output().contains(text)) {
      throw new AssertionError("the process ended before it printed " + text + ":\n" + output());
    }
  }

  /** Has it do something; returns the mirror's state after that. */
  MirrorState order(Order order) throws IOException {
    int place = ordersGiven;
    give(order);
    List<String> answers =
        Await.value(
            START,
            "the process has obeyed " + order,
            this::answers,
            a -> a.size() > place || !process.isAlive());
    if (answers.size() <= place) {
      throw new AssertionError("the process ended before it obeyed " + order + ":\n" + output());
    }
    return MirrorState.valueOf(answers.get(place));
  }

  /** Has it begin to do something; returns at once. */
  void give(Order order) throws IOException {
    ordersGiven++;
    Writer input = process.outputWriter();
    input.write(order + "\n");
    input.flush();
  }

  private List<String> answers() {
    return output()
        .lines()
        .filter(line -> line.startsWith(MirrorProcess.OBEYED))
        .map(line -> line.substring(MirrorProcess.OBEYED.length()))
        .toList();
  }

  /** Lets it run for some time; fails if it ends by itself. */
  public void runFor(long millis) throws InterruptedException {
    if (process.waitFor(millis, TimeUnit.MILLISECONDS)) {
      throw new AssertionError("the process ended by itself:\n" + output());
    }
  }

  /** Ends its input, and so the process in order; returns when it has ended. */
  void end() throws IOException, InterruptedException {
    process.outputWriter().close();
    if (!process.waitFor(START.toSeconds(), TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new AssertionError("the process did not end in order:\n" + output());
    }
  }

  /** Kills it (SIGKILL); returns when it is dead. */
  public void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** Sends it a signal, such as {@code STOP}. */
  void signal(String name) throws IOException, InterruptedException {
    Process kill = new ProcessBuilder("kill", "-" + name, "" + pid()).inheritIO().start();
    if (kill.waitFor() != 0) {
      throw new AssertionError("the process could not be sent " + name);
    }
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
