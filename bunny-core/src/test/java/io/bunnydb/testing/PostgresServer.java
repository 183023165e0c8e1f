package io.bunnydb.testing;

import io.bunnydb.testing.PostgresProcess.Shutdown;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A real PostgreSQL server on the loopback address, with its own data directory, port and password.
 *
 * <p>It runs as production does where durability is concerned ({@code fsync} and {@code
 * synchronous_commit} are on), with {@code wal_level=logical}, 20 WAL senders and slots, 200
 * connections, 20 prepared transactions. TCP connections need the password (scram-sha-256).
 *
 * <p>Thread-safe. A server made by {@link #start} belongs to its caller, who closes it; a
 * {@linkplain #shared shared} one lives as long as the JVM.
 */
public final class PostgresServer implements AutoCloseable {

  private static final Map<String, String> DEFAULTS =
      Map.ofEntries(
          Map.entry("listen_addresses", "127.0.0.1"),
          Map.entry("unix_socket_directories", ""),
          Map.entry("wal_level", "logical"),
          Map.entry("max_wal_senders", "20"),
          Map.entry("max_replication_slots", "20"),
          Map.entry("max_connections", "200"),
          Map.entry("max_prepared_transactions", "20"),
          Map.entry("log_checkpoints", "off"),
          Map.entry("log_line_prefix", "%m [%p] %d %a "),
          Map.entry("fsync", "on"),
          Map.entry("synchronous_commit", "on"));

  private static final String USER = "bunny_test";
  private static final String ADMINISTRATION_LIMIT = "60s";

  private static final Map<String, CompletableFuture<PostgresServer>> SHARED =
      new ConcurrentHashMap<>();

  private final PostgresBinaries binaries;
  private final PostgresProcess process;
  private final String password;
  private final SharedConnection administration;
  private final boolean shared;
  private final Map<Side, SpareDatabase> spares = new ConcurrentHashMap<>();

  private PostgresServer(
      PostgresBinaries binaries, PostgresProcess process, String password, boolean shared) {
    this.binaries = binaries;
    this.process = process;
    this.password = password;
    this.shared = shared;
    this.administration = new SharedConnection(this::connectToAdministrate);
  }

  /**
   * The JVM's server of this side, started at the first call. Its version is that of the system
   * property {@code bunny.test.source} or {@code bunny.test.destination}, else the class path's.
   */
  public static PostgresServer shared(Side side) {
    return starting(side, side.binaries()).join();
  }

  /** The JVM's server of this side and major version, started at the first call. */
  public static PostgresServer shared(Side side, int major) {
    return starting(side, PostgresBinaries.ofMajor(major)).join();
  }

  /** Starts a server of the class path's version; the settings come on top of the usual ones. */
  public static PostgresServer start(Map<String, String> settings) {
    return start(PostgresBinaries.ofClassPath(), settings, /* shared= */ false);
  }

  /** Starts a server of a major version; the settings come on top of the usual ones. */
  public static PostgresServer start(int major, Map<String, String> settings) {
    return start(PostgresBinaries.ofMajor(major), settings, /* shared= */ false);
  }

  /**
   * Starts a server of a copy of another's files, as of now: what a backup of the file system
   * restores. User and password are the same.
   *
   * @param original a server that is stopped
   * @param settings on top of the original's
   */
  public static PostgresServer restore(PostgresServer original, Map<String, String> settings) {
    return copyOf(original, false, settings);
  }

  /**
   * Makes a standby of a server, and starts it; the server itself has to be started for it to
   * follow.
   *
   * @param primary a server that is stopped
   * @param settings on top of the primary's and of {@code primary_conninfo}
   */
  public static PostgresServer standbyOf(PostgresServer primary, Map<String, String> settings) {
    Map<String, String> all = new LinkedHashMap<>();
    all.put(
        "primary_conninfo",
        "host=127.0.0.1 port="
            + primary.port()
            + " user="
            + USER
            + " password="
            + primary.password
            + " dbname=postgres");
    all.putAll(settings);
    return copyOf(primary, true, all);
  }

  private static PostgresServer copyOf(
      PostgresServer original, boolean isStandby, Map<String, String> settings) {
    try {
      return started(
          new PostgresServer(
              original.binaries,
              PostgresProcess.copyOf(original.process, isStandby, settings),
              original.password,
              /* shared= */ false));
    } catch (IOException e) {
      throw new TestDatabaseException("copying " + original, e);
    }
  }

  /** Starts both shared servers, side by side. */
  static void startShared() {
    CompletableFuture<PostgresServer> source = starting(Side.SOURCE, Side.SOURCE.binaries());
    starting(Side.DESTINATION, Side.DESTINATION.binaries()).join();
    source.join();
  }

  private static CompletableFuture<PostgresServer> starting(Side side, PostgresBinaries binaries) {
    return SHARED.computeIfAbsent(
        side.label() + " " + binaries.major(),
        key ->
            CompletableFuture.supplyAsync(
                () -> {
                  PostgresServer server = start(binaries, Map.of(), /* shared= */ true);
                  Runtime.getRuntime().addShutdownHook(new Thread(server::close, "stop " + key));
                  return server;
                }));
  }

  private static PostgresServer start(
      PostgresBinaries binaries, Map<String, String> settings, boolean shared) {
    Map<String, String> all = new LinkedHashMap<>(DEFAULTS);
    all.putAll(settings);
    String password = UUID.randomUUID().toString();
    try {
      return started(
          new PostgresServer(
              binaries,
              PostgresProcess.initialize(binaries, USER, password, all),
              password,
              shared));
    } catch (IOException e) {
      throw new TestDatabaseException("making a PostgreSQL " + binaries.major() + " server", e);
    }
  }

  private static PostgresServer started(PostgresServer server) {
    try {
      server.start();
    } catch (TestDatabaseException | AssertionError e) {
      server.close();
      throw e;
    }
    return server;
  }

  /** The major version, such as 18. */
  public int major() {
    return binaries.major();
  }

  /** The TCP port, the same after a restart. */
  public int port() {
    return process.port();
  }

  /** The JDBC URL of a database of this server; holds neither user nor password. */
  public String url(String database) {
    return "jdbc:postgresql://127.0.0.1:" + port() + "/" + database;
  }

  /** The name of the superuser. */
  public String user() {
    return USER;
  }

  /** The superuser's password, another one for each server. */
  public String password() {
    return password;
  }

  /** Makes an empty database. */
  public void createDatabase(String name) {
    administrate(connection -> Sql.execute(connection, "CREATE DATABASE " + Sql.quote(name)));
  }

  /** Makes an empty database in an encoding, with the locale {@code C}. */
  public void createDatabase(String name, String encoding) {
    administrate(
        connection ->
            Sql.execute(
                connection,
                "CREATE DATABASE "
                    + Sql.quote(name)
                    + " TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C' ENCODING "
                    + Sql.quote(encoding)));
  }

  /**
   * Drops a database with what keeps others from dropping it: its sessions and replication streams
   * are ended, its slots dropped, its prepared transactions rolled back. A no-op if there is none.
   */
  public void dropDatabase(String name) {
    DatabaseRemoval.remove(this, name);
  }

  /** Runs statements in a database, each in its own transaction. */
  public void execute(String database, String... sql) {
    try (Connection connection = connect(database)) {
      Sql.execute(connection, sql);
    } catch (SQLException e) {
      throw new TestDatabaseException("connecting to " + url(database), e);
    }
  }

  /** Whether the server runs. */
  public synchronized boolean isRunning() {
    return process.isRunning();
  }

  /** Starts the server and returns when it accepts connections; a no-op if it runs. */
  public synchronized void start() {
    try {
      process.start();
    } catch (IOException e) {
      throw new TestDatabaseException("starting PostgreSQL " + major(), e);
    }
  }

  /** Stops the server in order: ends its sessions, writes a checkpoint. A no-op if it is down. */
  public synchronized void stop() {
    stop(Shutdown.FAST);
  }

  /**
   * Stops the server as a crash does, without a checkpoint: commits that were not yet flushed
   * ({@code synchronous_commit=off}) are lost, {@link #start} recovers the others. A no-op if it is
   * down.
   */
  public synchronized void stopImmediate() {
    stop(Shutdown.IMMEDIATE);
  }

  /** Stops the server in order and starts it, with the same port and data. */
  public synchronized void restart() {
    stop();
    start();
  }

  /** What the server has logged since it was made. */
  public String log() {
    return process.log();
  }

  /** Stops the server and deletes its data. Safe to call again. */
  @Override
  public synchronized void close() {
    administration.close();
    stop(Shutdown.IMMEDIATE);
    try {
      process.delete();
    } catch (IOException e) {
      throw new TestDatabaseException("deleting the data of PostgreSQL " + major(), e);
    }
  }

  /** The version and the port. */
  @Override
  public String toString() {
    return "PostgreSQL " + major() + " at port " + port();
  }

  /** Opens a connection as the superuser. */
  Connection connect(String database) throws SQLException {
    return DriverManager.getConnection(url(database), USER, password);
  }

  /** Nothing that is done there may hold up the tests that follow. */
  private Connection connectToAdministrate() throws SQLException {
    Connection connection = connect("postgres");
    Sql.execute(connection, "SET statement_timeout = '" + ADMINISTRATION_LIMIT + "'");
    return connection;
  }

  /** Runs work on a connection to the database {@code postgres} that stays open between calls. */
  <T> T administrate(SharedConnection.Work<T> work) {
    return administration.run(work);
  }

  /** Whether the server lives as long as the JVM, so that databases may be kept on it. */
  boolean isShared() {
    return shared;
  }

  /** Takes the database that was kept for a test of this side; null if there is none. */
  @Nullable SpareDatabase takeSpare(Side side) {
    return spares.remove(side);
  }

  /**
   * Keeps an emptied database under another name; drops it if one is kept already or someone still
   * uses it.
   */
  void keepSpare(Side side, String name, SpareDatabase spare) {
    if (!spares.containsKey(side) && isRenamed(name, spare.name())) {
      spares.put(side, spare);
    } else {
      dropDatabase(name);
    }
  }

  private boolean isRenamed(String name, String newName) {
    try {
      administrate(
          connection ->
              Sql.execute(
                  connection,
                  "ALTER DATABASE " + Sql.quote(name) + " RENAME TO " + Sql.quote(newName)));
      return true;
    } catch (TestDatabaseException e) {
      return false; // it is in use
    }
  }

  private void stop(Shutdown shutdown) {
    try {
      process.stop(shutdown);
    } catch (IOException e) {
      throw new TestDatabaseException("stopping PostgreSQL " + major(), e);
    }
  }
}
