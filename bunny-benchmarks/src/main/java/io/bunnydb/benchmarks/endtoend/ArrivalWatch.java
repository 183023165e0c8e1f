package io.bunnydb.benchmarks.endtoend;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Looks each millisecond which rows of the {@link PacedWriters} are visible on the destination. Not
 * thread-safe; it has one thread of its own.
 */
final class ArrivalWatch implements AutoCloseable {
  private static final String LAST =
      "SELECT w, (SELECT max(id) FROM bench WHERE writer = w) FROM generate_series(0, ?) w";

  private final Connection connection;
  private final PacedWriters writers;
  private final ExecutorService thread = Executors.newSingleThreadExecutor();
  private @Nullable Future<long[][]> arrivals;

  /** Connects. */
  ArrivalWatch(Database destination, PacedWriters writers) throws SQLException {
    this.connection = destination.connect();
    this.writers = writers;
  }

  /** Begins to look. */
  void start() {
    arrivals = thread.submit(this::watch);
  }

  /**
   * Waits until all rows have arrived.
   *
   * @return milliseconds from each row's commit to when it was seen; 0 where that was earlier
   */
  double[] await(Duration timeout) {
    if (arrivals == null) {
      throw new IllegalStateException("await() before start()");
    }
    try {
      long[][] seen = arrivals.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
      double[] latencies = new double[PacedWriters.WRITERS * writers.rowsEach()];
      for (int writer = 0; writer < PacedWriters.WRITERS; writer++) {
        for (int id = 1; id <= writers.rowsEach(); id++) {
          long nanos = seen[writer][id - 1] - writers.committed(writer, id);
          latencies[writer * writers.rowsEach() + id - 1] = Math.max(0, nanos / 1e6);
        }
      }
      return latencies;
    } catch (TimeoutException | ExecutionException e) {
      throw new IllegalStateException("the rows do not arrive", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  /** Ends the thread and disconnects. */
  @Override
  public void close() throws SQLException {
    thread.shutdownNow();
    connection.close();
  }

  private long[][] watch() throws SQLException {
    long[][] seen = new long[PacedWriters.WRITERS][writers.rowsEach()];
    int[] last = new int[PacedWriters.WRITERS];
    long missing = (long) PacedWriters.WRITERS * writers.rowsEach();
    try (PreparedStatement query = connection.prepareStatement(LAST)) {
      query.setInt(1, PacedWriters.WRITERS - 1);
      while (missing > 0 && !Thread.currentThread().isInterrupted()) {
        try (ResultSet rows = query.executeQuery()) {
          long now = System.nanoTime();
          while (rows.next()) {
            int writer = rows.getInt(1);
            for (int id = rows.getInt(2); last[writer] < id; missing--) {
              seen[writer][last[writer]++] = now;
            }
          }
        }
        Pause.millis(1);
      }
    }
    return seen;
  }
}
