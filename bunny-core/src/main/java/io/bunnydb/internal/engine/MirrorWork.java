package io.bunnydb.internal.engine;

import io.bunnydb.Finding;
import io.bunnydb.MirrorException;
import io.bunnydb.MirrorFailure;
import io.bunnydb.MirrorOwnedException;
import io.bunnydb.MirrorState;
import io.bunnydb.ResyncStrategy;
import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.source.LagMonitor.Reading;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.TableCheckpoint;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a mirror can be told: each command, as the mirror's thread carries it out between {@link
 * Sessions}. Used by that thread alone.
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

  /**
   * Replaces the list of tables in the checkpoint.
   *
   * @param checked what is known of the list already; null for nothing
   */
  void updateTables(List<TableMapping> tables, @Nullable CheckedUpdate checked)
      throws SQLException {
    context.standby().refuse("updateTables");
    TableUpdate update = TableUpdate.of(checkpoints.settled(), tables);
    admission.admit(update, checked);
    adopt(update);
  }

  /** Has tables copied again, by the next session; all of them where none is named. */
  void resync(ResyncStrategy strategy, Set<TableName> tables) throws SQLException {
    context.standby().refuse("resync");
    TableUpdate update = TableUpdate.resync(checkpoints.settled(), strategy, tables);
    admission.admit(update);
    adopt(update);
  }

  /** Sets tables aside; the next session goes on without them. */
  void pauseTables(Set<TableName> tables) throws SQLException {
    context.standby().refuse("pauseTables");
    Checkpoint known = checkpoints.settled();
    String neighbours = new ForeignKeyNeighbours(context).sentence(tables);
    keep(SettingAside.pause(known, tables));
    context.note(
        "tables " + sorted(tables) + " are paused, and the slot keeps their changes" + neighbours);
  }

  /** Takes tables back that were set aside, by the next session. */
  void resumeTables(Set<TableName> tables) throws SQLException {
    context.standby().refuse("resumeTables");
    keep(SettingAside.resume(checkpoints.settled(), tables));
    context.note("tables " + sorted(tables) + " go on from where they stand");
  }

  /** Alters destination tables with nothing in flight; afterwards the mirror is what it was. */
  void alterDestination(SchemaAlteration alteration, StopSignal stop) throws SQLException {
    context.standby().refuse("syncSchema");
    alteration.run(context, checkpoints, stop);
    sessions.tablesAltered();
  }

  private void adopt(TableUpdate update) throws SQLException {
    keep(update.result());
    context.note(
        "its tables are "
            + names(update.result().tables().stream().map(TableCheckpoint::mapping).toList())
            + (update.added().isEmpty() ? "" : "; to be copied: " + names(update.added())));
  }

  /** The next session goes by this; whoever waited for the command sees what it leads to. */
  private void keep(Checkpoint changed) throws SQLException {
    checkpoints.save(changed);
    context.tables().follow(changed);
    context.progress().begins(changed.position(), Joining.isJoined(changed));
    pauseGuard.remember(changed);
    if (sessions.areToRun()) {
      lifecycle.moveIfPossible(Session.state(changed));
    }
  }

  private static String sorted(Set<TableName> tables) {
    return String.join(", ", tables.stream().sorted().map(TableName::toString).toList());
  }

  private static String names(List<TableMapping> tables) {
    return String.join(", ", tables.stream().map(table -> table.source().toString()).toList());
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
