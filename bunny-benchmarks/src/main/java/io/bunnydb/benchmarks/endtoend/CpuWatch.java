package io.bunnydb.benchmarks.endtoend;

import java.sql.SQLException;
import java.util.concurrent.TimeUnit;

/**
 * What one contender uses of the processors, while it works. It looks now and then, as some
 * processes live for a part of the time only. Not thread-safe.
 */
final class CpuWatch {
  private static final long INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  private final Databases databases;
  private final Contender contender;
  private final Cpu before;
  private Cpu last;
  private long lastNanos = System.nanoTime();

  /** Begins to watch. */
  CpuWatch(Databases databases, Contender contender) throws SQLException {
    this.databases = databases;
    this.contender = contender;
    this.before = Cpu.now(databases, contender);
    this.last = before;
  }

  /** Looks, if it has not for a while. */
  void look() throws SQLException {
    if (System.nanoTime() - lastNanos > INTERVAL_NANOS) {
      last = last.and(Cpu.now(databases, contender));
      lastNanos = System.nanoTime();
    }
  }

  /** What was used since the beginning, but for the last moments of processes that have ended. */
  Cpu.Seconds end() throws SQLException {
    return last.and(Cpu.now(databases, contender)).since(before);
  }
}
