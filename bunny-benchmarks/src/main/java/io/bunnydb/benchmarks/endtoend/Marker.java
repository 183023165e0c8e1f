package io.bunnydb.benchmarks.endtoend;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.postgresql.replication.LogSequenceNumber;

/**
 * The last row of a backlog: who holds it holds all. Immutable.
 *
 * @param before a position in the source's log after everything but the marker's own commit
 */
record Marker(LogSequenceNumber before) {

  /** Whether the marker has arrived. */
  static final String ARRIVED = "SELECT EXISTS (SELECT FROM " + Workload.MARKER + ")";

  /** Writes the row; its commit waits until the source's log is on disk, the backlog included. */
  static Marker write(Database source) throws SQLException {
    try (Connection connection = source.connect();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("SET LOCAL synchronous_commit = on");
      statement.execute("INSERT INTO " + Workload.MARKER + " VALUES (1)");
      try (ResultSet row = statement.executeQuery("SELECT pg_current_wal_insert_lsn()")) {
        row.next();
        LogSequenceNumber before = LogSequenceNumber.valueOf(row.getString(1));
        connection.commit();
        return new Marker(before);
      }
    }
  }
}
