package io.bunnydb.internal.source;

import io.bunnydb.Lsn;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.PeerConnector;
import io.bunnydb.internal.catalog.Sql;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knows the end of the source's log, what the slot retains of it and for how long the source will
 * keep that, whatever the mirror is doing.
 *
 * <p>It asks over a connection of its own, when it is asked and at most twice a second; while the
 * source cannot be reached, or another server is under its address, it answers with what it knew
 * last. Thread-safe.
 */
public final class LagMonitor implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LagMonitor.class);
  private static final long FRESH_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private static final String READING =
      """
      SELECT pg_catalog.pg_current_wal_insert_lsn()::text, s.restart_lsn::text, s.safe_wal_size,
             s.slot_name IS NOT NULL, s.wal_status
      FROM (SELECT) one LEFT JOIN pg_catalog.pg_replication_slots s ON s.slot_name = ?
      """;

  private final PeerConnector source;
  private final Predicate<String> isOfMirror;
  private final String slot;
  private final WalHeadroom headroom = new WalHeadroom();
  private @Nullable Connection connection;
  private String server = "";
  private Reading last = Reading.NONE;
  private long readNanos;
  private boolean closed;

  /**
   * What was read.
   *
   * @param end the end of the source's log
   * @param retainedBytes how much of it the slot holds back
   * @param safeBytes how much can be written before the slot may be lost; null where unlimited
   * @param timeToLoss the time that takes at the pace of the last minutes; null where unknown
   * @param health how the source means to keep the slot
   * @param isCurrent whether it was read just now; false where the source does not answer
   */
  public record Reading(
      Lsn end,
      long retainedBytes,
      @Nullable Long safeBytes,
      @Nullable Duration timeToLoss,
      SlotHealth health,
      boolean isCurrent) {
    static final Reading NONE = new Reading(Lsn.ZERO, 0, null, null, SlotHealth.UNKNOWN, false);

    private Reading outdated() {
      return new Reading(end, retainedBytes, safeBytes, timeToLoss, health, false);
    }
  }

  /** How the source means to keep a slot ({@code pg_replication_slots.wal_status}). */
  public enum SlotHealth {
    /** Not read yet. */
    UNKNOWN,
    /** There is no such slot. */
    MISSING,
    /** Its log is kept: reserved or extended. */
    KEPT,
    /** Its log may be removed at the next checkpoint: unreserved. */
    ENDANGERED,
    /** It is invalid: lost. */
    LOST
  }

  /**
   * A monitor; connects when it is first asked.
   *
   * @param isOfMirror whether a server ({@link Catalog#server}) may be the one that the mirror
   *     reads; what another says of its log means nothing
   */
  public LagMonitor(PeerConnector source, Predicate<String> isOfMirror, String slot) {
    this.source = source;
    this.isOfMirror = isOfMirror;
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
      last = last.outdated();
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
    if (connection != null && !isOfMirror.test(server)) {
      disconnect();
    }
    Connection open = connection;
    if (open == null) {
      open = source.open("monitor");
      open.setNetworkTimeout(Runnable::run, (int) TimeUnit.SECONDS.toMillis(10));
      connection = open;
      server = Catalog.server(open);
    }
    if (!isOfMirror.test(server)) {
      throw new SQLException("the mirror reads another server than " + server, "08001");
    }
    return Sql.query(open, READING, this::read, slot).get(0);
  }

  private Reading read(ResultSet row) throws SQLException {
    Lsn end = Catalog.logEnd(row.getString(1));
    String kept = row.getString(2);
    long left = row.getLong(3);
    @Nullable Long safeBytes = row.wasNull() ? null : left;
    if (safeBytes == null) {
      headroom.clear();
    } else {
      headroom.add(System.nanoTime(), safeBytes);
    }
    return new Reading(
        end,
        kept == null ? 0 : end.bytesSince(Lsn.parse(kept)),
        safeBytes,
        safeBytes == null ? null : headroom.timeLeft(safeBytes),
        health(row.getBoolean(4), String.valueOf(row.getString(5))),
        true);
  }

  private static SlotHealth health(boolean isThere, String walStatus) {
    if (!isThere) {
      return SlotHealth.MISSING;
    }
    return switch (walStatus) {
      case "lost" -> SlotHealth.LOST;
      case "unreserved" -> SlotHealth.ENDANGERED;
      default -> SlotHealth.KEPT;
    };
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
