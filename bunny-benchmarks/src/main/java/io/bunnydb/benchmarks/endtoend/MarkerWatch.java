package io.bunnydb.benchmarks.endtoend;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/** An open connection to the destination that looks for the marker. Not thread-safe. */
final class MarkerWatch implements AutoCloseable {
  private final Connection connection;
  private final PreparedStatement query;

  /** Connects. */
  MarkerWatch(Database destination) throws SQLException {
    this.connection = destination.connect();
    this.query = connection.prepareStatement(Marker.ARRIVED);
  }

  /** Whether the marker is there. */
  boolean sees() throws SQLException {
    try (ResultSet row = query.executeQuery()) {
      row.next();
      return row.getBoolean(1);
    }
  }

  /** Disconnects. */
  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
