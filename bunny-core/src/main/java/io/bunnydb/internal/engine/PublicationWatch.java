package io.bunnydb.internal.engine;

import io.bunnydb.SlotLostException;
import io.bunnydb.spi.Checkpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Notices, while the stream runs, that a table has left the publication, or gained a partition with
 * rows in it: the source sends nothing of these, and says nothing either. Used by the receiving
 * thread.
 */
final class PublicationWatch {
  private static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final int ANSWER_MILLIS = 10_000;

  private final Supplier<Checkpoint> checkpoint;
  private final PartitionWatch partitions;
  private final Connection source;
  private long lastNanos = System.nanoTime();

  /** A watch over the publication as the checkpoint of the moment knows it. */
  PublicationWatch(Supplier<Checkpoint> checkpoint, PartitionWatch partitions, Connection source) {
    this.checkpoint = checkpoint;
    this.partitions = partitions;
    this.source = source;
  }

  /**
   * Looks, every few seconds, whether the publication still has what it had.
   *
   * @throws SlotLostException if changes may be missing
   */
  void check() throws SQLException {
    if (System.nanoTime() - lastNanos < INTERVAL_NANOS) {
      return;
    }
    source.setNetworkTimeout(Runnable::run, ANSWER_MILLIS);
    Checkpoint known = checkpoint.get();
    SourceProof.checkPublication(known, source);
    partitions.look(known, source);
    lastNanos = System.nanoTime();
  }
}
