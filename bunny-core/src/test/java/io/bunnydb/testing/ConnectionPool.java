package io.bunnydb.testing;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayDeque;
import java.util.Deque;
import javax.sql.ConnectionEvent;
import javax.sql.ConnectionEventListener;
import javax.sql.PooledConnection;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGPooledConnection;

/**
 * Connections that are used again once they are closed; each is handed out as if it were new.
 *
 * <p>Thread-safe. For tests that need many connections one after another: a new one costs more than
 * what is done with it. What was never closed stays open when the pool is {@linkplain #close
 * closed}, so that the check after the test finds it by its name.
 */
public final class ConnectionPool implements AutoCloseable {

  private final Opener opener;
  private final Deque<PooledConnection> idle = new ArrayDeque<>();
  private boolean isClosed;

  /** A pool of connections that the opener opens in autocommit mode as they are needed. */
  public ConnectionPool(Opener opener) {
    this.opener = opener;
  }

  /** A connection in autocommit mode, with the session as new; the caller closes it. */
  public Connection connection() throws SQLException {
    @Nullable PooledConnection pooled = take();
    if (pooled == null) {
      return open().getConnection();
    }
    Connection connection = pooled.getConnection();
    try (Statement statement = connection.createStatement()) {
      statement.execute("DISCARD ALL");
    }
    return connection;
  }

  private synchronized @Nullable PooledConnection take() {
    return idle.poll();
  }

  private PooledConnection open() throws SQLException {
    PooledConnection pooled = new PGPooledConnection(opener.open(), true);
    pooled.addConnectionEventListener(
        new ConnectionEventListener() {
          @Override
          public void connectionClosed(ConnectionEvent event) {
            giveBack(pooled);
          }

          @Override
          public void connectionErrorOccurred(ConnectionEvent event) {}
        });
    return pooled;
  }

  private synchronized void giveBack(PooledConnection pooled) {
    idle.push(pooled);
    if (isClosed) {
      close();
    }
  }

  /** Closes the connections that were given back, and each of the others when it is. */
  @Override
  public synchronized void close() {
    isClosed = true;
    @Nullable PooledConnection pooled;
    while ((pooled = idle.poll()) != null) {
      try {
        pooled.close();
      } catch (SQLException e) {
        throw new TestDatabaseException("closing a connection of a pool", e);
      }
    }
  }

  /** Opens a connection. */
  @FunctionalInterface
  public interface Opener {
    /** Opens one. */
    Connection open() throws SQLException;
  }
}
