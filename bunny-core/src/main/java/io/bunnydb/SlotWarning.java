package io.bunnydb;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The replication slot is in danger of being given up by the source, which limits the log that it
 * keeps for slots ({@code max_slot_wal_keep_size}).
 *
 * <p>Immutable.
 *
 * @param slot the slot's name
 * @param danger how near that is
 * @param retainedWalBytes bytes of log that the slot keeps
 * @param safeWalBytes bytes that can still be written before the slot may be lost; null where
 *     unknown
 * @param timeToSlotLoss the time that takes at the pace of the last minutes; null where unknown
 */
public record SlotWarning(
    String slot,
    Danger danger,
    long retainedWalBytes,
    @Nullable Long safeWalBytes,
    @Nullable Duration timeToSlotLoss) {

  /** How near the loss is; each is worse than the one before it. */
  public enum Danger {
    /** At the pace of the last minutes, less than an hour is left. */
    APPROACHING,
    /**
     * The limit is passed: the source may remove log that the slot needs at its next checkpoint.
     */
    IMMINENT,
    /** The slot is invalid or was dropped; the mirror must be made anew. */
    LOST
  }
}
