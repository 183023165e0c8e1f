package io.bunnydb.internal.engine;

import io.bunnydb.Lsn;
import io.bunnydb.MirrorState;
import io.bunnydb.SlotWarning;
import io.bunnydb.SlotWarning.Danger;
import io.bunnydb.internal.source.LagMonitor;
import io.bunnydb.internal.source.LagMonitor.Reading;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Looks every five seconds, on a thread of its own, whether the source means to keep the slot, and
 * warns where it may not: once for each danger, and again when it gets worse. Thread-safe.
 */
final class SlotGuard {
  private static final Duration INTERVAL = Duration.ofSeconds(5);
  private static final Duration SOON = Duration.ofHours(1);

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition ended = lock.newCondition();
  private final MirrorContext context;
  private final LagMonitor lag;
  private final Thread thread;
  private boolean isEnded; // guarded by lock
  private @Nullable Danger told; // of the thread alone

  SlotGuard(MirrorContext context, LagMonitor lag, MirrorThread mirror) {
    this.context = context;
    this.lag = lag;
    this.thread = mirror.newThread("watch", this::run);
  }

  /** Begins to look. */
  void start() {
    thread.start();
  }

  /** Ends it, unless it is just looking; to be followed by {@link #join}. */
  void end() {
    lock.lock();
    try {
      isEnded = true;
      ended.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Waits for the end. */
  void join() {
    boolean isInterrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
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
      while (!isOver()) {
        look(lag.read());
      }
    } catch (InterruptedException e) {
      // Nobody else has this thread; whoever interrupts it wants it to end.
      Thread.currentThread().interrupt();
    }
  }

  private boolean isOver() throws InterruptedException {
    lock.lock();
    try {
      long nanos = INTERVAL.toNanos();
      while (!isEnded && nanos > 0) {
        nanos = ended.awaitNanos(nanos);
      }
      return isEnded;
    } finally {
      lock.unlock();
    }
  }

  private void look(Reading reading) {
    MirrorState state = context.lifecycle().state();
    boolean isGoing =
        state == MirrorState.TERMINATING
            || state == MirrorState.TERMINATED
            || state == MirrorState.FAILED;
    if (!reading.isCurrent() || isGoing) {
      return;
    }
    Danger danger = danger(reading, !context.progress().applied().equals(Lsn.ZERO));
    if (danger != null && (told == null || danger.compareTo(told) > 0)) {
      tell(
          new SlotWarning(
              context.config().slot(),
              danger,
              reading.retainedBytes(),
              reading.safeBytes(),
              reading.timeToLoss()));
    }
    told = danger;
  }

  /** What threatens the slot; null for nothing. */
  static @Nullable Danger danger(Reading reading, boolean isMade) {
    return switch (reading.health()) {
      case UNKNOWN -> null;
      case MISSING -> isMade ? Danger.LOST : null;
      case LOST -> Danger.LOST;
      case ENDANGERED -> Danger.IMMINENT;
      case KEPT -> {
        Duration left = reading.timeToLoss();
        yield left != null && left.compareTo(SOON) < 0 ? Danger.APPROACHING : null;
      }
    };
  }

  private void tell(SlotWarning warning) {
    context
        .events()
        .warn(
            "mirror '" + context.config().name() + "': " + words(warning),
            Map.of(
                "slot", warning.slot(),
                "danger", warning.danger().name(),
                "retainedWalBytes", Long.toString(warning.retainedWalBytes()),
                "safeWalBytes", String.valueOf(warning.safeWalBytes())));
    context.lifecycle().tell(listener -> listener.onSlotWarning(context.config().name(), warning));
  }

  private static String words(SlotWarning warning) {
    String slot = "replication slot " + warning.slot();
    String cure = "; resume or speed up the mirror, or raise max_slot_wal_keep_size on the source";
    return switch (warning.danger()) {
      case APPROACHING -> {
        Duration left = warning.timeToSlotLoss();
        yield slot
            + " is lost in "
            + (left == null
                ? "less than an hour"
                : TimeUnit.SECONDS.toMinutes(left.toSeconds()) + " minutes")
            + " at the pace at which the source writes its log"
            + cure;
      }
      case IMMINENT ->
          slot
              + " keeps more log than the source allows, and is lost at its next checkpoint"
              + cure;
      case LOST -> slot + " is invalid or was dropped; the mirror cannot go on from where it is";
    };
  }
}
