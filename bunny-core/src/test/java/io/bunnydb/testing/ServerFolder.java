package io.bunnydb.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The folder of one server, locked for as long as its JVM lives.
 *
 * <p>A JVM that was killed leaves a server behind. The next JVM that makes a server finds the
 * folder unlocked, ends that server and deletes the folder.
 *
 * <p>Immutable. Making and deleting folders is safe among threads and among processes.
 */
final class ServerFolder {

  private static final Duration DEADLINE = Duration.ofSeconds(15);
  private static final Path MEMORY = Path.of("/dev/shm");
  private static final long LEAST_MEMORY_BYTES = 8L << 30;
  private static final Object ALONE = new Object();

  /** This JVM's folders. Opening and closing a lock file of one's own would give up its lock. */
  private static final Set<Path> OWN = new HashSet<>();

  private final Path path;
  private final FileChannel lock;

  private ServerFolder(Path path, FileChannel lock) {
    this.path = path;
    this.lock = lock;
  }

  /** Makes a folder, after deleting those of JVMs that are gone. */
  static ServerFolder create() throws IOException {
    Path parent = parent();
    synchronized (ALONE) {
      try (FileChannel channel = open(parent);
          FileLock alone = channel.lock()) {
        deleteAbandoned(parent);
        Path path = Files.createTempDirectory(parent, "server-");
        FileChannel lock = open(path);
        lock.lock();
        OWN.add(path);
        return new ServerFolder(path, lock);
      }
    }
  }

  /**
   * Where the folders lie: in memory, where the system has a file system there with much room,
   * since the servers wait for the disk at each commit. What they write outlives them there as
   * well.
   */
  private static Path parent() throws IOException {
    if (Files.isDirectory(MEMORY) && MEMORY.toFile().getUsableSpace() >= LEAST_MEMORY_BYTES) {
      return Files.createDirectories(
          MEMORY.resolve("bunny-postgres-" + System.getProperty("user.name")));
    }
    return PostgresArchive.workFolder();
  }

  /** The folder. */
  Path path() {
    return path;
  }

  /** Deletes the folder and gives up the lock. Safe to call again. */
  void delete() throws IOException {
    synchronized (ALONE) {
      try (FileChannel channel = open(parent());
          FileLock alone = channel.lock()) {
        PostgresArchive.delete(path);
        lock.close();
        OWN.remove(path);
      }
    }
  }

  private static FileChannel open(Path folder) throws IOException {
    return FileChannel.open(
        folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  private static void deleteAbandoned(Path parent) throws IOException {
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(parent, "server-*")) {
      for (Path folder : folders) {
        if (OWN.contains(folder)) {
          continue;
        }
        try (FileChannel channel = open(folder);
            @Nullable FileLock abandoned = channel.tryLock()) {
          if (abandoned != null) {
            endPostmaster(folder.resolve("data").resolve("postmaster.pid"));
            PostgresArchive.delete(folder);
          }
        } catch (IOException e) {
          // An orphaned initdb still writes there; a later JVM finds the folder again.
        }
      }
    }
  }

  private static void endPostmaster(Path pidFile) throws IOException {
    if (!Files.exists(pidFile)) {
      return;
    }
    long pid = Long.parseLong(Files.readAllLines(pidFile, UTF_8).get(0).trim());
    @Nullable ProcessHandle postmaster = ProcessHandle.of(pid).orElse(null);
    if (postmaster == null || !postmaster.info().command().orElse("").contains("postgres")) {
      return;
    }
    // Its clients died with their JVM, so that an orderly end is quick.
    postmaster.destroy();
    try {
      Await.until(DEADLINE, "abandoned postmaster " + pid + " ends", () -> !postmaster.isAlive());
    } catch (AssertionError e) {
      postmaster.destroyForcibly();
    }
  }
}
