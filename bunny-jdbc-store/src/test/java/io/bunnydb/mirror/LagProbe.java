package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;

import io.bunnydb.testing.Await;
import io.bunnydb.testing.MirrorDatabases;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Writes rows into a table {@code (id int, t text)} of the source, one transaction for each, and
 * looks on the destination how long each takes to be seen there, by one clock: that of this
 * process.
 */
final class LagProbe implements AutoCloseable {
  private static final int FIRST = 1_000_000;
  private static final int MOST = 200_000;
  private static final long WRITE_NANOS = TimeUnit.MILLISECONDS.toNanos(2);
  private static final long LOOK_NANOS = TimeUnit.MICROSECONDS.toNanos(500);

  private final AtomicLongArray committed = new AtomicLongArray(MOST);
  private final AtomicLongArray seen = new AtomicLongArray(MOST);
  private final Thread writer;
  private final Thread reader;
  private volatile int written;
  private volatile int arrived;
  private volatile boolean isEnding;
  private volatile @Nullable Throwable failure;

  private LagProbe(MirrorDatabases databases, String table) {
    this.writer = new Thread(() -> run(databases.source().connection(), table, true), "lag-writer");
    this.reader =
        new Thread(() -> run(databases.destination().connection(), table, false), "lag-reader");
  }

  /** Starts to write and to look. */
  static LagProbe start(MirrorDatabases databases, String table) {
    LagProbe probe = new LagProbe(databases, table);
    probe.writer.start();
    probe.reader.start();
    return probe;
  }

  /**
   * How long rows took that were written in some time.
   *
   * @param rows how many there were
   * @param median of half of them
   * @param p99 of 99 of 100
   * @param worst of all
   */
  record Lags(int rows, Duration median, Duration p99, Duration worst) {
    @Override
    public String toString() {
      return "p50 %.1f ms, p99 %.1f ms, worst %.1f ms of %d rows"
          .formatted(millis(median), millis(p99), millis(worst), rows);
    }

    private static double millis(Duration lag) {
      return lag.toNanos() / 1e6;
    }
  }

  /** Does something, and measures the rows that are written meanwhile. */
  Lags during(Runnable work) {
    int from = written;
    work.run();
    int to = written;
    Await.until(SOON, "all rows have arrived", () -> failure != null || arrived >= to);
    if (failure != null || to == from) {
      throw new AssertionError(from + " to " + to + " rows", failure);
    }
    long[] lags = new long[to - from];
    for (int i = from; i < to; i++) {
      lags[i - from] = Math.max(0, seen.get(i) - committed.get(i));
    }
    Arrays.sort(lags);
    return new Lags(
        lags.length,
        Duration.ofNanos(lags[lags.length / 2]),
        Duration.ofNanos(lags[lags.length * 99 / 100]),
        Duration.ofNanos(lags[lags.length - 1]));
  }

  private void run(Connection connection, String table, boolean isWriting) {
    String sql =
        isWriting ? "INSERT INTO " + table + " VALUES (?, 'x')" : "SELECT max(id) FROM " + table;
    try (connection;
        PreparedStatement statement = connection.prepareStatement(sql)) {
      while (!isEnding) {
        if (isWriting) {
          write(statement);
        } else {
          look(statement);
        }
        LockSupport.parkNanos(isWriting ? WRITE_NANOS : LOOK_NANOS);
      }
    } catch (Throwable e) {
      failure = e;
    }
  }

  private void write(PreparedStatement statement) throws Exception {
    int row = written;
    statement.setInt(1, FIRST + row);
    statement.executeUpdate();
    committed.set(row, System.nanoTime());
    written = row + 1;
  }

  private void look(PreparedStatement statement) throws Exception {
    try (ResultSet result = statement.executeQuery()) {
      result.next();
      long now = System.nanoTime();
      int there = result.getInt(1) - FIRST + 1;
      for (int i = arrived; i < there; i++) {
        seen.set(i, now);
      }
      arrived = Math.max(arrived, there);
    }
  }

  /** Ends; throws what went wrong. */
  @Override
  public void close() throws InterruptedException {
    isEnding = true;
    writer.join(SOON.toMillis());
    reader.join(SOON.toMillis());
    if (failure != null) {
      throw new AssertionError("the lag could not be measured", failure);
    }
  }
}
