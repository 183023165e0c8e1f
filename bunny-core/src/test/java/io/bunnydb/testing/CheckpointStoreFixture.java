package io.bunnydb.testing;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.Lsn;
import io.bunnydb.TableMapping;
import io.bunnydb.TableState;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.SourceIdentity;
import io.bunnydb.spi.TableCheckpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Databases, connections and checkpoints for tests of stores. */
abstract class CheckpointStoreFixture {
  /** The databases of the current test. */
  @RegisterExtension protected final MirrorDatabases databases = new MirrorDatabases();

  /** Opens connections of the current test, which are closed with its databases. */
  private final ConnectionPool sessions =
      new ConnectionPool(() -> databases.destination().connection());

  /** A checkpoint of a mirror that has run for a while. */
  protected static Checkpoint checkpoint(String mirror, TableCheckpoint... tables) {
    return new Checkpoint(
        mirror,
        new SourceIdentity("7301234567890123456", 1, "app"),
        "bunny_" + mirror,
        "bunny_" + mirror,
        Lsn.parse("0/16B3748"),
        false,
        null,
        List.of(tables));
  }

  /** A table that follows the stream. */
  protected static TableCheckpoint live(String table) {
    return live(table, "0/16B3700");
  }

  /** A table that follows the stream from a position on. */
  protected static TableCheckpoint live(String table, String from) {
    return new TableCheckpoint(TableMapping.from(table), TableState.LIVE, Lsn.parse(from));
  }

  /** A connection to the destination as Bunny has it, in autocommit mode. */
  protected final Connection session() throws SQLException {
    Connection connection = sessions.connection();
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          "SET search_path = ''; SET session_replication_role = replica; SET lock_timeout = '10s'");
    }
    return connection;
  }

  /** A connection to the destination as Bunny has it, for a transaction. */
  protected final Connection transaction() throws SQLException {
    Connection connection = session();
    connection.setAutoCommit(false);
    return connection;
  }

  /** Runs a call in a transaction and commits it. */
  protected final void commit(Call call) throws SQLException {
    try (Connection connection = transaction()) {
      call.run(connection);
      connection.commit();
    }
  }

  /** Runs a call in a transaction and rolls it back. */
  final void rollback(Call call) throws SQLException {
    try (Connection connection = transaction()) {
      call.run(connection);
      connection.rollback();
    }
  }

  /** Runs a call in a transaction and expects it to fail. */
  final void assertRefused(Call call) throws SQLException {
    try (Connection connection = transaction()) {
      assertThatThrownBy(() -> call.run(connection)).isInstanceOf(SQLException.class);
      connection.rollback();
    }
  }

  /** All schemas, tables, indexes and sequences of the destination. */
  final List<String> relations() {
    return databases
        .destination()
        .queryStrings(
            "SELECT nspname || '.' || coalesce(relname, '') FROM pg_namespace n"
                + " LEFT JOIN pg_class c ON c.relnamespace = n.oid"
                + " WHERE nspname !~ '^pg_(toast|temp)' ORDER BY 1");
  }

  /** A call of the store with a connection. */
  @FunctionalInterface
  protected interface Call {
    /** Makes the call. */
    void run(Connection connection) throws SQLException;
  }
}
