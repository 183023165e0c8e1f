package io.bunnydb;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a mirror is doing, at one moment.
 *
 * <p>Immutable.
 *
 * @param name the mirror's name
 * @param state where it stands in its life
 * @param phase whether the first copy is complete
 * @param sourcePeer the source's name
 * @param destinationPeer the destination's name
 * @param slotName the replication slot on the source
 * @param publicationName the publication on the source
 * @param lastLsn everything that was committed on the source before this position is on the
 *     destination, in the tables that are live; it goes back when copied tables join, whose changes
 *     are read from their snapshot on. {@link Lsn#ZERO} before the set-up
 * @param lagBytes bytes of log from {@code lastLsn} to the source's present end, or to the last end
 *     that is known where the source cannot be asked
 * @param lagSeconds age of the oldest change that is not applied yet, in seconds; 0 when caught up.
 *     Where that change has not been received yet, it is the most that it can be: the time since
 *     nothing was outstanding, since the last commit that is applied, or since the handle was made.
 *     It compares the two machines' clocks
 * @param retainedWalBytes bytes of log that the slot keeps on the source, for tables that are
 *     {@link TableState#PAUSED}, too
 * @param safeWalBytes bytes that can still be written on the source before the slot may be lost;
 *     null where that is unlimited or unknown
 * @param timeToSlotLoss the time that takes at the pace of the last minutes; null where {@code
 *     safeWalBytes} does not fall, or has not been watched for some seconds
 * @param transactionsApplied source transactions that this handle has read and applied; those that
 *     are read again when copied tables join count again
 * @param batchesApplied destination transactions by which that was done
 * @param owner who runs the mirror while this handle stands by; null where it does not
 * @param failure why the mirror is paused, failed or waiting to try again; null when all is well,
 *     or nothing but tables that were set aside, each of which tells its own
 * @param startedAt when this handle was made
 * @param stateSince when the mirror came into its state, or this handle was made
 * @param tables the mirrored tables, in the order of their mappings
 */
public record MirrorStatus(
    String name,
    MirrorState state,
    MirrorPhase phase,
    String sourcePeer,
    String destinationPeer,
    String slotName,
    String publicationName,
    Lsn lastLsn,
    long lagBytes,
    double lagSeconds,
    long retainedWalBytes,
    @Nullable Long safeWalBytes,
    @Nullable Duration timeToSlotLoss,
    long transactionsApplied,
    long batchesApplied,
    @Nullable String owner,
    @Nullable MirrorFailure failure,
    Instant startedAt,
    Instant stateSince,
    List<TableStatus> tables) {

  /** Copies the list. */
  public MirrorStatus {
    tables = List.copyOf(tables);
  }

  /** The message of {@link #failure}; null when all is well. */
  public @Nullable String error() {
    return failure == null ? null : failure.message();
  }
}
