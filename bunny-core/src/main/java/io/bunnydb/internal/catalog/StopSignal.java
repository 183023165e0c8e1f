package io.bunnydb.internal.catalog;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.postgresql.PGConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks everything that works for a mirror to stop, and cancels what its connections are waiting
 * for. Once stopped it stays so. Thread-safe.
 */
public final class StopSignal {
  private static final Logger LOG = LoggerFactory.getLogger(StopSignal.class);
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);

  // The value tells whether to cancel; the connections are told apart by identity.
  private final Map<Connection, Boolean> guarded = new LinkedHashMap<>();
  private final List<Runnable> actions = new ArrayList<>();
  private final ReentrantLock cancelling = new ReentrantLock();
  private boolean stopped;
  private long stoppedNanos;

  /** Thrown where work ends because a stop was asked for; not an error. */
  public static final class StoppedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    StoppedException() {
      super("stopped on request", null, false, false);
    }
  }

  /** Whether a stop was asked for. */
  public synchronized boolean isStopped() {
    return stopped;
  }

  /** Ends the caller's work if a stop was asked for. */
  public void check() {
    if (isStopped()) {
      throw new StoppedException();
    }
  }

  /**
   * Takes a connection under control: from now on {@link #stop} cancels what it runs, and breaks it
   * off if that does not help.
   *
   * @return the same connection
   * @throws StoppedException if a stop was asked for already; the connection is not taken
   */
  public Connection guard(Connection connection) {
    return guard(connection, true);
  }

  /** Takes a connection under control that can only be broken off. */
  public Connection guardWithoutCancel(Connection connection) {
    return guard(connection, false);
  }

  private synchronized Connection guard(Connection connection, boolean isCancelled) {
    if (stopped) {
      throw new StoppedException();
    }
    guarded.put(connection, isCancelled);
    return connection;
  }

  /** Lets a connection go; no cancellation reaches it after this returns. */
  public void release(Connection connection) {
    cancelling.lock();
    try {
      synchronized (this) {
        guarded.remove(connection);
      }
    } finally {
      cancelling.unlock();
    }
  }

  /**
   * Has an action run at each {@link #stop}, and at once if that was called already. It must be
   * quick, and may run several times.
   */
  public synchronized void onStop(Runnable action) {
    actions.add(action);
    if (stopped) {
      action.run();
    }
  }

  /**
   * Asks for a stop and cancels the running commands. A command that begins just as this runs can
   * slip through, so whoever waits for the end calls it again from time to time. Ten seconds after
   * the first call, a server that still does not answer is given up: the connections are broken
   * off.
   */
  public void stop() {
    cancelling.lock();
    try {
      Map<Connection, Boolean> running;
      boolean isTooLate;
      synchronized (this) {
        if (!stopped) {
          stopped = true;
          stoppedNanos = System.nanoTime();
        }
        actions.forEach(Runnable::run);
        running = new LinkedHashMap<>(guarded);
        isTooLate = System.nanoTime() - stoppedNanos > PATIENCE_NANOS;
      }
      running.forEach((connection, isCancelled) -> end(connection, isCancelled, isTooLate));
    } finally {
      cancelling.unlock();
    }
  }

  private static void end(Connection connection, boolean isCancelled, boolean isTooLate) {
    try {
      if (isTooLate) {
        connection.abort(Runnable::run);
      } else if (isCancelled) {
        connection.unwrap(PGConnection.class).cancelQuery();
      }
    } catch (SQLException e) {
      LOG.debug("nothing could be cancelled on a broken connection", e);
    }
  }
}
