package io.bunnydb.internal.verify;

import io.bunnydb.internal.snapshot.PageRange;
import io.bunnydb.internal.verify.Side.Whole;
import java.sql.SQLException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Reads all rows of one side as they were at one moment, some pages with each statement, and rests
 * in between. Used by one thread.
 *
 * <p>For that moment a transaction stays open, and with it the table's lock of a reader; who waits
 * for that, as an {@code ALTER TABLE} or a {@code TRUNCATE} does, and all who wait behind, are
 * given way to.
 */
final class WholeRead {
  private static final long FIRST_PAGES = 64;
  private static final long MOST_PAGES = 65_536;
  private static final Duration SHORT = Duration.ofMillis(50);
  private static final Duration LONG = Duration.ofMillis(200);

  private final Side side;
  private final Pace pace;

  WholeRead(Side side, Pace pace) {
    this.side = side;
    this.pace = pace;
  }

  /** Reads them; null where it gave way. */
  @Nullable Whole run() throws SQLException, InterruptedException {
    pace.restart();
    try {
      side.beginReading();
      // Its rows are in these pages; what comes behind is younger.
      long pages = side.lockedPages();
      Whole read = Whole.NOTHING;
      long size = FIRST_PAGES;
      for (long first = 0; ; ) {
        long end = first + size < pages ? first + size : PageRange.OPEN;
        long began = System.nanoTime();
        read = read.plus(side.pages(new PageRange(first, end)));
        long nanos = System.nanoTime() - began;
        if (end == PageRange.OPEN) {
          return read;
        }
        if (!pace.restUnless(side::isWaitedFor)) {
          return null;
        }
        first = end;
        size = next(size, nanos);
      }
    } finally {
      side.endReading();
    }
  }

  private static long next(long size, long nanos) {
    if (nanos < SHORT.toNanos()) {
      return Math.min(MOST_PAGES, size * 2);
    }
    return nanos > LONG.toNanos() ? Math.max(1, size / 2) : size;
  }
}
