package io.bunnydb.internal.engine;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Whether the source has described a table since somebody last asked, as it does before the first
 * row of a stream, and anew when the table may have been altered. Thread-safe.
 */
final class SchemaNews {
  private final Semaphore news = new Semaphore(0);

  /** Notes that there are some. */
  void tell() {
    if (news.availablePermits() == 0) {
      news.release();
    }
  }

  /** Waits until there are some, or the time is over; those that have come are taken then. */
  void await(long seconds) throws InterruptedException {
    // Whether there are some, or only time has passed, makes no difference.
    boolean unused = news.tryAcquire(seconds, TimeUnit.SECONDS);
    forget();
  }

  /** Takes those that have come. */
  void forget() {
    news.drainPermits();
  }
}
