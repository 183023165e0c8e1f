package io.bunnydb.internal.source;

import io.bunnydb.Lsn;
import io.bunnydb.internal.catalog.PeerConnector;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.StopSignal;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Properties;
import java.util.Set;
import org.jspecify.annotations.Nullable;

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

  /**
   * Whether a transaction is still running that a snapshot shows as committed. Each holds the lock
   * of its number until it is marked as committed, and those that then wait for a synchronous
   * standby a good while longer. A number ahead of the snapshot's end, within half of the cycle of
   * numbers, is of a transaction that the snapshot does not show.
   */
  private static final String IS_COMMITTING =
      """
      SELECT EXISTS (
        SELECT FROM pg_catalog.pg_locks l,
               coalesce(CAST(? AS pg_snapshot), pg_catalog.pg_current_snapshot()) AS s,
               LATERAL (SELECT CAST(CAST(pg_catalog.pg_snapshot_xmax(s) AS text) AS bigint) AS xmax) e,
               LATERAL (SELECT (CAST(CAST(l.transactionid AS text) AS bigint) - e.xmax) & 4294967295
                          AS ahead) a
        WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted
          AND a.ahead >= 2147483648
          AND pg_catalog.pg_visible_in_snapshot(
                CAST(CAST(e.xmax + a.ahead - 4294967296 AS text) AS xid8), s)
          AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_stat_activity w
            WHERE w.pid = l.pid AND w.wait_event = 'SyncRep'))
      """;

  // By then it waits for a standby, of which the role may not read.
  private static final Duration LONGEST_COMMIT = Duration.ofSeconds(10);

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
      try (Statement statement = connection.createStatement();
          var row =
              statement.executeQuery(
                  "CREATE_REPLICATION_SLOT "
                      + Sql.identifier(ReplicationSlot.temporaryName())
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
   * <p>The snapshot is made from the log, where a transaction is committed a moment before the
   * server marks it so; until then a scan would take its rows for those of an aborted one. Hence
   * this returns when what the snapshot shows is marked.
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
    awaitCommitted(reader, null);
  }

  /**
   * Waits until each transaction that a snapshot shows as committed is marked so.
   *
   * @param snapshot a {@code pg_snapshot}; null for the one of the reader's transaction
   */
  static void awaitCommitted(Connection reader, @Nullable String snapshot) throws SQLException {
    long deadline = System.nanoTime() + LONGEST_COMMIT.toNanos();
    while (Sql.queryBoolean(reader, IS_COMMITTING, snapshot) && System.nanoTime() < deadline) {
      Sql.execute(reader, "SELECT pg_catalog.pg_sleep(0.001)");
    }
  }

  @Override
  public void close() throws SQLException {
    stop.release(connection);
    connection.close();
  }
}
