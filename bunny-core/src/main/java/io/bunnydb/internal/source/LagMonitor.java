package io.bunnydb.internal.source;

import io.bunnydb.Lsn;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.PeerConnector;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knows the end of the source's log and the slot, with what it retains of the log and for how long
 * the source will keep that, whatever the mirror is doing.
 *
 * <p>It asks over a connection of its own; while the source cannot be reached, or another server is
 * under its address, it answers with what it knew last. Thread-safe.
 */
public final class LagMonitor implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LagMonitor.class);
  private static final long FRESH_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private final ReentrantLock asking = new ReentrantLock();
  private final PeerConnector source;
  private final Predicate<String> isOfMirror;
  private final String slot;
  private final WalHeadroom headroom = new WalHeadroom(); // guarded by asking
  private volatile @Nullable Connection connection;
  private volatile boolean isClosed;
  private String server = ""; // guarded by asking
  private Reading last = Reading.NONE; // guarded by asking
  private long readNanos; // guarded by asking

  /**
   * What was read.
   *
   * @param end the end of the source's log
   * @param slot the slot; null where there is none, or nothing was read yet
   * @param timeToLoss the time until it may be lost, at the pace of the last minutes; null where
   *     unknown
   * @param askedNanos when the source was asked, in {@link System#nanoTime}
   * @param isCurrent whether it was read just now; false where the source does not answer
   */
  public record Reading(
      Lsn end,
      @Nullable ReplicationSlot slot,
      @Nullable Duration timeToLoss,
      long askedNanos,
      boolean isCurrent) {
    static final Reading NONE = new Reading(Lsn.ZERO, null, null, 0, false);

    /** How much of the log the slot holds back. */
    public long retainedBytes() {
      Lsn restart = slot == null ? null : slot.restart();
      return restart == null ? 0 : end.bytesSince(restart);
    }

    /** How much can be written before the slot may be lost; null where unlimited. */
    public @Nullable Long safeBytes() {
      return slot == null ? null : slot.safeWalBytes();
    }

    private Reading outdated() {
      return new Reading(end, slot, timeToLoss, askedNanos, false);
    }
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
  public Reading read() {
    asking.lock();
    try {
      boolean isFresh = readNanos != 0 && System.nanoTime() - readNanos < FRESH_NANOS;
      return isFresh && !isClosed ? last : refresh();
    } finally {
      asking.unlock();
    }
  }

  /** The present state of the source, asked for now; an older one if it cannot be reached. */
  public Reading readNow() throws InterruptedException {
    asking.lockInterruptibly();
    try {
      return refresh();
    } finally {
      asking.unlock();
    }
  }

  private Reading refresh() {
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
   * A position that the log has reached now, and the stream will soon: every transaction whose
   * commit has returned lies before it, also one that did not wait for its flush ({@code
   * synchronous_commit} off).
   *
   * @throws IllegalStateException after {@link #close}
   */
  public Lsn currentEnd() throws SQLException {
    asking.lock();
    try {
      boolean isUsed = connection != null;
      try {
        return Catalog.logEndToReach(connected());
      } catch (SQLException e) {
        disconnect();
        if (!isUsed) {
          throw e;
        }
        // The connection may have been broken since it was last used.
        return Catalog.logEndToReach(connected());
      }
    } finally {
      asking.unlock();
    }
  }

  private Reading ask() throws SQLException {
    Connection open = connected();
    long asked = System.nanoTime();
    ReplicationSlot found = ReplicationSlot.find(open, slot).orElse(null);
    Lsn end = Catalog.logEnd(open);
    Long safeBytes = found == null ? null : found.safeWalBytes();
    Duration timeToLoss = null;
    if (safeBytes == null) {
      headroom.clear();
    } else {
      headroom.add(asked, safeBytes);
      timeToLoss = headroom.timeLeft(safeBytes);
    }
    return new Reading(end, found, timeToLoss, asked, true);
  }

  private Connection connected() throws SQLException {
    if (isClosed) {
      throw new IllegalStateException("the mirror was closed");
    }
    if (connection != null && !isOfMirror.test(server)) {
      disconnect();
    }
    Connection open = connection;
    if (open == null) {
      open = source.open("monitor");
      open.setNetworkTimeout(Runnable::run, (int) TimeUnit.SECONDS.toMillis(10));
      connection = open;
      server = Catalog.server(open);
      if (isClosed) {
        disconnect();
        throw new IllegalStateException("the mirror was closed");
      }
    }
    if (!isOfMirror.test(server)) {
      throw new SQLException("the mirror reads another server than " + server, "08001");
    }
    return open;
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

  /** Ends the connection; waits for nobody, but breaks off what is being asked. */
  @Override
  public void close() {
    isClosed = true;
    if (asking.tryLock()) {
      try {
        disconnect();
      } finally {
        asking.unlock();
      }
      return;
    }
    Connection asked = connection;
    if (asked != null) {
      try {
        asked.abort(Runnable::run);
      } catch (SQLException e) {
        LOG.debug("breaking the monitor's connection off failed", e);
      }
    }
  }
}
