package io.bunnydb.internal.engine;

import io.bunnydb.EventPage;
import io.bunnydb.EventQuery;
import io.bunnydb.Lsn;
import io.bunnydb.MirrorException;
import io.bunnydb.MirrorState;
import io.bunnydb.MirrorStatus;
import io.bunnydb.ResyncStrategy;
import io.bunnydb.SchemaChange;
import io.bunnydb.SequenceSync;
import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.TableState;
import io.bunnydb.VerifyOptions;
import io.bunnydb.VerifyReport;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.schema.SequenceCopier;
import io.bunnydb.internal.source.LagMonitor;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * A running mirror, as its handle sees it: passes commands to the mirror's thread and answers
 * questions. Thread-safe.
 */
public final class MirrorEngine {
  private static final Duration BEFORE_ASKING_AGAIN = Duration.ofMillis(100);

  private final MirrorConfig config;
  private final MirrorContext context;
  private final Lifecycle lifecycle;
  private final LagMonitor lag;
  private final MirrorThread thread;
  private final CommandRules rules;
  private final SlotGuard guard;
  private final SchemaSync schema;
  private final TableCommands tableCommands;
  private final SchemaFollower follower;
  private final RepairGate repairs;
  private final Verification verification;

  private MirrorEngine(MirrorConfig config) {
    this.config = config;
    this.context = MirrorContext.of(config);
    this.lifecycle = context.lifecycle();
    this.lag = new LagMonitor(context.source(), context.control()::mayLeadTo, config.slot());
    this.thread = new MirrorThread(context);
    this.rules = new CommandRules(context, thread);
    this.guard = new SlotGuard(context, lag, thread);
    this.schema = new SchemaSync(context, thread);
    this.tableCommands = new TableCommands(context, this);
    this.follower = new SchemaFollower(context, schema);
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
    engine.thread.start(
        () -> {
          engine.guard.end();
          engine.follower.end();
        });
    engine.guard.start();
    engine.follower.start();
    return engine;
  }

  /** Stops writing and keeps everything. */
  public void pause() {
    MirrorState state = rules.admit("pause");
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
    MirrorState state = rules.admit("resume");
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
    MirrorState state = rules.admit("retry");
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
    MirrorState state = rules.admit("updateTables");
    boolean isWorking =
        state == MirrorState.RUNNING
            || state == MirrorState.SNAPSHOT
            || state == MirrorState.RESYNCING;
    if (isWorking && context.tables().mappings().equals(checked)) {
      return;
    }
    CheckedUpdate known = isWorking ? CheckedUpdate.check(context, checked) : null;
    // Further tables come to a stream that goes on; any other list is for the next session.
    boolean isAddition =
        known != null
            && state == MirrorState.RUNNING
            && context.progress().areAllJoined()
            && checked.containsAll(context.tables().mappings());
    if (isAddition && thread.callWithinSession(work -> work.tables().extend(checked, known))) {
      return;
    }
    callBetweenSessions(
        "updateTables",
        Set.of(),
        () -> false,
        (work, stop) -> work.tables().update(checked, known));
  }

  /** What single tables can be told, and asked. */
  public TableCommands tableCommands() {
    return tableCommands;
  }

  /** Makes slot and publication anew, has every table copied again, and goes on. */
  public void recreate() {
    MirrorState state = rules.admit("recreate");
    if (state != MirrorState.PAUSED || !thread.callUnlessRunning(MirrorWork::recreate)) {
      throw rules.needs("recreate", "PAUSED");
    }
  }

  /** Has tables copied again, all of them where none is named. */
  public void resync(ResyncStrategy strategy, List<TableName> tables) {
    Set<TableName> named = Set.copyOf(tables);
    callBetweenSessions(
        "resync", named, () -> false, (work, stop) -> work.tables().resync(strategy, named));
  }

  /**
   * Has something done between two sessions, of a mirror that works or is paused.
   *
   * @param tables the tables that it is about; the mirror must have them
   * @param holds whether a mirror that works need not be interrupted, as nothing would change
   */
  void callBetweenSessions(
      String command, Set<TableName> tables, BooleanSupplier holds, Command.Action action) {
    MirrorState state = rules.admit(command);
    tableCommands.require(tables);
    // Whatever a repair wrote is there before a table is emptied.
    Runnable call = () -> repairs.apart(() -> thread.interruptAndCall(action));
    switch (state) {
      case PAUSED -> {
        if (!thread.callUnlessRunning(action)) {
          call.run();
        }
      }
      case SNAPSHOT, RUNNING, RESYNCING -> {
        if (!holds.getAsBoolean()) {
          call.run();
        }
      }
      case CREATED, SETTING_UP, PAUSING, FAILED, SYNCING_SCHEMA, TERMINATING, TERMINATED ->
          throw rules.needs(command, "RUNNING, RESYNCING, SNAPSHOT or PAUSED");
    }
  }

