package io.bunnydb.benchmarks.endtoend;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;

/**
 * A steady load of single-row transactions on the source.
 *
 * <p>Several connections share it, so that one's wait for the disk does not hold the others up. The
 * commits are synchronous: PostgreSQL sends nothing that is not on its disk. Runs once; the commit
 * times may be read by other threads meanwhile.
 */
final class PacedWriters {

  /** How many connections write. */
  static final int WRITERS = 4;

  private final Database source;
  private final int rowsEach;
  private final double nanosBetween; // two rows of one writer
  private final AtomicLongArray committed; // System.nanoTime, by writer and row; 0: not yet

  /**
   * Writers that are ready to begin.
   *
   * @param rows how many rows all of them write
   * @param rate rows per second of all of them
   */
  PacedWriters(Database source, int rows, int rate) {
    this.source = source;
    this.rowsEach = Math.max(1, rows / WRITERS);
    this.nanosBetween = 1e9 * WRITERS / rate;
    this.committed = new AtomicLongArray(WRITERS * rowsEach);
  }

  /** How many rows each of them writes, with the ids from 1. */
  int rowsEach() {
    return rowsEach;
  }

  /** When a row's commit had returned, by {@link System#nanoTime}; 0 if it has not yet. */
  long committed(int writer, int id) {
    return committed.get(writer * rowsEach + id - 1);
  }

  /**
   * Writes all rows.
   *
   * @param begun called just before the first
   * @return the seconds from the first to the last
   */
  double write(Runnable begun) throws SQLException {
    ExecutorService threads = Executors.newFixedThreadPool(WRITERS);
    List<Connection> connections = new ArrayList<>();
    try {
      for (int writer = 0; writer < WRITERS; writer++) {
        connections.add(source.connect());
      }
      begun.run();
      long begin = System.nanoTime();
      List<Future<?>> ends = new ArrayList<>();
      for (int i = 0; i < WRITERS; i++) {
        int writer = i;
        ends.add(
            threads.submit(
                () -> {
                  write(connections.get(writer), writer, begin);
                  return null;
                }));
      }
      for (Future<?> end : ends) {
        end.get();
      }
      return (System.nanoTime() - begin) / 1e9;
    } catch (ExecutionException e) {
      throw new IllegalStateException("a writer met an error", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    } finally {
      threads.shutdownNow();
      for (Connection connection : connections) {
        connection.close();
      }
    }
  }

  private void write(Connection connection, int writer, long begin) throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement("INSERT INTO bench VALUES (?, ?, clock_timestamp())")) {
      insert.setInt(1, writer);
      for (int id = 1; id <= rowsEach; id++) {
        // Where it is late it goes on at once, until it has caught up.
        long due = begin + (long) ((id - 1 + (double) writer / WRITERS) * nanosBetween);
        for (long wait = due - System.nanoTime(); wait > 0; wait = due - System.nanoTime()) {
          LockSupport.parkNanos(wait);
        }
        insert.setInt(2, id);
        insert.executeUpdate();
        committed.set(writer * rowsEach + id - 1, System.nanoTime());
      }
    }
  }
}
