package io.bunnydb.internal.engine;

import io.bunnydb.internal.catalog.Catalog;
import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection that outlives what it is used for: the next use goes on with it, or has a new one if
 * it is broken. Used by the mirror's thread, and while the stream runs by the receiving one, too:
 * the driver runs the statements of both one after the other. Any may ask where it leads.
 */
final class KeptConnection implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(KeptConnection.class);
  private static final int VALID_SECONDS = 5;

  private final Opener opener;
  private @Nullable Connection connection;
  private volatile @Nullable String server;

  /** Opens the connection. */
  interface Opener {
    Connection open() throws SQLException;
  }

  KeptConnection(Opener opener) {
    this.opener = opener;
  }

  /** The connection, with no transaction open and no limit on the time that an answer takes. */
  Connection get() throws SQLException {
    Connection existing = connection;
    if (existing != null) {
      if (existing.isValid(VALID_SECONDS)) {
        if (!existing.getAutoCommit()) {
          existing.rollback();
        }
        existing.setNetworkTimeout(Runnable::run, 0);
        return existing;
      }
      close();
    }
    Connection opened = opener.open();
    try {
      server = Catalog.server(opened);
      if (!opened.getAutoCommit()) {
        opened.rollback();
      }
    } catch (SQLException e) {
      opened.close();
      throw e;
    }
    connection = opened;
    return opened;
  }

  /** Whether it leads to a server ({@link Catalog#server}), or nowhere at this moment. */
  boolean mayLeadTo(String other) {
    String reached = server;
    return reached == null || reached.equals(other);
  }

  /** Whether it leads to a server ({@link Catalog#server}) at this moment. */
  boolean leadsTo(String other) {
    return other.equals(server);
  }

  /** Ends the connection; the next use opens another. What was not committed is undone. */
  @Override
  public void close() {
    Connection existing = connection;
    connection = null;
    server = null;
    if (existing != null) {
      try {
        existing.close();
      } catch (SQLException e) {
        LOG.debug("closing a broken connection failed", e);
      }
    }
  }
}
