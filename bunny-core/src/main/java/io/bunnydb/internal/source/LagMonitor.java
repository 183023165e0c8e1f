package io.bunnydb.internal.source;

import io.bunnydb.Lsn;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.PeerConnector;
import io.bunnydb.internal.catalog.Sql;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knows the end of the source's log and what the slot retains of it, whatever the mirror is doing.
 *
 * <p>It asks over a connection of its own, when it is asked and at most twice a second; while the
 * source cannot be reached it answers with what it knew last. Thread-safe.
 */
public final class LagMonitor implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LagMonitor.class);
  private static final long FRESH_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private final PeerConnector source;
  private final String slot;
  private @Nullable Connection connection;
  private Reading last = new Reading(Lsn.ZERO, 0);
  private long readNanos;
  private boolean closed;

  /**
   * What was read.
   *
   * @param end the end of the source's log
   * @param retainedBytes how much of it the slot holds back
   */
  public record Reading(Lsn end, long retainedBytes) {}

  /** A monitor; connects when it is first asked. */
  public LagMonitor(PeerConnector source, String slot) {
    this.source = source;
    this.slot = slot;
  }

  /** The present state of the source, at most half a second old, older if it cannot be reached. */
  public synchronized Reading read() {
    if (closed || (readNanos != 0 && System.nanoTime() - readNanos < FRESH_NANOS)) {
      return last;
    }
    try {
      last = ask();
    } catch (SQLException | RuntimeException e) {
      LOG.debug("the source's position could not be read", e);
      disconnect();
    }
    readNanos = System.nanoTime();
    return last;
  }

  /**
   * A position that the log has reached now: every transaction whose commit has returned lies
   * before it.
   */
  public synchronized Lsn currentEnd() throws SQLException {
    if (closed) {
      throw new IllegalStateException("the mirror was closed");
    }
    boolean isUsed = connection != null;
    try {
      return ask().end();
    } catch (SQLException e) {
      disconnect();
      if (!isUsed) {
        throw e;
      }
      // The connection may have been broken since it was last used.
      return ask().end();
    }
  }

  private Reading ask() throws SQLException {
    Connection open = connection;
    if (open == null) {
      open = source.open("monitor");
      open.setNetworkTimeout(Runnable::run, (int) TimeUnit.SECONDS.toMillis(10));
      connection = open;
    }
    Lsn end = Catalog.logEnd(open);
    String kept =
        Sql.queryText(
            open,
            "SELECT restart_lsn::text FROM pg_catalog.pg_replication_slots WHERE slot_name = ?",
            slot);
    return new Reading(end, kept == null ? 0 : end.bytesSince(Lsn.parse(kept)));
  }

  private void disconnect() {
    Connection open = connection;
    connection = null;
    if (open != null) {
      try {
        open.close();
      } catch (SQLException e) {
        LOG.debug("closing the monitor's connection failed", e);
      }
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    disconnect();
  }
}
