package io.bunnydb.internal.source;

import io.bunnydb.Lsn;
import io.bunnydb.internal.catalog.PeerConnector;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.StopSignal;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Locale;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A view of the whole source at one position of its log, which several connections can share.
 *
 * <p>It comes from a temporary slot ({@code CREATE_REPLICATION_SLOT ... EXPORT_SNAPSHOT}): exactly
 * the transactions that committed before {@link #lsn} are visible. Held until {@link #close}, by a
 * connection of its own; the slot goes with it.
 */
public final class ExportedSnapshot implements AutoCloseable {
  /** SQLSTATEs of a snapshot that is not there; they differ by version. */
  private static final Set<String> GONE = Set.of("22023", "42704");

  private final Connection connection;
  private final StopSignal stop;
  private final String name;
  private final Lsn lsn;

  private ExportedSnapshot(Connection connection, StopSignal stop, String name, Lsn lsn) {
    this.connection = connection;
    this.stop = stop;
    this.name = name;
    this.lsn = lsn;
  }

  /** Takes a snapshot; waits for the end of the transactions that are writing at this moment. */
  public static ExportedSnapshot take(PeerConnector source, StopSignal stop) throws SQLException {
    Connection connection = source.openReplication("snapshot", new Properties());
    try {
      stop.guard(connection);
      String slot =
          "bunny_copy_"
              + Long.toHexString(ThreadLocalRandom.current().nextLong()).toLowerCase(Locale.ROOT);
      try (Statement statement = connection.createStatement();
          var row =
              statement.executeQuery(
                  "CREATE_REPLICATION_SLOT "
                      + Sql.identifier(slot)
                      + " TEMPORARY LOGICAL "
                      + ReplicationSlot.PLUGIN
                      + " EXPORT_SNAPSHOT")) {
        row.next();
        return new ExportedSnapshot(
            connection,
            stop,
            row.getString("snapshot_name"),
            Lsn.parse(row.getString("consistent_point")));
      }
    } catch (SQLException | RuntimeException e) {
      stop.release(connection);
      connection.close();
      throw e;
    }
  }

  /** The position: what committed before it is visible, what commits at it or later is not. */
  public Lsn lsn() {
    return lsn;
  }

  /**
   * Begins a read-only transaction that sees this snapshot; the connection leaves autocommit.
   *
   * @throws SQLException also where the session that holds the snapshot has ended, as a lost
   *     connection
   */
  public void beginOn(Connection reader) throws SQLException {
    reader.setAutoCommit(false);
    reader.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    reader.setReadOnly(true);
    try {
      Sql.execute(reader, "SET TRANSACTION SNAPSHOT " + Sql.literal(name));
    } catch (SQLException e) {
      // The reader's session is well, and the server's words are those for a wrong name.
      if (GONE.contains(String.valueOf(e.getSQLState()))) {
        throw new SQLException("the session that held the snapshot has ended", "08006", e);
      }
      throw e;
    }
  }

  @Override
  public void close() throws SQLException {
    stop.release(connection);
    connection.close();
  }
}
