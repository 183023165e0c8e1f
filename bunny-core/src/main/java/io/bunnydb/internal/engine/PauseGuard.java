package io.bunnydb.internal.engine;

import io.bunnydb.Lsn;
import io.bunnydb.MirrorException;
import io.bunnydb.MirrorOwnedException;
import io.bunnydb.MirrorState;
import io.bunnydb.PauseAction;
import io.bunnydb.PauseBand;
import io.bunnydb.SlotLostException;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.source.ReplicationSlot;
import io.bunnydb.spi.Checkpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks after a paused mirror: tells how long the pause lasts, goes by the policy for it, and
 * notices a slot that is lost meanwhile. Used by the mirror's thread.
 */
final class PauseGuard {
  private static final Logger LOG = LoggerFactory.getLogger(PauseGuard.class);
  private static final Duration SLOT_INTERVAL = Duration.ofSeconds(5);
  private static final int ANSWER_MILLIS = 10_000;

  private final MirrorContext context;
  private final String mirror;
  private final @Nullable PausePolicy policy;
  private final Checkpoints checkpoints;
  private final Clock clock;
  private final PauseWatch watch;
  private Instant nextSlotLook = Instant.MIN;
  private @Nullable Checkpoint noted;
  private boolean isByError;
  private boolean isLossKnown;
  private boolean isLimitTold;

  PauseGuard(MirrorContext context, Checkpoints checkpoints, Clock clock) {
    this.context = context;
    this.mirror = context.config().name();
    this.policy = context.config().options().operation().pausePolicy();
    this.checkpoints = checkpoints;
    this.clock = clock;
    this.watch = new PauseWatch(policy);
  }

  /** A pause begins now. */
  void begins(boolean byError) {
    begins(clock.instant(), byError);
  }

  /** A pause was begun by an earlier process. */
  void goesOn(Checkpoint paused) {
    Instant since = paused.pausedSince();
    begins(since == null ? clock.instant() : since, paused.error() != null);
    noted = paused;
  }

  private void begins(Instant at, boolean byError) {
    watch.begins(at);
    isByError = byError;
    isLossKnown = false;
    isLimitTold = false;
    noted = null;
    Instant now = clock.instant();
    nextSlotLook = policy == null ? now.plus(SLOT_INTERVAL) : now;
  }

  /** The pause is in the checkpoint, which tells what is needed of the slot. */
  void remember(Checkpoint paused) {
    noted = paused;
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
    if (watch.since() == null || !(watch.isPolicyOpen() || isSlotToWatch())) {
      return byTime;
    }
    Duration bySlot =
        now.isBefore(nextSlotLook) ? Duration.between(now, nextSlotLook) : Duration.ZERO;
    return byTime.compareTo(bySlot) < 0 ? byTime : bySlot;
  }

  private boolean isSlotToWatch() {
    return noted != null && !isLossKnown;
  }

  /**
   * Looks after the mirror.
   *
   * @return whether the policy wants it resumed; if that cannot be, {@link #couldNotResume} is to
   *     be called
   */
  boolean look(StopSignal stop) {
    if (context.lifecycle().state() != MirrorState.PAUSED) {
      watch.ends();
    }
    if (watch.since() == null) {
      return false;
    }
    tellOfLength();
    long retained = 0;
    if (!clock.instant().isBefore(nextSlotLook)) {
      nextSlotLook = clock.instant().plus(SLOT_INTERVAL);
      retained = isSlotToWatch() ? lookAtSlot(stop) : 0;
    }
    PausePolicy limits = policy;
    String reason = watch.passedLimit(clock.instant(), retained);
    return limits != null && reason != null && act(possible(limits.action()), reason, stop);
  }

  private void tellOfLength() {
    Instant now = clock.instant();
    PauseBand band = watch.newBand(now);
    if (band != null) {
      Duration length = watch.length(now);
      if (band != PauseBand.SHORT) {
        LOG.info("mirror '{}' has been paused for {}", mirror, length);
      }
      context.lifecycle().tell(listener -> listener.onPauseLength(mirror, band, length));
    }
  }

