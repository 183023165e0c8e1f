package io.bunnydb.mirror;

import io.bunnydb.testing.TestDatabase;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/**
 * A tablespace {@code small} on a file system of its own, of few megabytes, which can be filled.
 */
final class SmallDisk implements AutoCloseable {
  private static final int MEGABYTES = 24;

  private final TestDatabase database;
  private final Path root;

  private SmallDisk(TestDatabase database, Path root) {
    this.database = database;
    this.root = root;
  }

  /** Mounts it; where the system does not let, the test is skipped. */
  static SmallDisk mount(TestDatabase database) throws IOException {
    Path root = Files.createTempDirectory("bunny-small-disk-");
    String refusal = run("mount", "-t", "tmpfs", "-o", "size=" + MEGABYTES + "m", "tmpfs", root);
    if (!refusal.isEmpty()) {
      Files.delete(root);
    }
    Assumptions.assumeTrue(
        refusal.isEmpty(), () -> "needs the right to mount a small disk: " + refusal);
    Path space = Files.createDirectory(root.resolve("space"));
    database.execute("CREATE TABLESPACE small LOCATION '" + space + "'");
    return new SmallDisk(database, root);
  }

  /** Writes until nothing more goes in. */
  void fill() throws IOException {
    byte[] some = new byte[64 << 10];
    try (OutputStream ballast = Files.newOutputStream(root.resolve("ballast"))) {
      for (int i = 0; i < MEGABYTES << 4; i++) {
        ballast.write(some);
      }
    } catch (IOException full) {
      // As it should be; what is left is less than a page.
      return;
    }
    throw new IOException(root + " took more than it has room for");
  }

  /** Makes room again. */
  void free() throws IOException {
    Files.delete(root.resolve("ballast"));
  }

  /** Moves what lies there elsewhere, and unmounts it. */
  @Override
  public void close() throws IOException {
    Files.deleteIfExists(root.resolve("ballast"));
    database.execute(
        "ALTER TABLE ALL IN TABLESPACE small SET TABLESPACE pg_default", "DROP TABLESPACE small");
    String refusal = run("umount", root);
    if (!refusal.isEmpty()) {
      throw new IOException(refusal);
    }
    Files.delete(root);
  }

  /** Runs a program; gives what it said if it failed. */
  private static String run(Object... command) throws IOException {
    String[] words = new String[command.length];
    for (int i = 0; i < command.length; i++) {
      words[i] = command[i].toString();
    }
    Process process;
    try {
      process = new ProcessBuilder(words).redirectErrorStream(true).start();
    } catch (IOException e) {
      return String.valueOf(e.getMessage());
    }
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        throw new IOException(String.join(" ", words) + " does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    return process.exitValue() == 0 ? "" : words[0] + " failed: " + output;
  }
}
