package io.bunnydb;

import java.time.Duration;

/** How long a pause has lasted, in three steps that ask for more and more care. */
public enum PauseBand {
  /** Less than an hour; nothing to do in most places. */
  SHORT(Duration.ZERO),

  /** One hour and more: watch what log the slot retains. */
  MEDIUM(Duration.ofHours(1)),

  /**
   * Eight hours and more: consider to {@code drop()} the mirror, and to begin anew with a fresh
   * copy.
   */
  LONG(Duration.ofHours(8));

  private final Duration from;

  PauseBand(Duration from) {
    this.from = from;
  }

  /** The length from which on a pause is in this band. */
  public Duration from() {
    return from;
  }

  /** The band of a pause of this length. */
  public static PauseBand of(Duration paused) {
    PauseBand band = SHORT;
    for (PauseBand longer : values()) {
      if (paused.compareTo(longer.from) >= 0) {
        band = longer;
      }
    }
    return band;
  }
}
