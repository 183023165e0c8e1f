package io.bunnydb.internal.engine;

import io.bunnydb.BatchReport;
import io.bunnydb.internal.apply.Batch;
import java.time.Duration;

/**
 * Measures what one destination transaction applies, be it one batch or several pieces of a large
 * source transaction. Used by the applying thread.
 */
final class BatchMeter {
  private int transactions;
  private long nanos;
  private long bytes;
  private long rowsBefore;

  /** Adds a batch that is applied. */
  void add(Batch batch, long began) {
    nanos += System.nanoTime() - began;
    bytes += batch.byteCount();
    transactions += batch.transactions();
  }

  /**
   * What was applied since the last commit.
   *
   * @param batch the batch that ended with this one
   * @param rows how many rows were applied ever
   */
  BatchReport report(Batch batch, long rows) {
    BatchReport report =
        new BatchReport(
            transactions, rows - rowsBefore, bytes, Duration.ofNanos(nanos), batch.position());
    transactions = 0;
    nanos = 0;
    bytes = 0;
    rowsBefore = rows;
    return report;
  }
}
