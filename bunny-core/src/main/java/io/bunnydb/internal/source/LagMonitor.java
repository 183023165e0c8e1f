package io.bunnydb.internal.source;

import io.bunnydb.Lsn;
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
  private static final long PAGE = 8192;
  private static final long SHORT_PAGE_HEADER = 24;
  private static final long LONG_PAGE_HEADER = 40;

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
    // The insert position, not the written one: a transaction with synchronous_commit = off has
    // committed before its record is written.
    return Sql.query(
            open,
            """
            SELECT l.lsn::text, coalesce(pg_catalog.pg_wal_lsn_diff(l.lsn, s.restart_lsn), 0)
            FROM (SELECT pg_catalog.pg_current_wal_insert_lsn() AS lsn) l
            LEFT JOIN pg_catalog.pg_replication_slots s ON s.slot_name = ?
            """,
            row -> new Reading(withoutPageHeader(Lsn.parse(row.getString(1))), row.getLong(2)),
            slot)
        .get(0);
  }

  /**
   * At the start of a page the insert position lies behind the page's header, which the end of what
   * the server sends does not reach before the next record is written.
   */
  private static Lsn withoutPageHeader(Lsn lsn) {
    long inPage = lsn.value() & (PAGE - 1);
    return inPage == SHORT_PAGE_HEADER || inPage == LONG_PAGE_HEADER
        ? new Lsn(lsn.value() - inPage)
        : lsn;
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
