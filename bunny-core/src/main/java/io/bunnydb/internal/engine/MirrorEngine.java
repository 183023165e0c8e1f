package io.bunnydb.internal.engine;

import io.bunnydb.EventPage;
import io.bunnydb.EventQuery;
import io.bunnydb.Lsn;
import io.bunnydb.MirrorException;
import io.bunnydb.MirrorState;
import io.bunnydb.MirrorStatus;
import io.bunnydb.SchemaChange;
import io.bunnydb.SequenceSync;
import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.VerifyOptions;
import io.bunnydb.VerifyReport;
import io.bunnydb.internal.schema.SequenceCopier;
import io.bunnydb.internal.source.LagMonitor;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A running mirror, as its handle sees it: passes commands to the mirror's thread and answers
 * questions. Thread-safe.
 */
public final class MirrorEngine {
  private final MirrorConfig config;
  private final MirrorContext context;
  private final Lifecycle lifecycle;
  private final LagMonitor lag;
  private final MirrorThread thread;
  private final SlotGuard guard;
  private final SchemaSync schema;
  private final RepairGate repairs;
  private final Verification verification;

  private MirrorEngine(MirrorConfig config) {
    this.config = config;
    this.context = MirrorContext.of(config);
    this.lifecycle = context.lifecycle();
    this.lag = new LagMonitor(context.source(), context.control()::mayLeadTo, config.slot());
    this.thread = new MirrorThread(context);
    this.guard = new SlotGuard(context, lag, thread);
    this.schema = new SchemaSync(context, thread);
    this.repairs = new RepairGate(lifecycle);
    this.verification = new Verification(context, repairs);
  }

  /**
   * Starts a mirror; returns when it has been checked, or is known already.
   *
   * @throws MirrorException if it is refused; then nothing runs and nothing was created
   */
  public static MirrorEngine start(MirrorConfig config) {
    MirrorEngine engine = new MirrorEngine(config);
    engine.thread.start(engine.guard::end);
    engine.guard.start();
    return engine;
  }

  /** Stops writing and keeps everything. */
  public void pause() {
    MirrorState state = refuseCommand("pause");
    if (state == MirrorState.FAILED) {
      throw new IllegalStateException(
          "mirror '"
              + config.name()
              + "' is FAILED and cannot become PAUSED; retry() or drop() it");
    }
    if (state != MirrorState.PAUSED) {
      lifecycle.moveIfPossible(MirrorState.PAUSING);
    }
    // Also where it is paused: it may be resuming, or its pause could not be noted.
    repairs.apart(() -> thread.interruptAndCall(MirrorWork::pause));
  }

  /** Goes on from the checkpoint. */
  public void resume() {
    MirrorState state = refuseCommand("resume");
    switch (state) {
      case PAUSED, PAUSING, FAILED, SYNCING_SCHEMA -> thread.callUnlessRunning(MirrorWork::resume);
      case CREATED, SETTING_UP, SNAPSHOT, RUNNING, RESYNCING, TERMINATING, TERMINATED -> {}
    }
  }

  /** Tries again at once. */
  public void retry() {
    if (context.standby().owner() != null) {
      thread.refuseListeners();
      thread.hurry();
      return;
    }
    MirrorState state = refuseCommand("retry");
    boolean isStopped = state == MirrorState.PAUSED || state == MirrorState.FAILED;
    if (isStopped && lifecycle.error() != null) {
      resume();
    } else {
      thread.hurry();
    }
  }

  /** Replaces the list of tables. */
  public void updateTables(List<TableMapping> tables) {
    List<TableMapping> checked = MirrorConfig.checkTables(config.name(), tables);
    callWhilePaused("updateTables", (work, stop) -> work.updateTables(checked));
  }

  /** Makes slot and publication anew, has every table copied again, and goes on. */
  public void recreate() {
    callWhilePaused("recreate", MirrorWork::recreate);
  }

