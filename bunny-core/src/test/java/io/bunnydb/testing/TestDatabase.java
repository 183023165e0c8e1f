package io.bunnydb.testing;

import io.bunnydb.Peer;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One side's database of one test: as new, and after the test emptied for another or dropped.
 *
 * <p>Thread-safe. {@link #execute} and the queries share one autocommit connection and run one
 * after another; a statement that is to wait or to stay open belongs on a {@link #connection()} of
 * its own. The shared connection is opened again after the server was restarted.
 */
public final class TestDatabase {

  private final Side side;
  private final PostgresServer server;
  private final String name;
  private final List<Connection> opened = new ArrayList<>();
  private final SharedConnection shared;
  private volatile @Nullable DatabaseState whenNew;

  private TestDatabase(Side side, PostgresServer server, String name) {
    this.side = side;
    this.server = server;
    this.name = name;
    this.shared = new SharedConnection(() -> server.connect(name));
  }

  /**
   * Takes the database that the server keeps for this side, else makes one.
   *
   * @param name the name of one that is made
   */
  static TestDatabase create(Side side, PostgresServer server, String name) {
    SpareDatabase spare = server.takeSpare(side);
    if (spare != null) {
      TestDatabase kept = new TestDatabase(side, server, spare.name());
      kept.whenNew = spare.whenNew();
      return kept;
    }
    server.createDatabase(name);
    TestDatabase made = new TestDatabase(side, server, name);
    if (server.isShared()) {
      made.whenNew = made.shared.run(DatabaseState::of);
    }
    return made;
  }

  /** The database's name, another one for each test. */
  public String name() {
    return name;
  }

  /** The JDBC URL, without user and password. */
  public String url() {
    return server.url(name);
  }

  /** The name of a superuser. */
  public String user() {
    return server.user();
  }

  /** The superuser's password. */
  public String password() {
    return server.password();
  }

  /** This database as a peer of a mirror, named {@code source} or {@code destination}. */
  public Peer peer() {
    return Peer.of(side.label(), url(), user(), password());
  }

  /** The server that holds this database. A server that a test leaves stopped is started again. */
  public PostgresServer server() {
    return server;
  }

  /** Opens a connection in autocommit mode; it is closed after the test, if the test does not. */
  public Connection connection() {
    Connection connection = open();
    synchronized (opened) {
      opened.add(connection);
    }
    return connection;
  }

  /**
   * Runs statements, each in its own transaction.
   *
   * @throws TestDatabaseException if one fails; the later ones are not run
   */
  public void execute(String... sql) {
    shared.run(connection -> Sql.execute(connection, sql));
  }

  /**
   * Reads a number: the first column of the only row.
   *
   * @param args values of the {@code ?} in the statement
   * @throws AssertionError if there is another count of rows than one, or NULL
   */
  public long queryLong(String sql, @Nullable Object... args) {
    String value = queryString(sql, args);
    if (value == null) {
      throw new AssertionError("NULL instead of a number from: " + sql);
    }
    return Long.parseLong(value);
  }

  /**
   * Reads the first column of the only row as PostgreSQL's text.
   *
   * @param args values of the {@code ?} in the statement
   * @throws AssertionError if there is another count of rows than one
   */
  public @Nullable String queryString(String sql, @Nullable Object... args) {
    List<@Nullable String> values = queryStrings(sql, args);
    if (values.size() != 1) {
      throw new AssertionError(values.size() + " rows instead of one from: " + sql);
    }
    return values.get(0);
  }

  /**
   * Reads the first column of each row as PostgreSQL's text.
   *
   * @param args values of the {@code ?} in the statement
   */
  public List<@Nullable String> queryStrings(String sql, @Nullable Object... args) {
    return shared.run(connection -> Sql.strings(connection, sql, args));
  }

  /** The side and the URL. */
  @Override
  public String toString() {
    return side.label() + " " + url();
  }

  /** Runs work in a transaction of the shared connection and rolls it back. */
  <T> T readInTransaction(SharedConnection.Work<T> work) {
    return shared.run(
        connection -> {
          connection.setAutoCommit(false);
          try {
            return work.run(connection);
          } finally {
            connection.rollback();
            connection.setAutoCommit(true);
          }
        });
  }

  /**
   * Makes the database anew, empty and in another encoding, with the locale {@code C}; what was in
   * it is gone, and so are its connections.
   *
   * @param encoding such as {@code LATIN1}
   */
  public void recreate(String encoding) {
    drop();
    whenNew = null; // the next test wants another encoding
    server.createDatabase(name, encoding);
  }

  /** Opens a connection that the caller closes. */
  Connection open() {
    try {
      return server.connect(name);
    } catch (SQLException e) {
      throw new TestDatabaseException("connecting to " + this, e);
    }
  }

  /** Ends every session, whoever waits for it. */
  void endSessions() {
    server.administrate(
        connection ->
            Sql.strings(
                connection,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ?",
                name));
  }

  /** Closes the connections that the test was given. */
  void closeConnections() {
    synchronized (opened) {
      for (Connection connection : opened) {
        try {
          connection.close();
        } catch (SQLException e) {
          throw new TestDatabaseException("closing a connection to " + this, e);
        }
      }
      opened.clear();
    }
  }

  /**
   * Closes all connections and empties the database.
   *
   * @return the database for another test; null, and it is dropped, if it is not as new
   */
  @Nullable SpareDatabase empty(String newName) {
    closeConnections();
    DatabaseState asNew = whenNew;
    if (asNew != null && isReset(asNew)) {
      shared.close();
      return new SpareDatabase(newName, asNew);
    }
    drop();
    return null;
  }

  /** Has the server keep the emptied database. */
  void keep(SpareDatabase spare) {
    server.keepSpare(side, name, spare);
  }

  private boolean isReset(DatabaseState asNew) {
    try {
      DatabaseRemoval.rollBackPrepared(server, name);
      return shared.run(connection -> DatabaseReset.isReset(connection, asNew));
    } catch (TestDatabaseException | AssertionError e) {
      return false; // by what the test has left, such as a setting of the database
    }
  }

  /** Closes all connections and drops the database. */
  void drop() {
    closeConnections();
    shared.close();
    server.dropDatabase(name);
  }
}
