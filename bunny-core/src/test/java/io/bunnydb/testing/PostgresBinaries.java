package io.bunnydb.testing;

import io.zonky.test.db.postgres.util.ArchUtils;
import io.zonky.test.db.postgres.util.LinuxUtils;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The programs of one PostgreSQL version, unpacked from a zonky binaries jar.
 *
 * <p>Immutable. Unpacked once per machine into a folder named by the archive's digest, which stays
 * for the next run.
 *
 * @param home the folder that holds {@code bin}, {@code lib} and {@code share}
 * @param major the major version
 */
record PostgresBinaries(Path home, int major) {

  private static final Map<String, PostgresBinaries> LOADED = new ConcurrentHashMap<>();

  /** The version whose binaries jar is on the class path. */
  static PostgresBinaries ofClassPath() {
    return LOADED.computeIfAbsent(
        "class path", origin -> load(origin, PostgresBinaries.class.getClassLoader()));
  }

  /**
   * A major version: from the folder {@code bunny.test.postgresBinaries}, else from the class path.
   *
   * @throws IllegalStateException if neither has this version
   */
  static PostgresBinaries ofMajor(int major) {
    @Nullable String folder = System.getProperty("bunny.test.postgresBinaries");
    if (folder != null && Files.isDirectory(Path.of(folder, Integer.toString(major)))) {
      return LOADED.computeIfAbsent(
          Integer.toString(major), origin -> loadFolder(Path.of(folder, origin)));
    }
    PostgresBinaries onClassPath = ofClassPath();
    if (onClassPath.major != major) {
      throw new IllegalStateException(
          "no binaries of PostgreSQL "
              + major
              + ": the class path holds "
              + onClassPath.major
              + "; put the jar of "
              + major
              + " into <folder>/"
              + major
              + " and set -Dbunny.test.postgresBinaries=<folder>");
    }
    return onClassPath;
  }

  /**
   * The command line of one of the programs. PostgreSQL refuses to run as root; where root asks,
   * the program runs in a user namespace without root's rights.
   */
  List<String> command(String program, String... arguments) {
    List<String> command = new ArrayList<>();
    if (LinuxUtils.isUnshareAvailable()) {
      command.addAll(List.of("unshare", "-U"));
    }
    command.add(home.resolve("bin").resolve(program).toString());
    command.addAll(List.of(arguments));
    return command;
  }

  private static PostgresBinaries loadFolder(Path folder) {
    List<URL> jars = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.jar")) {
      for (Path file : files) {
        jars.add(file.toUri().toURL());
      }
      try (URLClassLoader loader = new URLClassLoader(jars.toArray(new URL[0]), null)) {
        return load(folder.toString(), loader);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("reading binaries jars in " + folder, e);
    }
  }

  private static PostgresBinaries load(String origin, ClassLoader loader) {
    List<String> names = archiveNames();
    for (String name : names) {
      try (@Nullable InputStream archive = loader.getResourceAsStream(name)) {
        if (archive != null) {
          Path home = PostgresArchive.unpack(archive.readAllBytes());
          return new PostgresBinaries(home, readMajor(home));
        }
      } catch (IOException e) {
        throw new UncheckedIOException("unpacking " + name + " of " + origin, e);
      }
    }
    throw new IllegalStateException(
        "no PostgreSQL binaries for this platform in " + origin + ", looked for " + names);
  }

  /** The names of zonky's archives that run here, the closest first. */
  private static List<String> archiveNames() {
    String name = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String os = name.startsWith("mac") ? "darwin" : name.startsWith("win") ? "windows" : "linux";
    String architecture = ArchUtils.normalize(System.getProperty("os.arch"));
    List<String> names = new ArrayList<>();
    @Nullable String distribution = LinuxUtils.getDistributionName();
    if (distribution != null) {
      String suffix = distribution.replace(' ', '_').toLowerCase(Locale.ROOT);
      names.add("postgres-" + os + "-" + architecture + "-" + suffix + ".txz");
    }
    names.add("postgres-" + os + "-" + architecture + ".txz");
    if (!os.equals("linux")) {
      names.add("postgres-" + os + "-x86_64.txz"); // both systems emulate x86_64 on ARM
    }
    return names;
  }

  /**
   * Reads the version out of the bootstrap catalog, whose first line is {@code # PostgreSQL 18}.
   */
  private static int readMajor(Path home) throws IOException {
    for (String share : List.of("share/postgresql", "share")) {
      Path bootstrap = home.resolve(share).resolve("postgres.bki");
      if (Files.exists(bootstrap)) {
        try (var lines = Files.newBufferedReader(bootstrap, StandardCharsets.UTF_8)) {
          return Integer.parseInt(lines.readLine().replace("# PostgreSQL", "").trim());
        }
      }
    }
    throw new IOException("no postgres.bki below " + home);
  }
}
