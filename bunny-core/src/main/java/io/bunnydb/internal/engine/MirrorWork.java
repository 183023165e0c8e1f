package io.bunnydb.internal.engine;

import io.bunnydb.Finding;
import io.bunnydb.MirrorException;
import io.bunnydb.MirrorFailure;
import io.bunnydb.MirrorOwnedException;
import io.bunnydb.MirrorState;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.source.LagMonitor.Reading;
import io.bunnydb.spi.Checkpoint;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * What a mirror can be told: each command, as the mirror's thread carries it out between {@link
 * Sessions}, or between two transactions of one. Used by that thread alone.
 */
final class MirrorWork implements AutoCloseable {
  private final MirrorContext context;
  private final MirrorConfig config;
  private final Lifecycle lifecycle;
  private final Checkpoints checkpoints;
  private final Shadows shadows;
  private final SetUp setUp;
  private final Admission admission;
  private final PauseGuard pauseGuard;
  private final Pause pause;
  private final Sessions sessions;
  private final TableWork tables;

  MirrorWork(MirrorContext context) {
    this.context = context;
    this.config = context.config();
    this.lifecycle = context.lifecycle();
    this.checkpoints = new Checkpoints(config, context.destination());
    this.shadows = new Shadows(context, checkpoints);
    this.setUp = new SetUp(context, checkpoints, shadows);
    this.admission = new Admission(context);
    this.pauseGuard = new PauseGuard(context, checkpoints, Clock.systemUTC());
    this.pause = new Pause(checkpoints, pauseGuard);
    this.sessions = new Sessions(context, checkpoints, setUp, shadows, pause);
    this.tables = new TableWork(context, checkpoints, admission, pauseGuard, sessions);
  }

  /** Whether sessions are to run while there is no command, or it stands by. */
  boolean isToRun() {
    return sessions.areToRun() || context.standby().owner() != null;
  }

  /** Whether there is nothing left to do, as the mirror was deleted while it stood by. */
  boolean isOver() {
    return context.standby().isOver();
  }

  /**
   * Runs one session to its end, or looks once whether the mirror can be taken over.
   *
   * @return how long to wait before the next; zero for not at all
   */
  Duration runSession(StopSignal stop) throws InterruptedException {
    return context.standby().owner() != null
        ? context.standby().run(context, this::takeUp, stop)
        : sessions.run(stop);
  }

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
      sessions.begin();
      return;
    }
    if (checkpoint.error() != null) {
      KeptFailure kept = KeptFailure.read(config.name(), checkpoint.error(), lifecycle.startedAt());
      lifecycle.show(kept.error(), kept.failure());
    }
    pause.goesOn(checkpoint);
    lifecycle.moveTo(MirrorState.PAUSED);
  }

  private void tellOfOtherTables(Checkpoint checkpoint) {
    if (!new KnownMirror(config, checkpoint).hasTheBuildersTables()) {
      context.note(
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
    sessions.begin();
  }

  /** Stays paused until resumed; nothing writes any more when this is called. */
  void pause(StopSignal stop) throws SQLException {
    context.standby().refuse("pause");
    if (sessions.areToRun()) {
      sessions.end();
      lifecycle.error(null);
      pause.begins(false);
    }
    try {
      pause.note(null);
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
      pause.lift();
      goOn(session.state());
    }
  }

  /** Makes anew what the mirror has on the source, and lets it copy all of its tables. */
  void recreate(StopSignal stop) throws SQLException, InterruptedException {
    try {
      Checkpoint made =
          new Recreation(context, checkpoints, setUp, admission).run(pauseGuard, stop);
      context.tables().follow(made);
      context.progress().begins(made.position(), false);
      goOn(MirrorState.SNAPSHOT);
    } catch (SQLException | RuntimeException e) {
      throw notResumed("recreate", e, stop);
    }
  }

  private void goOn(MirrorState state) {
    pause.ends();
    lifecycle.error(null);
    lifecycle.moveIfPossible(state);
    sessions.begin();
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
    return pauseGuard.untilNextLook();
  }

  /** Takes what was read of the slot, and looks after a pause. */
  void seeSlot(Reading reading, StopSignal stop) {
    pauseGuard.see(reading);
    lookAfterPause(stop);
  }

  /** Looks after a pause, and resumes the mirror if the policy says so. */
  void lookAfterPause(StopSignal stop) {
    if (!pauseGuard.look(stop)) {
      return;
    }
    try {
      proveAndGoOn(stop);
    } catch (SQLException | RuntimeException e) {
      if (!stop.isStopped()) {
        pauseGuard.couldNotResume(Faults.describe(config.name(), e));
      }
    }
  }

  /** What it can be told of its tables. */
  TableWork tables() {
    return tables;
  }

  /** Alters destination tables with nothing in flight; afterwards the mirror is what it was. */
  void alterDestination(SchemaAlteration alteration, StopSignal stop) throws SQLException {
    context.standby().refuse("syncSchema");
    alteration.run(context, checkpoints, stop);
    sessions.tablesAltered();
  }

  /** Begins anew with the shortest wait between attempts. */
  void hurry(StopSignal stop) {
    sessions.hurry();
  }

  /** Deletes the mirror, and does nothing more. */
  void drop(StopSignal stop) throws InterruptedException {
    context.standby().refuse("drop");
    sessions.end();
    new Removal(context, checkpoints, setUp, shadows, admission).run();
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
