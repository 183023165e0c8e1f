package io.bunnydb.internal.engine;

import java.util.concurrent.Semaphore;

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

  /** Waits until there are some; those that have come are taken then. */
  void await() throws InterruptedException {
    news.acquire();
    forget();
  }

  /** Takes those that have come. */
  void forget() {
    news.drainPermits();
  }
}