  /** Compares tables, all of them where none is named; a paused mirror's too. */
  public VerifyReport verify(List<TableName> tables, VerifyOptions options) {
    rules.admitWhereLive("verify");
    return verification.run(mappings(tables), options, false);
  }

  /** Compares tables, all of them where none is named, and repairs the rows that differ. */
  public VerifyReport repair(List<TableName> tables, VerifyOptions options) {
    if (rules.admit("repair") != MirrorState.RUNNING) {
      throw rules.needs("repair", "RUNNING");
    }
    return verification.run(mappings(tables), options, true);
  }

  private List<TableMapping> mappings(List<TableName> tables) {
    tableCommands.require(tables);
    List<TableMapping> mappings = context.tables().mappings();
    return tables.isEmpty()
        ? mappings
        : mappings.stream().filter(m -> tables.contains(m.source())).toList();
  }

  /** Tells what {@link #syncSchema} would find. */
  public List<SchemaChange> planSchema() {
    rules.admitWhereLive("planSchema");
    return schema.plan();
  }

  /** Brings the destination's tables in line with the source's. */
  public List<SchemaChange> syncSchema() {
    return schema.run(() -> rules.admitWhereLive("syncSchema"));
  }

  /** Carries the sequences over, on connections of its own. */
  public List<SequenceSync> syncSequences(long margin) {
    if (margin < 0) {
      throw new IllegalArgumentException("a margin is 0 or more, not " + margin);
    }
    rules.admit("syncSequences");
    try (Connection source = context.source().open("sequences");
        Connection destination = context.destinationPeer().open("sequences")) {
      destination.setAutoCommit(false);
      SequenceCopier copier = new SequenceCopier(config.name(), source, destination, margin);
      List<SequenceSync> carried = new ArrayList<>();
      for (TableMapping table : context.tables().mappings()) {
        if (!isToBeMade(table, destination)) {
          carried.addAll(copier.copy(table));
        }
      }
      destination.commit();
      context.note(
          carried.size() + " sequences are carried over", Map.of("margin", Long.toString(margin)));
      return carried;
    } catch (SQLException e) {
      throw new MirrorException(
          config.name(), "the sequences could not be carried over; " + e.getMessage(), e);
    }
  }

  /** Whether the destination lacks a table that a first copy is about to make. */
  private boolean isToBeMade(TableMapping table, Connection destination) throws SQLException {
    return context
            .tables()
            .find(table.source())
            .filter(status -> status.state() == TableState.COPYING)
            .isPresent()
        && Catalog.table(destination, table.destination()).isEmpty();
  }

  /** Deletes the mirror and ends; one that failed can only be repeated, or closed. */
  public void drop() {
    thread.refuseListeners();
    rules.admitUnlessClosed("drop");
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
    follower.join();
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
    boolean mayStream =
        standing.state() == MirrorState.RUNNING || standing.state() == MirrorState.RESYNCING;
    boolean isStreaming = mayStream && standing.failure() == null;
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
    rules.admitUnlessClosed("awaitCaughtUp");
    Duration left = timeout;
    Lsn end = null;
    while (end == null) {
      long asked = System.nanoTime();
      try {
        end = lag.currentEnd();
      } catch (SQLException e) {
        // A source that is being started again is reached by the mirror itself first.
        if (left.isNegative() || lifecycle.state() == MirrorState.PAUSED) {
          throw new MirrorException(
              config.name(),
              "the source could not be asked for its position; " + e.getMessage(),
              e);
        }
        lifecycle.rest("caught up", BEFORE_ASKING_AGAIN);
        left = left.minusNanos(System.nanoTime() - asked);
      }
    }
    awaitApplied(end, left);
  }

  /** Waits until all that was committed before a position is applied. */
  public void awaitApplied(Lsn lsn, Duration timeout) {
    context.progress().want(lsn);
    lifecycle.await("caught up to " + lsn, timeout, () -> context.progress().isApplied(lsn));
  }
}