  /** Notices that the slot is lost; returns what it retains, 0 where that is not known. */
  private long lookAtSlot(StopSignal stop) {
    Checkpoint paused = noted;
    if (paused == null || paused.position().equals(Lsn.ZERO)) {
      return 0;
    }
    try {
      return onSource(
          stop,
          source -> {
            SourceProof.checkSlot(paused, source);
            return ReplicationSlot.retainedBytes(source, paused.slot());
          });
    } catch (SlotLostException e) {
      isLossKnown = true;
      LOG.warn("{}; paused already", e.getMessage());
      context.lifecycle().error(e);
      return 0;
    } catch (SQLException | RuntimeException e) {
      LOG.debug("mirror '{}': its slot could not be looked at while it is paused", mirror, e);
      return 0;
    }
  }

  /** Something that the source is asked. */
  private interface Question<T> {
    T ask(Connection source) throws SQLException;
  }

  /** A paused mirror keeps no connection to the source, so there is one for each question. */
  private <T> T onSource(StopSignal stop, Question<T> question) throws SQLException {
    Connection source = context.control().get();
    try {
      source.setNetworkTimeout(Runnable::run, ANSWER_MILLIS);
      stop.guard(source);
      return question.ask(source);
    } finally {
      stop.release(source);
      context.control().close();
    }
  }

  /** An error needs a cure, and another's slot is not Bunny's to drop. */
  private PauseAction possible(PauseAction wanted) {
    return switch (wanted) {
      case ALERT -> PauseAction.ALERT;
      case RESUME -> isByError || isLossKnown ? PauseAction.ALERT : PauseAction.RESUME;
      case DROP_SLOT ->
          context.config().ownsSlot() && !isLossKnown ? PauseAction.DROP_SLOT : PauseAction.ALERT;
    };
  }

  private boolean act(PauseAction action, String reason, StopSignal stop) {
    if (!isLimitTold) {
      isLimitTold = true;
      LOG.warn("mirror '{}': {}, which its policy limits; action {}", mirror, reason, action);
      context.lifecycle().tell(listener -> listener.onPauseLimit(mirror, action, reason));
    }
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
    String slot = context.config().slot();
    try {
      // Another may have taken the mirror over, or gone on with it; then the slot is in use.
      Checkpoint known = checkpoints.require();
      if (!known.paused()) {
        watch.limitIsMet();
        return;
      }
      onSource(
          stop,
          source -> {
            ReplicationSlot.drop(source, slot);
            return true;
          });
    } catch (MirrorOwnedException e) {
      watch.limitIsMet();
      LOG.warn("{}; its slot is not dropped", e.getMessage());
      return;
    } catch (SQLException | RuntimeException e) {
      LOG.warn("mirror '{}': slot {} could not be dropped, which is tried again", mirror, slot, e);
      return;
    }
    watch.limitIsMet();
    isLossKnown = true;
    isByError = true;
    MirrorException error =
        new SlotLostException(
            mirror,
            reason
                + ", so its policy had replication slot "
                + slot
                + " dropped; call recreate(), which copies every table again",
            null);
    context.lifecycle().error(error);
    try {
      checkpoints.save(
          checkpoints
              .require()
              .withPaused(true, error.getMessage())
              .withPausedSince(watch.since()));
    } catch (SQLException | RuntimeException e) {
      LOG.warn("mirror '{}': why its slot was dropped could not be noted", mirror, e);
    }
  }

  /** The mirror could not be resumed; it is tried again where time may cure that. */
  void couldNotResume(MirrorException error) {
    if (error instanceof MirrorOwnedException || !Faults.isTransient(error)) {
      watch.limitIsMet();
      isByError = true;
    }
    LOG.warn("{}; it could not be resumed as its policy says", error.getMessage());
  }
}
