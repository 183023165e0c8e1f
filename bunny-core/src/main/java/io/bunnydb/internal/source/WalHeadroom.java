package io.bunnydb.internal.source;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * How long the source can still write until it may give the slot up, by how the bytes that are left
 * have fallen over the last minutes.
 *
 * <p>The pace is the median of those between any two readings (the estimator of Theil and Sen), so
 * that neither the steps in which the server moves the slot's position, nor single bursts, nor
 * readings that came late, turn it over. Not thread-safe.
 */
final class WalHeadroom {
  private static final long WINDOW_NANOS = TimeUnit.MINUTES.toNanos(4);
  private static final long SPACING_NANOS = TimeUnit.SECONDS.toNanos(2);
  private static final long LEAST_SPAN_NANOS = TimeUnit.SECONDS.toNanos(6);

  private final ArrayDeque<Reading> readings = new ArrayDeque<>();
  private double bytesPerNano;
  private boolean isKnown;

  private record Reading(long nanos, long bytes) {}

  /**
   * Takes a reading.
   *
   * @param nanos when, by {@link System#nanoTime}
   * @param safeBytes the bytes that were left
   */
  void add(long nanos, long safeBytes) {
    if (!readings.isEmpty() && nanos - readings.getLast().nanos < SPACING_NANOS) {
      return;
    }
    while (!readings.isEmpty() && nanos - readings.getFirst().nanos > WINDOW_NANOS) {
      readings.removeFirst();
    }
    readings.addLast(new Reading(nanos, safeBytes));
    isKnown = nanos - readings.getFirst().nanos >= LEAST_SPAN_NANOS;
    if (isKnown) {
      bytesPerNano = medianPace();
    }
  }

  /** Forgets what was read: the slot has no limit, or is another one. */
  void clear() {
    readings.clear();
    isKnown = false;
  }

  private double medianPace() {
    Reading[] all = readings.toArray(new Reading[0]);
    double[] paces = new double[all.length * (all.length - 1) / 2];
    int count = 0;
    for (int i = 0; i < all.length; i++) {
      for (int j = i + 1; j < all.length; j++) {
        paces[count++] = (double) (all[j].bytes - all[i].bytes) / (all[j].nanos - all[i].nanos);
      }
    }
    Arrays.sort(paces);
    return count % 2 == 1 ? paces[count / 2] : (paces[count / 2 - 1] + paces[count / 2]) / 2;
  }

  /** The time until so many bytes are written; null where they do not get fewer, or too early. */
  @Nullable Duration timeLeft(long safeBytes) {
    if (!isKnown || bytesPerNano >= 0) {
      return null;
    }
    double nanos = Math.max(0, safeBytes) / -bytesPerNano;
    return Duration.ofSeconds((long) Math.min(nanos / 1e9, Integer.MAX_VALUE));
  }
}
