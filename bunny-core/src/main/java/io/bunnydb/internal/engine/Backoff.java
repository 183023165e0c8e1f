package io.bunnydb.internal.engine;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * How long to wait before the next attempt: twice as long each time, up to half a minute, less by
 * up to half at random, so that many mirrors do not come all at once. One thread.
 */
final class Backoff {
  private static final long FIRST_MILLIS = 100;
  private static final long LAST_MILLIS = 30_000;

  private int attempts;

  /** The wait before the next attempt, half to the whole of its nominal length. */
  Duration next() {
    long nominal = Math.min(LAST_MILLIS, FIRST_MILLIS << Math.min(attempts, 20));
    attempts++;
    return Duration.ofMillis(nominal / 2 + ThreadLocalRandom.current().nextLong(nominal / 2 + 1));
  }

  /** How many waits there were since the last success. */
  int attempts() {
    return attempts;
  }

  /** Begins anew after a success. */
  void reset() {
    attempts = 0;
  }
}
