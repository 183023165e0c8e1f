package io.bunnydb.internal.engine;

import io.bunnydb.ErrorKind;
import io.bunnydb.Lsn;
import io.bunnydb.MirrorException;
import io.bunnydb.MirrorFailure;
import io.bunnydb.SlotLostException;
import io.bunnydb.SlotWarning.Danger;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.source.LagMonitor.Reading;
import io.bunnydb.internal.source.ReplicationSlot;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.SourceIdentity;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The slot of a paused mirror: notices that it is lost, or found good again, and what it retains;
 * drops it where the policy says so. Used by the mirror's thread.
 */
final class PausedSlot {
  private static final int ANSWER_MILLIS = 10_000;

  private final MirrorContext context;
  private final Checkpoints checkpoints;
  private @Nullable Checkpoint noted;
  private long knownNanos;
  private long retainedBytes;
  private boolean isLost;

  // Whether the status shows the loss since it was noticed here, and what it showed before.
  private boolean isShown;
  private @Nullable MirrorException errorBefore;
  private @Nullable MirrorFailure failureBefore;

  PausedSlot(MirrorContext context, Checkpoints checkpoints) {
    this.context = context;
    this.checkpoints = checkpoints;
  }

  /** A pause begins; what is needed of the slot is not known yet. */
  void begins() {
    knows(null);
    retainedBytes = 0;
  }

  /** The checkpoint tells from now on what is needed of the slot. */
  void remember(Checkpoint paused) {
    knows(paused);
  }

  private void knows(@Nullable Checkpoint paused) {
    noted = paused;
    isLost = false;
    isShown = false;
    // What was read of the slot before says nothing about this.
    knownNanos = System.nanoTime();
  }

  /** How much of the source's log the slot retained when it was last seen; 0 where unknown. */
  long retainedBytes() {
    return retainedBytes;
  }

  /** Whether the mirror cannot go on with the slot as it was last seen. */
  boolean isLost() {
    return isLost;
  }

  /** Holds the slot, as it was read, against what the mirror needs of it. */
  void see(Reading reading) {
    if (reading.askedNanos() - knownNanos < 0) {
      return;
    }
    retainedBytes = reading.retainedBytes();
    Checkpoint needed = noted;
    boolean isMade = !context.progress().applied().equals(Lsn.ZERO);
    SlotLostException loss =
        needed == null || !isMade ? null : SourceProof.lossOf(needed, reading.slot());
    Danger danger = loss == null ? SlotWarnings.danger(reading, isMade) : Danger.LOST;
    if (danger == Danger.LOST && loss == null && needed != null) {
      danger = null; // nothing of the past is needed, and the next set-up makes one
    }
    context.slots().tell(danger, reading, loss);
    boolean wasLost = isLost;
    isLost = loss != null;
    if (loss != null && !wasLost) {
      show(loss);
    } else if (loss == null && wasLost) {
      isGoodAgain();
    }
  }

  private void show(SlotLostException loss) {
    Lifecycle lifecycle = context.lifecycle();
    if (!isLossShown()) {
      isShown = true;
      errorBefore = lifecycle.error();
      failureBefore = lifecycle.standing().failure();
      lifecycle.error(loss);
    }
  }

  private boolean isLossShown() {
    MirrorFailure failure = context.lifecycle().standing().failure();
    return failure != null && failure.kind() == ErrorKind.SLOT_LOST;
  }

  private void isGoodAgain() {
    Lifecycle lifecycle = context.lifecycle();
    String slot = context.config().slot();
    context.note(
        "replication slot " + slot + " reaches back to what the mirror needs again",
        Map.of("slot", slot));
    boolean isOver = isShown && isLossShown();
    isShown = false;
    MirrorException error = errorBefore;
    MirrorFailure failure = failureBefore;
    if (isOver && error != null && failure != null) {
      lifecycle.show(error, failure);
    } else if (isOver) {
      lifecycle.error(null);
    }
  }

  /**
   * Drops the slot, unless the mirror is not paused any more, by another process.
   *
   * @param reason why, in words
   * @param since when the pause began
   * @throws io.bunnydb.MirrorOwnedException if another process has taken the mirror over
   */
  void drop(String reason, @Nullable Instant since, StopSignal stop) throws SQLException {
    if (!checkpoints.require().paused()) {
      return;
    }
    dropOnSource(stop);
    SlotLostException error =
        new SlotLostException(
            context.config().name(),
            reason
                + ", so its policy had replication slot "
                + context.config().slot()
                + " dropped; call recreate(), which copies every table again",
            null);
    MirrorFailure failure = context.lifecycle().count(error, null);
    context.lifecycle().show(error, failure);
    try {
      checkpoints.save(
          checkpoints
              .require()
              .withPaused(true, KeptFailure.toText(failure))
              .withPausedSince(since));
    } catch (SQLException | RuntimeException e) {
      context.warn(
          "why its slot was dropped could not be noted: " + e.getMessage(),
          Faults.details(failure));
    }
  }

  /** A paused mirror keeps no session to set anything up on the source. */
  private void dropOnSource(StopSignal stop) throws SQLException {
    Connection source = context.control().get();
    try {
      source.setNetworkTimeout(Runnable::run, ANSWER_MILLIS);
      SourceIdentity known = checkpoints.require().source();
      SourceIdentity found = new Admission(context).identifySource(stop);
      if (!found.isSameDatabase(known)) {
        throw new MirrorException(
            context.config().name(),
            "the source is another cluster or database now (" + found + " for " + known + ")",
            null);
      }
      stop.guard(source);
      ReplicationSlot.drop(source, context.config().slot());
    } finally {
      stop.release(source);
      context.control().close();
    }
  }
}
