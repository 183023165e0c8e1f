package io.bunnydb.benchmarks.endtoend;

import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Waiting, for a time or for a condition. */
final class Pause {

  /** A condition that is looked up in a database. */
  @FunctionalInterface
  interface Condition {
    /** Whether it holds. */
    boolean holds() throws SQLException;
  }

  private Pause() {}

  /** Waits for some milliseconds. */
  static void millis(long millis) {
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(millis));
  }

  /**
   * Waits until a condition holds, looking each few milliseconds.
   *
   * @throws IllegalStateException if it does not in time
   */
  static void until(String what, Duration timeout, long millis, Condition condition)
      throws SQLException {
    long begin = System.nanoTime();
    while (!condition.holds()) {
      if (System.nanoTime() - begin > timeout.toNanos()) {
        throw new IllegalStateException("not within " + timeout + ": " + what);
      }
      millis(millis);
    }
  }
}
