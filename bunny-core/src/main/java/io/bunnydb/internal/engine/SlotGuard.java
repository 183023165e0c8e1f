package io.bunnydb.internal.engine;

import io.bunnydb.Lsn;
import io.bunnydb.SlotWarning.Danger;
import io.bunnydb.internal.engine.Lifecycle.Standing;
import io.bunnydb.internal.source.LagMonitor;
import io.bunnydb.internal.source.LagMonitor.Reading;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Looks every five seconds, on a thread of its own, whether the source means to keep the slot, and
 * has {@link SlotWarnings} tell where it may not. What it reads during a pause goes to the mirror's
 * thread, which knows what the mirror needs of the slot and what commands do with it. Thread-safe.
 */
final class SlotGuard {
  private static final long INTERVAL_SECONDS = 5;

  private final CountDownLatch ended = new CountDownLatch(1);
  private final MirrorContext context;
  private final LagMonitor lag;
  private final MirrorThread mirror;
  private final Thread thread;
  private boolean isAsking; // guarded by this
  private boolean wasLost; // of the thread alone

  SlotGuard(MirrorContext context, LagMonitor lag, MirrorThread mirror) {
    this.context = context;
    this.lag = lag;
    this.mirror = mirror;
    this.thread = mirror.newThread("watch", this::run);
  }

  /** Begins to look. */
  void start() {
    thread.start();
  }

  /** Ends it and the monitor; to be followed by {@link #join}. */
  void end() {
    synchronized (this) {
      ended.countDown();
      if (isAsking) {
        // Not while it tells of something: listeners are not to meet an interrupt.
        thread.interrupt();
      }
    }
    lag.close();
  }

  /**
   * Waits for the end. A connection that is being made is waited for only where the driver does
   * that on this thread, as a URL with {@code loginTimeout=0} has it.
   */
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
      while (!ended.await(INTERVAL_SECONDS, TimeUnit.SECONDS)) {
        look();
      }
    } catch (InterruptedException e) {
      // Nobody else has this thread; whoever interrupts it wants it to end.
      Thread.currentThread().interrupt();
    }
  }

  private void look() throws InterruptedException {
    boolean isMade = !context.progress().applied().equals(Lsn.ZERO);
    Standing before = context.lifecycle().standing();
    Reading reading = read();
    Standing after = context.lifecycle().standing();
    // A command may have dropped or made the slot between two states.
    if (!reading.isCurrent() || !before.since().equals(after.since())) {
      return;
    }
    switch (after.state()) {
      case PAUSED -> mirror.seeSlot(reading);
      case FAILED, TERMINATING, TERMINATED -> {}
      case CREATED, SETTING_UP, SNAPSHOT, RUNNING, PAUSING, RESYNCING, SYNCING_SCHEMA ->
          tell(SlotWarnings.danger(reading, isMade), reading);
    }
  }

  /** A loss is told when it is seen again: a session that can would have met it by then. */
  private void tell(@Nullable Danger danger, Reading reading) {
    boolean isLost = danger == Danger.LOST;
    if (!isLost || wasLost) {
      context.slots().tell(danger, reading, null);
    }
    wasLost = isLost;
  }

  private Reading read() throws InterruptedException {
    asks(true);
    Reading reading = lag.readNow();
    asks(false);
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    return reading;
  }

  private synchronized void asks(boolean isNow) {
    isAsking = isNow;
  }
}
