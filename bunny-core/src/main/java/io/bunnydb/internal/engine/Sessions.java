package io.bunnydb.internal.engine;

import io.bunnydb.ErrorKind;
import io.bunnydb.Lsn;
import io.bunnydb.MirrorException;
import io.bunnydb.MirrorFailure;
import io.bunnydb.MirrorState;
import io.bunnydb.internal.apply.Applier.InProgressException;
import io.bunnydb.internal.apply.Applier.TextNeededException;
import io.bunnydb.internal.catalog.ErrorKinds;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.catalog.StopSignal.StoppedException;
import io.bunnydb.internal.source.ReplicationStream.Content;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs one {@link Session} after the other, and does what follows from their errors: another
 * attempt, a pause, or the set-up is taken back. Used by the mirror's thread.
 */
final class Sessions {
  private static final Logger LOG = LoggerFactory.getLogger(Sessions.class);

  private final MirrorContext context;
  private final MirrorConfig config;
  private final Lifecycle lifecycle;
  private final Checkpoints checkpoints;
  private final SetUp setUp;
  private final Shadows shadows;
  private final Pause pause;
  private final Quarantine quarantine;
  private final SchemaCure cure;
  private final Backoff backoff = new Backoff();
  private boolean areToRun;

  // What the next one may have the source send.
  private Content content;

  Sessions(
      MirrorContext context, Checkpoints checkpoints, SetUp setUp, Shadows shadows, Pause pause) {
    this.context = context;
    this.config = context.config();
    this.lifecycle = context.lifecycle();
    this.checkpoints = checkpoints;
    this.setUp = setUp;
    this.shadows = shadows;
    this.pause = pause;
    this.quarantine = new Quarantine(context, checkpoints);
    this.cure = new SchemaCure(context, checkpoints);
    this.content = everything();
  }

  private Content everything() {
    return new Content(true, config.options().isBinary());
  }

  /** Whether they are to run while there is no command. */
  boolean areToRun() {
    return areToRun;
  }

  /** Lets them run; what the last ones met does not count any more. */
  void begin() {
    backoff.reset();
    content = everything();
    context.constraints().forgetRefusals();
    context.fruitlessScans().forget();
    areToRun = true;
  }

  /** Lets values come in binary form again, where the types of both sides may be the same now. */
  void tablesAltered() {
    content = everything();
  }

  /** Lets none begin any more. */
  void end() {
    areToRun = false;
  }

  /** Begins anew with the shortest wait between attempts. */
  void hurry() {
    backoff.reset();
  }

  /**
   * Runs one session to its end.
   *
   * @return how long to wait before the next; zero for not at all
   */
  Duration run(StopSignal stop) throws InterruptedException {
    lifecycle.attemptBegins();
    try {
      if (lifecycle.state() == MirrorState.CREATED) {
        lifecycle.moveIfPossible(MirrorState.SETTING_UP);
      }
      try (Session session = Session.open(context, checkpoints, setUp, stop)) {
        session.prove();
        session.run(content, cure.singlyUntil());
      }
      lifecycle.progressed();
      comesFurther();
      return Duration.ZERO;
    } catch (StoppedException e) {
      LOG.debug("mirror '{}': stopped", config.name());
      return Duration.ZERO;
    } catch (SQLException | RuntimeException | Error e) {
      if (stop.isStopped()) {
        LOG.debug("mirror '{}': stopped, and rolled back what was in flight", config.name(), e);
        return Duration.ZERO;
      }
      if (lifecycle.hasProgressed()) {
        comesFurther();
      }
      return isSentOtherwise(e) ? Duration.ZERO : meet(Faults.describe(config.name(), e), stop);
    }
  }

  private void comesFurther() {
    backoff.reset();
    content = new Content(true, content.isBinary());
  }

  /** Whether the next session can do without what has ended this one. */
  private boolean isSentOtherwise(Throwable e) {
    if (e instanceof TextNeededException) {
      context.note("values are sent as text from now on; " + rootMessage(e));
      content = content.asText();
      return true;
    }
    if (e instanceof InProgressException) {
      context.note(
          "until this session ends, large transactions are applied when they have committed on the"
              + " source; "
              + rootMessage(e));
      LOG.debug("mirror '{}': what could not be applied before", config.name(), e);
      content = content.whenCommitted();
      return true;
    }
    return false;
  }

