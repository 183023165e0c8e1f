package io.bunnydb.internal.engine;

import io.bunnydb.internal.catalog.Sql;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;

/**
 * Writes a message into the source's log now and then ("pg_logical_emit_message" in the PostgreSQL
 * documentation), which the stream passes over. Used by the receiving thread.
 */
final class Heartbeat {
  private static final int FLUSH_MAJOR = 17;
  private static final int ANSWER_MILLIS = 10_000;

  private final String mirror;
  private final Connection source;
  private final long intervalNanos;
  private long lastNanos = System.nanoTime();

  /**
   * A heartbeat that has just beaten.
   *
   * @param interval how often it beats; zero for never
   * @param source a connection in autocommit mode
   */
  Heartbeat(String mirror, Duration interval, Connection source) {
    this.mirror = mirror;
    this.source = source;
    this.intervalNanos = interval.toNanos();
  }

  /** Beats if it is time to. */
  void beatIfDue() throws SQLException {
    if (intervalNanos == 0 || System.nanoTime() - lastNanos < intervalNanos) {
      return;
    }
    source.setNetworkTimeout(Runnable::run, ANSWER_MILLIS);
    // What is not flushed may wait for the next commit of somebody else.
    boolean canFlush = source.getMetaData().getDatabaseMajorVersion() >= FLUSH_MAJOR;
    Sql.queryText(
        source,
        "SELECT pg_catalog.pg_logical_emit_message(false, 'bunny', CAST(? AS text)"
            + (canFlush ? ", true)" : ")"),
        mirror);
    lastNanos = System.nanoTime();
  }
}
