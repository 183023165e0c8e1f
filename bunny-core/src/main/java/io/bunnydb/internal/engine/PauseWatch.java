package io.bunnydb.internal.engine;

import io.bunnydb.PauseBand;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/**
 * How long a pause lasts, and what is to be told of that; of the time it knows what it is given.
 * Not thread-safe.
 */
final class PauseWatch {
  private final @Nullable PausePolicy policy;
  private @Nullable Instant since;
  private @Nullable PauseBand toldBand;
  private boolean isLimitPassed;

  /** A watch that goes by a policy; by none if it is null. */
  PauseWatch(@Nullable PausePolicy policy) {
    this.policy = policy;
  }

  /** A pause has begun. */
  void begins(Instant at) {
    // As exactly as every store can keep it.
    since = at.truncatedTo(ChronoUnit.MICROS);
    toldBand = null;
    isLimitPassed = false;
  }

  /** The pause is over. */
  void ends() {
    since = null;
  }

  /** When the pause began; null where there is none. */
  @Nullable Instant since() {
    return since;
  }

  /** How long the pause has lasted; a clock that was set back makes it no shorter than nothing. */
  Duration length(Instant now) {
    Instant from = since;
    return from == null || now.isBefore(from) ? Duration.ZERO : Duration.between(from, now);
  }

  /** The band that the pause has come into since this was last asked; null where it is the same. */
  @Nullable PauseBand newBand(Instant now) {
    PauseBand band = PauseBand.of(length(now));
    if (since == null || band == toldBand) {
      return null;
    }
    toldBand = band;
    return band;
  }

  /** Whether the policy is still to be gone by. */
  boolean isPolicyOpen() {
    return policy != null && since != null && !isLimitPassed;
  }

  /**
   * The limit that the pause has passed, in words; null where it has passed none.
   *
   * @param retainedBytes log that the slot retains; 0 where unknown
   */
  @Nullable String passedLimit(Instant now, long retainedBytes) {
    PausePolicy limits = policy;
    if (limits == null || !isPolicyOpen()) {
      return null;
    }
    Duration length = length(now);
    if (length.compareTo(limits.maxDuration()) >= 0) {
      return "the pause has lasted " + length.truncatedTo(ChronoUnit.SECONDS);
    }
    if (retainedBytes > limits.maxRetainedWalBytes()) {
      return "the slot retains " + retainedBytes + " bytes of the source's log";
    }
    return null;
  }

  /** What was to be done at the limit is done, and not to be done again in this pause. */
  void limitIsMet() {
    isLimitPassed = true;
  }

  /** How long it takes until there is something new to tell by the time alone. */
  Duration untilNext(Instant now) {
    Duration length = length(now);
    Duration next = Duration.ofDays(1);
    for (PauseBand band : PauseBand.values()) {
      next = sooner(next, band.from().minus(length));
    }
    if (toldBand == null && since != null) {
      return Duration.ZERO;
    }
    PausePolicy limits = policy;
    return limits != null && isPolicyOpen()
        ? sooner(next, limits.maxDuration().minus(length))
        : next;
  }

  /** The sooner of two times, of which one that is past does not count. */
  private static Duration sooner(Duration a, Duration b) {
    return b.isNegative() || b.isZero() || a.compareTo(b) < 0 ? a : b;
  }
}
