package io.bunnydb.internal.engine;

import io.bunnydb.MirrorException;
import io.bunnydb.MirrorState;
import io.bunnydb.SchemaChange;
import io.bunnydb.SchemaChange.Outcome;
import io.bunnydb.TableName;
import io.bunnydb.TableState;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.engine.SchemaAlteration.Patience;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Brings a mirror's destination tables in line with the source's. Thread-safe; one call after the
 * other.
 *
 * <p>Both sides are read on the caller's thread, beside the mirror's work. What is due is then done
 * by the mirror's thread between two sessions, when nothing is in flight. What must not meet rows
 * of an older shape follows when everything is applied that had committed when the source was read,
 * if both sides, read again, still ask for it.
 */
final class SchemaSync {
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final String RESUME = "; resume, then call again when they have arrived";
  private static final String COPIES =
      "tables are being copied, and may begin anew then; call again when they have joined, or pause"
          + " first";

  private final MirrorContext context;
  private final MirrorThread thread;
  private final ReentrantLock turn = new ReentrantLock();

  SchemaSync(MirrorContext context, MirrorThread thread) {
    this.context = context;
    this.thread = thread;
  }

  /** Tells what {@link #run(Runnable)} would find. */
  List<SchemaChange> plan() {
    context.fruitlessScans().forget();
    return SchemaPlan.onBothSides(
        context,
        new StopSignal(),
        (source, destination) -> {
          SchemaPlan plan = SchemaPlan.read(context, source, destination);
          List<SchemaChange> changes = new ArrayList<>(plan.changes());
          changes.addAll(ObjectPlan.read(context, plan.tables(), source, destination));
          return List.copyOf(changes);
        });
  }

  /**
   * Makes what can be made, and tells what became of everything, and what else the destination is
   * without then.
   *
   * @param refusal throws where the mirror's state forbids the command
   */
  List<SchemaChange> run(Runnable refusal) {
    context.fruitlessScans().forget();
    List<SchemaChange> changes =
        new ArrayList<>(run(refusal, change -> true, Patience.OF_A_CALL, new StopSignal()));
    MirrorState state = context.lifecycle().state();
    if (state == MirrorState.RUNNING || state == MirrorState.PAUSED) {
      changes.addAll(ObjectPlan.read(context));
    }
    return List.copyOf(changes);
  }

  /**
   * Makes some of the changes that it can make.
   *
   * @param patience how long tables are waited for that are in use
   * @param stop breaks off the comparison
   */
  List<SchemaChange> run(
      Runnable refusal, Predicate<SchemaChange> isWanted, Patience patience, StopSignal stop) {
    thread.refuseListeners();
    turn.lock();
    try {
      // Not before: the call that was waited for may have left the mirror in another state.
      refusal.run();
      SchemaPlan plan = SchemaPlan.read(context, stop).only(isWanted);
      if (!isRunning()) {
        return adding(makeDue(plan, patience), RESUME);
      }
      if (areTablesCopied()) {
        return held(plan.changes(), COPIES);
      }
      return plan.unpublished().isEmpty()
          ? makeWhileRunning(plan, patience, stop)
          : held(plan.changes(), unpublished(plan));
    } finally {
      turn.unlock();
    }
  }

  private boolean isRunning() {
    return context.lifecycle().state() == MirrorState.RUNNING;
  }

  private boolean areTablesCopied() {
    return context.tables().statuses().stream()
        .anyMatch(t -> t.state() == TableState.COPYING || t.state() == TableState.COPIED);
  }

  /** Changes for which the running session is not broken off. */
  private static List<SchemaChange> held(List<SchemaChange> changes, String reason) {
    return changes.stream()
        .map(c -> c.outcome() == Outcome.BY_HAND ? c : c.with(Outcome.WAITS, reason))
        .toList();
  }

  private static String unpublished(SchemaPlan plan) {
    return "the column list of the publication leaves out a column, for which the mirror would stop"
        + " after a break; add it to the destination and call resync("
        + plan.unpublished().stream().map(TableName::toString).collect(Collectors.joining(", "))
        + ") first";
  }

  private List<SchemaChange> makeDue(SchemaPlan plan, Patience patience) {
    return make(plan.changes(), SchemaAlteration.now(plan.of(Outcome.DUE), patience));
  }

  private List<SchemaChange> makeWhileRunning(SchemaPlan plan, Patience patience, StopSignal stop) {
    List<SchemaChange> changes = makeDue(plan, patience);
    List<SchemaChange> waiting = plan.of(Outcome.WAITS);
    if (waiting.isEmpty()) {
      return changes;
    }
    try {
      context.progress().want(plan.seen());
      context
          .lifecycle()
          .await(
              "caught up to " + plan.seen(),
              PATIENCE,
              () -> context.progress().isApplied(plan.seen()) || !isRunning());
    } catch (MirrorException | IllegalStateException e) {
      return adding(changes, "; " + e.getMessage());
    }
    if (!isRunning()) {
      return adding(changes, RESUME);
    }
    // What the source has taken back meanwhile is not made.
    SchemaPlan again = SchemaPlan.read(context, stop);
    if (!again.unpublished().isEmpty()) {
      return adding(changes, "; " + unpublished(again));
    }
    List<SchemaChange> fresh = again.of(Outcome.WAITS);
    List<SchemaChange> ripe = waiting.stream().filter(fresh::contains).toList();
    List<SchemaChange> left = new ArrayList<>(changes);
    left.removeIf(change -> waiting.contains(change) && !ripe.contains(change));
    return make(left, new SchemaAlteration(ripe, plan.seen(), patience));
  }

  /** Has the mirror's thread make some of the changes, and tells where all of them stand then. */
  private List<SchemaChange> make(List<SchemaChange> changes, SchemaAlteration alteration) {
    if (alteration.isEmpty()) {
      return changes;
    }
    Command.Action action = (work, stop) -> work.alterDestination(alteration, stop);
    if (isRunning() || !thread.callUnlessRunning(action)) {
      thread.interruptAndCall(action);
    }
    return changes.stream().map(alteration::outcome).toList();
  }

  /** Says more of why changes wait. */
  private static List<SchemaChange> adding(List<SchemaChange> changes, String reason) {
    return changes.stream()
        .map(c -> c.outcome() == Outcome.WAITS ? c.with(c.outcome(), c.reason() + reason) : c)
        .toList();
  }
}
