package io.bunnydb.internal.apply;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What is to be expected of a table's copy, going by what has come of it. */
final class CopyEstimate {
  private CopyEstimate() {}

  /**
   * How many bytes a copy brings in all.
   *
   * @param rowsToCopy the source's estimate of its rows; 0 where unknown
   * @param bytesOnDisk the room that these take on the source's disk
   */
  static long bytes(long rowsToCopy, long bytesOnDisk, long rowsCopied, long bytesCopied) {
    if (rowsToCopy == 0 || rowsCopied == 0) {
      return Math.max(bytesOnDisk, bytesCopied);
    }
    return Math.max(bytesCopied, (long) ((double) bytesCopied / rowsCopied * rowsToCopy));
  }

  /** How long the rest takes at the same pace; null where nothing tells. */
  static @Nullable Duration remaining(
      long rowsToCopy, long bytesOnDisk, long rowsCopied, long bytesCopied, Duration soFar) {
    boolean isByRows = rowsToCopy > 0 && rowsCopied > 0;
    double all = isByRows ? rowsToCopy : bytesOnDisk;
    double done = isByRows ? rowsCopied : bytesCopied;
    if (done == 0) {
      return null;
    }
    double seconds = soFar.toNanos() / 1e9 * Math.max(0, all - done) / done;
    return Duration.ofMillis((long) (seconds * 1000));
  }
}
