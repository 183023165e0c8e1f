package io.bunnydb.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;

/** Runs work on a connection and leaves the connection's mode as it was. */
final class Transactions {
  private static final int SILENCE_MILLIS = 30_000;

  private Transactions() {}

  /** Work that changes something. */
  @FunctionalInterface
  interface Change {
    /** Does it, without committing. */
    void run(Connection connection) throws SQLException;
  }

  /** Work that reads something. */
  @FunctionalInterface
  interface Query<T> {
    /** Reads it. */
    T run(Connection connection) throws SQLException;
  }

  /**
   * Runs work on a connection of which nobody else takes care: where the server stays silent for
   * half a minute the work fails, instead of holding up whoever waits for the mirror.
   */
  static <T> T withinTime(Connection connection, Query<T> work) throws SQLException {
    int before = connection.getNetworkTimeout();
    connection.setNetworkTimeout(Runnable::run, SILENCE_MILLIS);
    T result;
    try {
      result = work.run(connection);
    } catch (SQLException | RuntimeException e) {
      undo(e, () -> restore(connection, before));
      throw e;
    }
    restore(connection, before);
    return result;
  }

  private static void restore(Connection connection, int networkTimeout) throws SQLException {
    // The driver closes a connection on which the time ran out.
    if (!connection.isClosed()) {
      connection.setNetworkTimeout(Runnable::run, networkTimeout);
    }
  }

  /** Changes something in a transaction of its own, all or nothing. */
  static void commit(Connection connection, Change change) throws SQLException {
    boolean autoCommit = connection.getAutoCommit();
    connection.setAutoCommit(false);
    try {
      change.run(connection);
      connection.commit();
    } catch (SQLException | RuntimeException e) {
      undo(e, connection::rollback);
      undo(e, () -> connection.setAutoCommit(autoCommit));
      throw e;
    }
    connection.setAutoCommit(autoCommit);
  }

  /**
   * Reads something and lets go of every lock that it took, in autocommit mode and within a
   * transaction; the transaction goes on even if the reading fails.
   */
  static <T> T peek(Connection connection, Query<T> query) throws SQLException {
    if (!connection.getAutoCommit()) {
      return peekInside(connection, query);
    }
    connection.setAutoCommit(false);
    T result;
    try {
      result = query.run(connection);
      connection.rollback();
    } catch (SQLException | RuntimeException e) {
      undo(e, connection::rollback);
      undo(e, () -> connection.setAutoCommit(true));
      throw e;
    }
    connection.setAutoCommit(true);
    return result;
  }

  private static <T> T peekInside(Connection connection, Query<T> query) throws SQLException {
    Savepoint before = connection.setSavepoint();
    T result;
    try {
      result = query.run(connection);
    } catch (SQLException | RuntimeException e) {
      undo(e, () -> connection.rollback(before));
      throw e;
    }
    connection.rollback(before);
    connection.releaseSavepoint(before);
    return result;
  }

  private static void undo(Exception failure, Undo undo) {
    try {
      undo.run();
    } catch (SQLException e) {
      failure.addSuppressed(e);
    }
  }

  /** A step back after a failure. */
  @FunctionalInterface
  private interface Undo {
    void run() throws SQLException;
  }
}
