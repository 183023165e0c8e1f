package io.bunnydb.internal.engine;

import io.bunnydb.MirrorException;
import io.bunnydb.MirrorFailure;
import io.bunnydb.MirrorOwnedException;
import io.bunnydb.MirrorState;
import io.bunnydb.PauseAction;
import io.bunnydb.PauseBand;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.source.LagMonitor.Reading;
import io.bunnydb.spi.Checkpoint;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Looks after a paused mirror: tells how long the pause lasts, goes by the policy for it, and has
 * {@link PausedSlot} look at the slot. Used by the mirror's thread.
 */
final class PauseGuard {
  private final MirrorContext context;
  private final String mirror;
  private final @Nullable PausePolicy policy;
  private final Clock clock;
  private final PauseWatch watch;
  private final PausedSlot slot;
  private final Backoff backoff = new Backoff();
  private @Nullable Instant nextAct;
  private boolean isByError;
  private boolean isLimitTold;

  PauseGuard(MirrorContext context, Checkpoints checkpoints, Clock clock) {
    this.context = context;
    this.mirror = context.config().name();
    this.policy = context.config().options().operation().pausePolicy();
    this.clock = clock;
    this.watch = new PauseWatch(policy);
    this.slot = new PausedSlot(context, checkpoints);
  }

  /** A pause begins now. */
  void begins(boolean byError) {
    begins(clock.instant(), byError);
  }

  /** A pause was begun by an earlier process. */
  void goesOn(Checkpoint paused) {
    Instant since = paused.pausedSince();
    begins(since == null ? clock.instant() : since, paused.error() != null);
    slot.remember(paused);
  }

  private void begins(Instant at, boolean byError) {
    watch.begins(at);
    slot.begins();
    backoff.reset();
    nextAct = null;
    isByError = byError;
    isLimitTold = false;
  }

  /** The pause is in the checkpoint, which tells what is needed of the slot. */
  void remember(Checkpoint paused) {
    slot.remember(paused);
  }

  /** The pause is over. */
  void ends() {
    watch.ends();
  }

  /** When the pause began; null where there is none. */
  @Nullable Instant since() {
    return watch.since();
  }

  /** How long it takes until {@link #look} is to be called; a day where there is no pause. */
  Duration untilNextLook() {
    Instant now = clock.instant();
    Duration byTime = watch.untilNext(now);
    Instant again = nextAct;
    if (again == null || !watch.isPolicyOpen()) {
      return byTime;
    }
    Duration untilAgain = now.isBefore(again) ? Duration.between(now, again) : Duration.ZERO;
    return byTime.compareTo(untilAgain) < 0 ? byTime : untilAgain;
  }

  /** Takes what was read of the slot; {@link #look} is to follow. */
  void see(Reading reading) {
    if (isPaused()) {
      slot.see(reading);
    }
  }

  private boolean isPaused() {
    if (context.lifecycle().state() != MirrorState.PAUSED) {
      watch.ends();
    }
    return watch.since() != null;
  }

  /**
   * Looks after the mirror.
   *
   * @return whether the policy wants it resumed; if that cannot be, {@link #couldNotResume} is to
   *     be called
   */
  boolean look(StopSignal stop) {
    if (!isPaused()) {
      return false;
    }
    tellOfLength();
    Instant now = clock.instant();
    PausePolicy limits = policy;
    Instant again = nextAct;
    boolean isTooSoon = again != null && now.isBefore(again);
    String reason = isTooSoon ? null : watch.passedLimit(now, slot.retainedBytes());
    if (!isTooSoon && reason == null) {
      nextAct = null;
    }
    return limits != null && reason != null && act(possible(limits.action()), reason, stop);
  }

  private void tellOfLength() {
    Instant now = clock.instant();
    PauseBand band = watch.newBand(now);
    if (band != null) {
      Duration length = watch.length(now);
      if (band != PauseBand.SHORT) {
        context
            .events()
            .info(
                "mirror '" + mirror + "' has been paused for " + length,
                Map.of("band", band.name(), "paused", length.toString()));
      }
      context.lifecycle().tell(listener -> listener.onPauseLength(mirror, band, length));
    }
  }

  /** An error needs a cure, and another's slot is not Bunny's to drop. */
  private PauseAction possible(PauseAction wanted) {
    return switch (wanted) {
      case ALERT -> PauseAction.ALERT;
      case RESUME -> isByError || slot.isLost() ? PauseAction.ALERT : PauseAction.RESUME;
      case DROP_SLOT ->
          context.config().ownsSlot() && !slot.isLost() ? PauseAction.DROP_SLOT : PauseAction.ALERT;
    };
  }

  private boolean act(PauseAction action, String reason, StopSignal stop) {
    if (!isLimitTold) {
      isLimitTold = true;
      context.warn(
          reason + ", which its policy limits; action " + action,
          Map.of("action", action.name(), "reason", reason));
      context.lifecycle().tell(listener -> listener.onPauseLimit(mirror, action, reason));
    }
    // Should it be overtaken by a command, it is due again.
    nextAct = clock.instant();
    switch (action) {
      case ALERT -> watch.limitIsMet();
      case RESUME -> {
        return true;
      }
      case DROP_SLOT -> dropSlot(reason, stop);
    }
    return false;
  }

  private void dropSlot(String reason, StopSignal stop) {
    try {
      slot.drop(reason, watch.since(), stop);
      watch.limitIsMet();
    } catch (SQLException | RuntimeException e) {
      if (!stop.isStopped()) {
        failed(Faults.describe(mirror, e), "its slot could not be dropped");
      }
    }
  }

  /** The mirror could not be resumed; it is tried again where time may cure that. */
  void couldNotResume(MirrorException error) {
    failed(error, "it could not be resumed");
  }

  private void failed(MirrorException error, String what) {
    boolean isHopeless = error instanceof MirrorOwnedException || !Faults.isTransient(error);
    if (isHopeless) {
      watch.limitIsMet();
    }
    nextAct = isHopeless ? null : clock.instant().plus(backoff.next());
    MirrorFailure failure = context.lifecycle().count(error, nextAct);
    context
        .events()
        .warn(
            error.getMessage()
                + "; "
                + what
                + " as its policy says"
                + (isHopeless ? "" : ", which is tried again at " + nextAct),
            Faults.details(failure));
    context.lifecycle().show(error, failure);
  }
}
