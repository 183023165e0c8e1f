package io.bunnydb.testing;

import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * An autocommit connection that several threads use, one after another.
 *
 * <p>Thread-safe. Opened at its first use, and again when the server has ended it.
 */
final class SharedConnection {

  private static final int VALID_SECONDS = 5;

  private final Opener opener;
  private @Nullable Connection connection;

  /** A connection that the opener opens. */
  SharedConnection(Opener opener) {
    this.opener = opener;
  }

  /** Runs work on the connection. */
  synchronized <T> T run(Work<T> work) {
    try {
      Connection open = connection;
      if (open == null || !open.isValid(VALID_SECONDS)) {
        close();
        open = opener.open();
        connection = open;
      }
      return work.run(open);
    } catch (SQLException e) {
      throw new TestDatabaseException(String.valueOf(e.getMessage()), e);
    }
  }

  /** Closes the connection, if it is open; the next use opens another. */
  synchronized void close() {
    try {
      if (connection != null) {
        connection.close();
        connection = null;
      }
    } catch (SQLException e) {
      throw new TestDatabaseException("closing a connection", e);
    }
  }

  /** Opens a connection. */
  interface Opener {
    /** Opens one. */
    Connection open() throws SQLException;
  }

  /** Work on a connection. */
  interface Work<T> {
    /** Does it. */
    T run(Connection connection) throws SQLException;
  }
}
