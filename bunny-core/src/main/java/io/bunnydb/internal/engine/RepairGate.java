package io.bunnydb.internal.engine;

import io.bunnydb.MirrorState;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.verify.Standing;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Keeps what repairs write apart from commands after which nothing else may write: a repair writes
 * only while the mirror runs, and such a command waits until it has written. Thread-safe.
 */
final class RepairGate {
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final long LOOK_MILLIS = 200;

  private final Lifecycle lifecycle;
  private final ReentrantLock writing = new ReentrantLock();
  private final Set<StopSignal> running = ConcurrentHashMap.newKeySet();

  RepairGate(Lifecycle lifecycle) {
    this.lifecycle = lifecycle;
  }

  /**
   * Notes that a comparison or repair runs, which a signal ends.
   *
   * @throws IllegalStateException if the mirror is being ended, or was
   */
  void begins(StopSignal stop) {
    // In this order, so that who ends the mirror meets it, or it finds the state.
    running.add(stop);
    MirrorState state = lifecycle.state();
    if (state == MirrorState.TERMINATING || state == MirrorState.TERMINATED) {
      ends(stop);
      throw new IllegalStateException("the mirror is " + state + ", and compares no tables");
    }
  }

  /** Notes that it has ended. */
  void ends(StopSignal stop) {
    synchronized (running) {
      running.remove(stop);
      running.notifyAll();
    }
  }

  /** Ends all comparisons and repairs of a mirror that has ended, and waits until none runs. */
  void end() {
    boolean isInterrupted = false;
    synchronized (running) {
      while (!running.isEmpty()) {
        stopAll();
        try {
          running.wait(LOOK_MILLIS);
        } catch (InterruptedException e) {
          isInterrupted = true;
        }
      }
    }
    if (isInterrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends all comparisons and repairs. */
  void stopAll() {
    running.forEach(StopSignal::stop);
  }

  /**
   * Writes, if the mirror runs.
   *
   * @return whether it did
   */
  boolean write(Standing.Writing what) throws SQLException, InterruptedException {
    writing.lockInterruptibly();
    try {
      if (lifecycle.state() != MirrorState.RUNNING) {
        return false;
      }
      what.run();
      return true;
    } finally {
      writing.unlock();
    }
  }

  /**
   * Carries a command out while no repair writes. One that does not end within seconds, as its
   * server does not answer, is broken off.
   */
  void apart(Runnable command) {
    boolean isInterrupted = false;
    long began = System.nanoTime();
    while (!writing.isHeldByCurrentThread()) {
      try {
        if (!writing.tryLock(LOOK_MILLIS, TimeUnit.MILLISECONDS)
            && System.nanoTime() - began > PATIENCE.toNanos()) {
          stopAll();
        }
      } catch (InterruptedException e) {
        isInterrupted = true;
      }
    }
    try {
      command.run();
    } finally {
      writing.unlock();
      if (isInterrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
