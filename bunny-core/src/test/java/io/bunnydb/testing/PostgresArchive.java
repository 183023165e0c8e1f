package io.bunnydb.testing;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/**
 * A {@code tar.xz} archive of PostgreSQL's programs, unpacked into a folder that later runs reuse.
 */
final class PostgresArchive {

  private PostgresArchive() {}

  /** The folder below the machine's temporary one that holds all that these fixtures write. */
  static Path workFolder() throws IOException {
    Path folder =
        Path.of(
            System.getProperty("java.io.tmpdir"),
            "bunny-postgres-" + System.getProperty("user.name"));
    return Files.createDirectories(folder);
  }

  /**
   * Unpacks the archive unless an earlier run did. Safe against other processes that do the same:
   * the folder appears under its name only when it is complete.
   *
   * @return the folder that holds {@code bin}
   */
  static Path unpack(byte[] archive) throws IOException {
    Path home = workFolder().resolve("binaries-" + digest(archive));
    if (Files.isDirectory(home)) {
      return home;
    }
    Path partial = Files.createTempDirectory(workFolder(), "unpacking-");
    try {
      extract(archive, partial);
      Files.move(partial, home, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileSystemException e) {
      delete(partial);
      if (!Files.isDirectory(home)) {
        throw e;
      }
    }
    return home;
  }

  /**
   * Deletes a folder with all that is in it; what another process deletes meanwhile is no error.
   */
  static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    List<Path> deepestFirst;
    try (Stream<Path> paths = Files.walk(folder)) {
      deepestFirst = paths.sorted(Comparator.reverseOrder()).toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    for (Path path : deepestFirst) {
      Files.deleteIfExists(path);
    }
  }

  /** Copies a folder with all that is in it, the rights of its files included. */
  static void copy(Path from, Path to) throws IOException {
    List<Path> parentsFirst;
    try (Stream<Path> paths = Files.walk(from)) {
      parentsFirst = paths.toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    for (Path path : parentsFirst) {
      Files.copy(path, to.resolve(from.relativize(path)), StandardCopyOption.COPY_ATTRIBUTES);
    }
  }

  private static void extract(byte[] archive, Path root) throws IOException {
    try (TarArchiveInputStream tar =
        new TarArchiveInputStream(new XZInputStream(new ByteArrayInputStream(archive)))) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        Path path = inside(root, entry.getName());
        if (entry.isDirectory()) {
          Files.createDirectories(path);
          continue;
        }
        Files.createDirectories(inside(root, entry.getName() + "/.."));
        if (entry.isSymbolicLink()) {
          Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
        } else if (entry.isLink()) {
          Files.createLink(path, inside(root, entry.getLinkName()));
        } else {
          Files.copy(tar, path);
          if ((entry.getMode() & 0111) != 0 && !path.toFile().setExecutable(true, false)) {
            throw new IOException("cannot make executable: " + path);
          }
        }
      }
    }
  }

  private static Path inside(Path root, String name) throws IOException {
    Path path = root.resolve(name).normalize();
    if (!path.startsWith(root)) {
      throw new IOException("archive entry leaves its folder: " + name);
    }
    return path;
  }

  private static String digest(byte[] archive) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(archive);
      return HexFormat.of().formatHex(digest, 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("SHA-256 belongs to every JDK", e);
    }
  }
}