  private void callWhilePaused(String command, Command.Action action) {
    MirrorState state = refuseCommand(command);
    if (state != MirrorState.PAUSED || !thread.callUnlessRunning(action)) {
      throw needs(command, "PAUSED");
    }
  }

  private IllegalStateException needs(String command, String states) {
    return new IllegalStateException(
        "mirror '"
            + config.name()
            + "' is "
            + lifecycle.state()
            + "; "
            + command
            + " needs it to be "
            + states);
  }

  /** Has tables copied again, all of them where none is named. */
  public void resync(List<TableName> tables) {
    Set<TableName> named = Set.copyOf(tables);
    MirrorState state = refuseCommand("resync");
    mappings(tables);
    switch (state) {
      case PAUSED -> {
        if (!thread.callUnlessRunning((work, stop) -> work.resync(named))) {
          interruptAndResync(named);
        }
      }
      case SNAPSHOT, RUNNING -> interruptAndResync(named);
      case CREATED,
          SETTING_UP,
          PAUSING,
          FAILED,
          RESYNCING,
          SYNCING_SCHEMA,
          TERMINATING,
          TERMINATED ->
          throw needs("resync", "RUNNING, SNAPSHOT or PAUSED");
    }
  }

  private void interruptAndResync(Set<TableName> tables) {
    // Whatever a repair wrote is there before the table is emptied.
    repairs.apart(() -> thread.interruptAndCall((work, stop) -> work.resync(tables)));
  }

  /** Compares tables, all of them where none is named; a paused mirror's too. */
  public VerifyReport verify(List<TableName> tables, VerifyOptions options) {
    refuseUnlessLive("verify");
    return verification.run(mappings(tables), options, false);
  }

  /** Compares tables, all of them where none is named, and repairs the rows that differ. */
  public VerifyReport repair(List<TableName> tables, VerifyOptions options) {
    if (refuseCommand("repair") != MirrorState.RUNNING) {
      throw needs("repair", "RUNNING");
    }
    return verification.run(mappings(tables), options, true);
  }

  private List<TableMapping> mappings(List<TableName> tables) {
    List<TableMapping> mappings = context.tables().mappings();
    for (TableName table : tables) {
      if (mappings.stream().noneMatch(m -> m.source().equals(table))) {
        throw new IllegalArgumentException(
            "mirror '" + config.name() + "' has no source table " + table);
      }
    }
    return tables.isEmpty()
        ? mappings
        : mappings.stream().filter(m -> tables.contains(m.source())).toList();
  }

  /** Tells what {@link #syncSchema} would find. */
  public List<SchemaChange> planSchema() {
    refuseUnlessLive("planSchema");
    return SchemaPlan.read(context).changes();
  }

  /** Brings the destination's tables in line with the source's. */
  public List<SchemaChange> syncSchema() {
    return schema.run(() -> refuseUnlessLive("syncSchema"));
  }

  private void refuseUnlessLive(String command) {
    MirrorState state = refuseCommand(command);
    if (state != MirrorState.RUNNING && state != MirrorState.PAUSED) {
      throw needs(command, "RUNNING or PAUSED");
    }
  }

  /** Carries the sequences over, on connections of its own. */
  public List<SequenceSync> syncSequences(long margin) {
    if (margin < 0) {
      throw new IllegalArgumentException("a margin is 0 or more, not " + margin);
    }
    refuseCommand("syncSequences");
    try (Connection source = context.source().open("sequences");
        Connection destination = context.destinationPeer().open("sequences")) {
      destination.setAutoCommit(false);
      SequenceCopier copier = new SequenceCopier(config.name(), source, destination, margin);
      List<SequenceSync> carried = new ArrayList<>();
      for (TableMapping table : context.tables().mappings()) {
        carried.addAll(copier.copy(table));
      }
      destination.commit();
      context
          .events()
          .info(
              "mirror '" + config.name() + "': " + carried.size() + " sequences are carried over",
              Map.of("margin", Long.toString(margin)));
      return carried;
    } catch (SQLException e) {
      throw new MirrorException(
          config.name(), "the sequences could not be carried over; " + e.getMessage(), e);
    }
  }

