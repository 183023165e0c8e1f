package io.bunnydb.internal.engine;

import io.bunnydb.ErrorKind;
import io.bunnydb.MirrorFailure;
import io.bunnydb.SlotLostException;
import io.bunnydb.SlotWarning;
import io.bunnydb.SlotWarning.Danger;
import io.bunnydb.internal.source.LagMonitor.Reading;
import io.bunnydb.internal.source.ReplicationSlot;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Tells of what threatens the slot: once for each danger, and again when it gets worse.
 * Thread-safe.
 */
final class SlotWarnings {
  private static final Duration SOON = Duration.ofHours(1);

  private final String mirror;
  private final String slot;
  private final EventLog events;
  private final Lifecycle lifecycle;
  private @Nullable Danger told; // guarded by this

  SlotWarnings(String mirror, String slot, EventLog events, Lifecycle lifecycle) {
    this.mirror = mirror;
    this.slot = slot;
    this.events = events;
    this.lifecycle = lifecycle;
  }

  /**
   * What threatens the slot; null for nothing.
   *
   * @param isMade whether the mirror has a slot, so that one which is missing is lost
   */
  static @Nullable Danger danger(Reading reading, boolean isMade) {
    ReplicationSlot slot = reading.slot();
    if (slot == null) {
      return isMade ? Danger.LOST : null;
    }
    if (slot.invalidation() != null) {
      return Danger.LOST;
    }
    if (slot.isEndangered()) {
      return Danger.IMMINENT;
    }
    Duration left = reading.timeToLoss();
    return left != null && left.compareTo(SOON) < 0 ? Danger.APPROACHING : null;
  }

  /**
   * Tells of a danger if it is new; of a loss that the mirror's error tells already the listeners
   * alone.
   *
   * @param danger null for none
   * @param loss what more is known of a loss
   */
  void tell(@Nullable Danger danger, Reading reading, @Nullable SlotLostException loss) {
    // Where there is none, it is forgotten what was told.
    if (!isNews(danger) || danger == null) {
      return;
    }
    SlotWarning warning =
        new SlotWarning(
            slot, danger, reading.retainedBytes(), reading.safeBytes(), reading.timeToLoss());
    MirrorFailure failure = lifecycle.standing().failure();
    if (danger != Danger.LOST || failure == null || failure.kind() != ErrorKind.SLOT_LOST) {
      events.warn(
          loss == null
              ? "mirror '" + mirror + "': " + words(warning)
              : String.valueOf(loss.getMessage()),
          Map.of(
              "slot", warning.slot(),
              "danger", danger.name(),
              "retainedWalBytes", Long.toString(warning.retainedWalBytes()),
              "safeWalBytes", String.valueOf(warning.safeWalBytes())));
    }
    lifecycle.tell(listener -> listener.onSlotWarning(mirror, warning));
  }

  private synchronized boolean isNews(@Nullable Danger danger) {
    boolean isWorse = danger != null && (told == null || danger.compareTo(told) > 0);
    told = danger;
    return isWorse;
  }

  private static String words(SlotWarning warning) {
    String name = "replication slot " + warning.slot();
    String cure = "; resume or speed up the mirror, or raise max_slot_wal_keep_size on the source";
    return switch (warning.danger()) {
      case APPROACHING -> {
        Duration left = warning.timeToSlotLoss();
        yield name
            + " is lost in "
            + (left == null
                ? "less than an hour"
                : TimeUnit.SECONDS.toMinutes(left.toSeconds()) + " minutes")
            + " at the pace at which the source writes its log"
            + cure;
      }
      case IMMINENT ->
          name
              + " keeps more log than the source allows, and is lost at its next checkpoint"
              + cure;
      case LOST -> name + " is invalid or was dropped; the mirror cannot go on from where it is";
    };
  }
}
