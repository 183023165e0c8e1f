package io.bunnydb.benchmarks.endtoend;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
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

  // A plan made while the table is small would read all of it, when it has grown.
  private static final List<String> BY_INDEX =
      List.of("SET enable_seqscan = off", "SET enable_bitmapscan = off");

  private final Connection connection;
  private final PacedWriters writers;
  private final ExecutorService thread = Executors.newSingleThreadExecutor();
  private @Nullable Future<long[][]> arrivals;

  /** Connects. */
  ArrivalWatch(Database destination, PacedWriters writers) throws SQLException {
    this.connection = destination.connect();
    try (Statement statement = connection.createStatement()) {
      for (String setting : BY_INDEX) {
        statement.execute(setting);
      }
    }
    this.writers = writers;
  }

  /** Begins to look. */
  void start() {
    arrivals = thread.submit(this::watch);
  }

  /**
   * Waits until all rows have arrived.
   *
   * @param first how many rows, the first of all writers, are left out
   * @return milliseconds from each row's commit to when it was seen; 0 where that was earlier
   */
  double[] await(Duration timeout, int first) {
    if (arrivals == null) {
      throw new IllegalStateException("await() before start()");
    }
    try {
      long[][] seen = arrivals.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
      int firstEach = first / PacedWriters.WRITERS;
      double[] latencies = new double[PacedWriters.WRITERS * (writers.rowsEach() - firstEach)];
      int count = 0;
      for (int writer = 0; writer < PacedWriters.WRITERS; writer++) {
        for (int id = firstEach + 1; id <= writers.rowsEach(); id++) {
          long nanos = seen[writer][id - 1] - writers.committed(writer, id);
          latencies[count++] = Math.max(0, nanos / 1e6);
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