  private static String rootMessage(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage());
  }

  private Duration meet(MirrorException error, StopSignal stop) {
    if (Faults.isTransient(error)) {
      return tryAgain(error);
    }
    if (isOfSwap(error)) {
      return Duration.ZERO;
    }
    try {
      if (cure.cure(error, stop)) {
        tablesAltered();
        return Duration.ZERO;
      }
    } catch (StoppedException e) {
      LOG.debug("mirror '{}': stopped", config.name(), e);
      return Duration.ZERO;
    } catch (SQLException | MirrorException e) {
      if (stop.isStopped()) {
        LOG.debug("mirror '{}': stopped", config.name(), e);
        return Duration.ZERO;
      }
      MirrorException uncured = Faults.describe(config.name(), e);
      if (Faults.isTransient(uncured)) {
        return tryAgain(uncured);
      }
      error.addSuppressed(uncured);
    }
    if (quarantine.takes(error)) {
      return quarantine(error, stop);
    }
    areToRun = false;
    LOG.debug("mirror '{}' stops", config.name(), error);
    // A source that is not the one where it was begun holds nothing that could be taken back.
    boolean isOfSource = ErrorKinds.of(error) != ErrorKind.SLOT_LOST;
    if (lifecycle.state() == MirrorState.SETTING_UP && isOfSource && !wasSetUp()) {
      fail(error);
    } else {
      pauseBy(error);
    }
    return Duration.ZERO;
  }

  /** Whether the mirror can go on without what the error has ended. */
  private boolean isOfSwap(MirrorException error) {
    try {
      return shadows.giveUp(error);
    } catch (SQLException | RuntimeException e) {
      error.addSuppressed(e);
      return false;
    }
  }

  /** The next session goes on without the error's table. */
  private Duration quarantine(MirrorException error, StopSignal stop) {
    LOG.debug("mirror '{}': a table is set aside", config.name(), error);
    try {
      quarantine.admit(error);
      backoff.reset();
      return Duration.ZERO;
    } catch (SQLException | RuntimeException e) {
      MirrorException failed = Faults.describe(config.name(), e);
      failed.addSuppressed(error);
      return meet(failed, stop);
    }
  }

  private Duration tryAgain(MirrorException error) {
    Duration wait = backoff.next();
    MirrorFailure failure = lifecycle.count(error, Instant.now().plus(wait));
    if (failure.kind() == ErrorKind.CONNECTION) {
      // The one that is kept may lead to a server that has lost its part to another.
      context.control().close();
    }
    context
        .events()
        .warn(
            error.getMessage()
                + "; attempt "
                + failure.attempts()
                + " failed, the next follows in "
                + wait.toMillis()
                + " ms",
            Faults.details(failure));
    lifecycle.show(error, failure);
    return wait;
  }

  /**
   * Whether the mirror's first set-up was completed; it is not taken back then, nor where the
   * checkpoint has vanished and nothing tells.
   */
  private boolean wasSetUp() {
    try {
      return checkpoints.load().map(c -> !c.position().equals(Lsn.ZERO)).orElse(true);
    } catch (SQLException | RuntimeException e) {
      LOG.debug("mirror '{}': its checkpoint cannot be read", config.name(), e);
      return true;
    }
  }

  private void fail(MirrorException error) {
    MirrorFailure failure = lifecycle.count(error, null);
    context
        .events()
        .error(error.getMessage() + "; the set-up is taken back", Faults.details(failure));
    try {
      setUp.undo(context.control().get(), context.destination().connection());
    } catch (SQLException | RuntimeException e) {
      error.addSuppressed(e);
      context
          .events()
          .error(
              "mirror '"
                  + config.name()
                  + "': the set-up could not be taken back; drop() it: "
                  + e.getMessage(),
              Map.of());
    }
    lifecycle.stopBy(error, failure, MirrorState.FAILED);
  }

  private void pauseBy(MirrorException error) {
    MirrorFailure failure = lifecycle.count(error, null);
    context.events().error(error.getMessage() + "; paused", Faults.details(failure));
    pause.begins(true);
    try {
      // What is not noted is if an operator pauses it, too.
      if (Faults.isToRemember(failure.kind())) {
        pause.note(KeptFailure.toText(failure));
      }
    } catch (SQLException | RuntimeException e) {
      error.addSuppressed(e);
      context.warn(
          "that it is paused could not be noted; started again, it will try once more: "
              + e.getMessage(),
          Map.of());
    }
    lifecycle.stopBy(error, failure, MirrorState.PAUSED);
  }
}