  /** Deletes the mirror and ends; one that failed can only be repeated, or closed. */
  public void drop() {
    thread.refuseListeners();
    refuseWhenClosed("drop");
    context.standby().refuse("drop");
    lifecycle.moveIfPossible(MirrorState.TERMINATING);
    repairs.stopAll();
    repairs.apart(() -> thread.interruptAndCall(MirrorWork::drop));
    close();
  }

  /** Ends the work of this process. */
  public void close() {
    repairs.stopAll();
    thread.end();
    repairs.end();
    guard.join();
  }

  private MirrorState refuseCommand(String command) {
    // Before anything changes.
    thread.refuseListeners();
    MirrorState state = refuseWhenClosed(command);
    if (state == MirrorState.TERMINATING) {
      throw new IllegalStateException(
          "mirror '"
              + config.name()
              + "' is TERMINATING, being closed or dropped, and takes no "
              + command
              + "() any more; repeat drop() if that failed");
    }
    context.standby().refuse(command);
    return state;
  }

  private MirrorState refuseWhenClosed(String command) {
    MirrorState state = lifecycle.state();
    if (state == MirrorState.TERMINATED) {
      throw new IllegalStateException(
          "mirror '" + config.name() + "' was closed; " + command + " needs a new start()");
    }
    return state;
  }

  /** The mirror's name. */
  public String name() {
    return config.name();
  }

  /** Where the mirror stands in its life. */
  public MirrorState state() {
    return lifecycle.state();
  }

  /** The mappings of the mirror's tables. */
  public List<TableMapping> tables() {
    return context.tables().mappings();
  }

  /** How the mirror stands now. */
  public MirrorStatus status() {
    LagMonitor.Reading reading = lag.read();
    Lifecycle.Standing standing = lifecycle.standing();
    Progress progress = context.progress();
    Lsn applied = progress.applied();
    boolean isStreaming = standing.state() == MirrorState.RUNNING && standing.failure() == null;
    return new MirrorStatus(
        config.name(),
        standing.state(),
        context.tables().phase(),
        config.source().name(),
        config.destination().name(),
        config.slot(),
        config.publication(),
        applied,
        applied.equals(Lsn.ZERO) ? 0 : reading.end().bytesSince(applied),
        progress.lagSeconds(reading.end(), reading.isCurrent(), isStreaming),
        reading.retainedBytes(),
        reading.safeBytes(),
        reading.timeToLoss(),
        progress.transactions(),
        progress.batches(),
        context.standby().owner(),
        standing.failure(),
        lifecycle.startedAt(),
        standing.since(),
        context.tables().statuses());
  }

  /** What has happened to the mirror. */
  public EventPage events(EventQuery query) {
    return context.events().page(query);
  }

  /** Waits for a state. */
  public void awaitState(MirrorState state, Duration timeout) {
    lifecycle.await(state.toString(), timeout, () -> lifecycle.state() == state);
  }

  /** Waits until all that is committed on the source now is applied. */
  public void awaitCaughtUp(Duration timeout) {
    refuseWhenClosed("awaitCaughtUp");
    Lsn end;
    try {
      end = lag.currentEnd();
    } catch (SQLException e) {
      throw new MirrorException(
          config.name(), "the source could not be asked for its position; " + e.getMessage(), e);
    }
    awaitApplied(end, timeout);
  }

  /** Waits until all that was committed before a position is applied. */
  public void awaitApplied(Lsn lsn, Duration timeout) {
    context.progress().want(lsn);
    lifecycle.await("caught up to " + lsn, timeout, () -> context.progress().isApplied(lsn));
  }
}
