package io.bunnydb.internal.engine;

import io.bunnydb.MirrorException;
import io.bunnydb.MirrorState;
import io.bunnydb.SchemaChange;
import io.bunnydb.SchemaPolicy;
import io.bunnydb.TableName;
import io.bunnydb.TableState;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.catalog.StopSignal.StoppedException;
import io.bunnydb.internal.engine.SchemaAlteration.Patience;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds both sides' schemas against each other, on a thread of its own, whenever the source has
 * described a table, and has the changes made of which no row would tell by an error. Thread-safe.
 */
final class SchemaFollower {
  private static final Logger LOG = LoggerFactory.getLogger(SchemaFollower.class);

  // The source describes a table also when it was only vacuumed.
  private static final long INTERVAL_SECONDS = 2;
  private static final long UNTIL_NEXT_ATTEMPT_SECONDS = 5;

  private final CountDownLatch ended = new CountDownLatch(1);
  private final StopSignal stop = new StopSignal();
  private final MirrorContext context;
  private final SchemaSync sync;
  private final Thread thread;

  // Of the thread alone. What is refused once may have been made meanwhile, beside the comparison.
  private final Set<String> refused = new HashSet<>();
  private final Set<String> refusedAgain = new HashSet<>();
  private final Set<String> told = new HashSet<>();
  private final TablesInUse inUse = new TablesInUse();
  private long waitSeconds;

  SchemaFollower(MirrorContext context, SchemaSync sync) {
    this.context = context;
    this.sync = sync;
    // Not one of the mirror's own threads, which wait for none of its commands.
    this.thread = new Thread(this::run, "bunny-" + context.config().name() + "-schema");
    thread.setDaemon(true);
  }

  /** Begins, if the policy is to follow. */
  void start() {
    if (context.config().options().schema().policy() == SchemaPolicy.FOLLOW) {
      thread.start();
    }
  }

  /** Asks for the end; to be followed by {@link #join}. */
  void end() {
    ended.countDown();
    context.news().tell();
    stop.stop();
  }

  /** Waits for the end, once the mirror takes no commands any more. */
  void join() {
    boolean isInterrupted = false;
    while (thread.isAlive()) {
      stop.stop();
      try {
        thread.join(100);
      } catch (InterruptedException e) {
        isInterrupted = true;
      }
    }
    if (isInterrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try {
      do {
        context.news().await(inUse.untilDue(now()).orElse(Long.MAX_VALUE));
        waitSeconds = INTERVAL_SECONDS;
        if (ended.getCount() > 0) {
          follow();
        }
      } while (!ended.await(waitSeconds, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void follow() {
    long began = now();
    Set<TableName> due = inUse.due(began);
    try {
      sync.run(
              this::refuseUnlessRunning,
              change ->
                  !refusedAgain.contains(change.sql())
                      && (!inUse.has(change.table()) || due.contains(change.table())),
              Patience.OF_THE_MIRROR,
              stop)
          .forEach(change -> tell(change, began));
      inUse.remove(due, began);
    } catch (StoppedException | IllegalStateException e) {
      // Another command, or the end; the next session's stream begins with news.
      inUse.clear();
      LOG.debug("mirror '{}': its schema is not followed now", context.config().name(), e);
    } catch (MirrorException e) {
      LOG.debug("mirror '{}': its schema could not be followed", context.config().name(), e);
      goOnAfter(UNTIL_NEXT_ATTEMPT_SECONDS);
    }
  }

  private void goOnAfter(long seconds) {
    waitSeconds = Math.max(waitSeconds, seconds);
    context.news().tell();
  }

  private void refuseUnlessRunning() {
    MirrorState state = context.lifecycle().state();
    if (state != MirrorState.RUNNING
        || context.tables().statuses().stream().anyMatch(t -> t.state() != TableState.LIVE)) {
      throw new IllegalStateException("the mirror is " + state + ", or copies tables");
    }
  }

  private static long now() {
    return TimeUnit.NANOSECONDS.toSeconds(System.nanoTime());
  }

  private void tell(SchemaChange change, long began) {
    switch (change.outcome()) {
      case APPLIED -> context.note("the source's schema is followed by " + change.sql());
      case DUE, WAITS -> {
        if (SchemaAlteration.isLocked(change)) {
          waitFor(change, began);
        } else {
          goOnAfter(UNTIL_NEXT_ATTEMPT_SECONDS);
        }
      }
      case BY_HAND -> {
        if (SchemaAlteration.isRefused(change)) {
          if (refused.add(change.sql())) {
            context.news().tell();
            return;
          }
          refusedAgain.add(change.sql());
        }
        if (told.add(change.toString())) {
          context.note("a change of the source's schema is left to a person: " + change);
        }
      }
    }
  }

  private void waitFor(SchemaChange change, long began) {
    long seconds = inUse.add(change.table(), began);
    if (seconds > 0) {
      context.warn(
          "a change of the source's schema waits, and is tried again in "
              + seconds
              + " s: "
              + change,
          Map.of("destinationTable", change.table().toString()));
    }
  }
}
