package io.bunnydb.internal.engine;

import io.bunnydb.Finding;
import io.bunnydb.Lsn;
import io.bunnydb.MirrorException;
import io.bunnydb.MirrorFailure;
import io.bunnydb.MirrorOwnedException;
import io.bunnydb.MirrorState;
import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.internal.apply.Applier.InProgressException;
import io.bunnydb.internal.apply.Applier.TextNeededException;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.catalog.StopSignal.StoppedException;
import io.bunnydb.internal.source.LagMonitor.Reading;
import io.bunnydb.internal.source.ReplicationStream.Content;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.TableCheckpoint;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the mirror's thread does: the commands, and the sessions between them with what follows from
 * their errors. Used by that thread alone.
 */
final class MirrorWork implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(MirrorWork.class);

  private final MirrorContext context;
  private final MirrorConfig config;
  private final Lifecycle lifecycle;
  private final Checkpoints checkpoints;
  private final SetUp setUp;
  private final Admission admission;
  private final PauseGuard pauses;
  private final Backoff backoff = new Backoff();
  private boolean isToRun;
  private boolean isPauseToNote;

  // Its set-up is that of a mirror which has lived before, and is never taken back.
  private boolean isBegunAnew;

  // What the next session may have the source send.
  private Content content;

  MirrorWork(MirrorContext context) {
    this.context = context;
    this.config = context.config();
    this.lifecycle = context.lifecycle();
    this.checkpoints = new Checkpoints(config, context.destination());
    this.setUp = new SetUp(context, checkpoints);
    this.admission = new Admission(context);
    this.pauses = new PauseGuard(context, checkpoints, Clock.systemUTC());
    this.content = everything();
  }

  private Content everything() {
    return new Content(true, config.options().isBinary());
  }

  /** Whether sessions are to run while there is no command, or it stands by. */
  boolean isToRun() {
    return isToRun || context.standby().owner() != null;
  }

  /** Whether there is nothing left to do, as the mirror was deleted while it stood by. */
  boolean isOver() {
    return context.standby().isOver();
  }

  // ---- sessions ----

  /**
   * Runs one session to its end, or looks once whether the mirror can be taken over.
   *
   * @return how long to wait before the next; zero for not at all
   */
  Duration runSession(StopSignal stop) throws InterruptedException {
    if (context.standby().owner() != null) {
      return context.standby().run(context, this::takeUp, stop);
    }
    Lsn before = context.progress().applied();
    lifecycle.attemptBegins();
    try {
      if (lifecycle.state() == MirrorState.CREATED) {
        lifecycle.moveIfPossible(MirrorState.SETTING_UP);
      }
      try (Session session = Session.open(context, checkpoints, setUp, stop)) {
        session.prove();
        session.run(content);
      }
      hasProgressed();
      return Duration.ZERO;
    } catch (StoppedException e) {
      LOG.debug("mirror '{}': stopped", config.name());
      return Duration.ZERO;
    } catch (SQLException | RuntimeException | Error e) {
      if (stop.isStopped()) {
        LOG.debug("mirror '{}': stopped, and rolled back what was in flight", config.name(), e);
        return Duration.ZERO;
      }
      if (lifecycle.hasProgressed() || !before.equals(context.progress().applied())) {
        hasProgressed();
      }
      if (e instanceof TextNeededException) {
        note("values are sent as text from now on; " + rootMessage(e));
        content = content.asText();
        return Duration.ZERO;
      }
      if (e instanceof InProgressException) {
        note(
            "until this session ends, large transactions are applied when they have committed on"
                + " the source; "
                + rootMessage(e));
        LOG.debug("mirror '{}': what could not be applied before", config.name(), e);
        content = content.whenCommitted();
        return Duration.ZERO;
      }
      return meet(Faults.describe(config.name(), e));
    }
  }

  private void note(String what) {
    context.events().info("mirror '" + config.name() + "': " + what, Map.of());
  }

  private void hasProgressed() {
    backoff.reset();
    lifecycle.progressed();
    content = new Content(true, content.isBinary());
  }

  private static String rootMessage(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage());
  }

  private Duration meet(MirrorException error) {
    if (Faults.isTransient(error)) {
      Duration wait = backoff.next();
      MirrorFailure failure = lifecycle.count(error, Instant.now().plus(wait));
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
    isToRun = false;
    LOG.debug("mirror '{}' stops", config.name(), error);
    if (lifecycle.state() == MirrorState.SETTING_UP && !isBegunAnew && !hasPosition()) {
      fail(error);
    } else {
      pauseBy(error);
    }
    return Duration.ZERO;
  }

  /**
   * Whether the set-up got as far as a slot's position; it is not taken back then, nor where the
   * checkpoint has vanished and nothing tells.
   */
  private boolean hasPosition() {
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
    pauses.begins(true);
    try {
      if (Faults.isToRemember(failure.kind())) {
        rememberPaused(true, KeptFailure.toText(failure));
      } else {
        isPauseToNote = true; // should an operator pause it, too
      }
    } catch (SQLException | RuntimeException e) {
      isPauseToNote = true;
      error.addSuppressed(e);
      context
          .events()
          .warn(
              "mirror '"
                  + config.name()
                  + "': that it is paused could not be noted; started again, it will try once more: "
                  + e.getMessage(),
              Map.of());
    }
    lifecycle.stopBy(error, failure, MirrorState.PAUSED);
  }

  private void rememberPaused(boolean isPaused, @Nullable String error) throws SQLException {
    Checkpoint noted =
        checkpoints
            .require()
            .withPaused(isPaused, error)
            .withPausedSince(isPaused ? pauses.since() : null);
    checkpoints.save(noted);
    if (isPaused) {
      pauses.remember(noted);
    }
  }

  // ---- commands ----

  /** Takes up a mirror that the store knows, begins a new one, or begins to stand by. */
  void open(StopSignal stop) throws SQLException {
    try {
      takeUp(stop);
    } catch (MirrorOwnedException e) {
      if (!config.options().operation().isStandby()) {
        throw e;
      }
      context.standby().begin(context, e, stop);
    }
  }

  private void takeUp(StopSignal stop) throws SQLException {
    Optional<Checkpoint> known = checkpoints.load();
    if (known.isEmpty()) {
      create(stop);
      return;
    }
    Checkpoint checkpoint = known.get();
    isBegunAnew = Recreation.isUnfinished(checkpoint);
    refuseOtherNames(checkpoint);
    context.tables().follow(checkpoint);
    context.progress().begins(checkpoint.position(), false);
    context
        .events()
        .info(
            "mirror '"
                + config.name()
                + "' goes on from "
                + checkpoint.position()
                + " with "
                + checkpoint.tables().size()
                + " tables",
            Map.of("lsn", checkpoint.position().toString()));
    tellOfOtherTables(checkpoint);
    if (!checkpoint.paused()) {
      isToRun = true;
      return;
    }
    if (checkpoint.error() != null) {
      KeptFailure kept = KeptFailure.read(config.name(), checkpoint.error(), lifecycle.startedAt());
      lifecycle.show(kept.error(), kept.failure());
    }
    pauses.goesOn(checkpoint);
    lifecycle.moveTo(MirrorState.PAUSED);
  }

  private void tellOfOtherTables(Checkpoint checkpoint) {
    if (!new KnownMirror(config, checkpoint).hasTheBuildersTables()) {
      note(
          "the builder names other tables than the checkpoint, which counts; change them with"
              + " updateTables");
    }
  }

  private void refuseOtherNames(Checkpoint checkpoint) {
    Optional<Finding> otherNames = new KnownMirror(config, checkpoint).otherNames();
    if (otherNames.isPresent()) {
      throw new MirrorException(config.name(), otherNames.get().toString(), null);
    }
  }

  private void create(StopSignal stop) throws SQLException {
    Checkpoint created = admission.admit(stop);
    checkpoints.save(created);
    context.tables().follow(created);
    lifecycle.moveTo(MirrorState.SETTING_UP);
    isToRun = true;
  }

  /** Stays paused until resumed; nothing writes any more when this is called. */
  void pause(StopSignal stop) throws SQLException {
    context.standby().refuse("pause");
    if (isToRun) {
      isToRun = false;
      lifecycle.error(null);
      isPauseToNote = true;
      pauses.begins(false);
    }
    try {
      if (isPauseToNote) {
        rememberPaused(true, null);
        isPauseToNote = false;
      }
    } finally {
      lifecycle.moveIfPossible(MirrorState.PAUSED);
    }
  }

  /** Proves that the mirror can go on, and lets it; a set-up that failed is begun anew. */
  void resume(StopSignal stop) throws SQLException {
    if (lifecycle.state() == MirrorState.FAILED) {
      create(stop);
      lifecycle.error(null);
      return;
    }
    try {
      proveAndGoOn(stop);
    } catch (SQLException | RuntimeException e) {
      throw notResumed("resume", e, stop);
    }
  }

  private void proveAndGoOn(StopSignal stop) throws SQLException {
    // Opened for its proof alone; the session that works follows when the command is done.
    try (Session session = Session.open(context, checkpoints, setUp, stop)) {
      session.prove();
      rememberPaused(false, null);
      goOn(session.state());
    }
  }

  /** Makes anew what the mirror has on the source, and lets it copy all of its tables. */
  void recreate(StopSignal stop) throws SQLException, InterruptedException {
    isBegunAnew = true;
    try {
      Checkpoint made = new Recreation(context, checkpoints, setUp, admission).run(pauses, stop);
      context.tables().follow(made);
      context.progress().begins(made.position(), false);
      goOn(MirrorState.SNAPSHOT);
    } catch (SQLException | RuntimeException e) {
      throw notResumed("recreate", e, stop);
    }
  }

  private void goOn(MirrorState state) {
    isPauseToNote = false;
    pauses.ends();
    lifecycle.error(null);
    lifecycle.moveIfPossible(state);
    backoff.reset();
    content = everything();
    isToRun = true;
  }

  private MirrorException notResumed(String command, Exception e, StopSignal stop) {
    if (stop.isStopped()) {
      return new MirrorException(
          config.name(), command + " was overtaken by another command; it is still paused", e);
    }
    MirrorException error = Faults.describe(config.name(), e);
    MirrorFailure failure = lifecycle.count(error, null);
    context.events().info(error.getMessage() + "; not resumed", Faults.details(failure));
    lifecycle.show(error, failure);
    return error;
  }

  /** How long it takes until {@link #lookAfterPause} is to be called. */
  Duration untilPauseLook() {
    return pauses.untilNextLook();
  }

  /** Takes what was read of the slot, and looks after a pause. */
  void seeSlot(Reading reading, StopSignal stop) {
    pauses.see(reading);
    lookAfterPause(stop);
  }

  /** Looks after a pause, and resumes the mirror if the policy says so. */
  void lookAfterPause(StopSignal stop) {
    if (!pauses.look(stop)) {
      return;
    }
    try {
      proveAndGoOn(stop);
    } catch (SQLException | RuntimeException e) {
      if (!stop.isStopped()) {
        pauses.couldNotResume(Faults.describe(config.name(), e));
      }
    }
  }

  /** Replaces the list of tables in the checkpoint. */
  void updateTables(List<TableMapping> tables) throws SQLException {
    adopt(TableUpdate.of(checkpoints.require(), tables));
  }

  /** Has tables copied again, by the next session; all of them where none is named. */
  void resync(Set<TableName> tables) throws SQLException {
    context.standby().refuse("resync");
    Checkpoint known = checkpoints.require();
    adopt(tables.isEmpty() ? TableUpdate.anew(known) : TableUpdate.anew(known, tables));
  }

  private void adopt(TableUpdate update) throws SQLException {
    admission.admit(update);
    checkpoints.save(update.result());
    context.tables().follow(update.result());
    context.progress().begins(update.result().position(), Joining.isJoined(update.result()));
    note(
        "its tables are "
            + names(update.result().tables().stream().map(TableCheckpoint::mapping).toList())
            + (update.added().isEmpty() ? "" : "; to be copied: " + names(update.added())));
  }

  private static String names(List<TableMapping> tables) {
    return String.join(", ", tables.stream().map(table -> table.source().toString()).toList());
  }

  /** Begins anew with the shortest wait between attempts. */
  void hurry(StopSignal stop) {
    backoff.reset();
  }

  /** Deletes the mirror, and does nothing more. */
  void drop(StopSignal stop) throws InterruptedException {
    context.standby().refuse("drop");
    isToRun = false;
    new Removal(context, checkpoints, setUp, admission).run();
  }

  /** Lets go of what only work needs: a paused mirror keeps no control connection to the source. */
  void rest() {
    context.control().close();
  }

  /** Ends both sides' sessions. */
  @Override
  public void close() {
    rest();
    context.standby().close();
    context.destination().close();
  }
}
