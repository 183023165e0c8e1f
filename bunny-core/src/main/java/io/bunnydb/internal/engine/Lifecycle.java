package io.bunnydb.internal.engine;

import io.bunnydb.AwaitTimeoutException;
import io.bunnydb.MirrorException;
import io.bunnydb.MirrorListener;
import io.bunnydb.MirrorState;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The state of a mirror, its error, and those who wait for either. Thread-safe. */
final class Lifecycle {
  private static final Logger LOG = LoggerFactory.getLogger(Lifecycle.class);

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ReentrantLock telling = new ReentrantLock();
  private final Queue<Runnable> untold = new ConcurrentLinkedQueue<>();
  private final String mirror;
  private final List<MirrorListener> listeners;
  private MirrorState state = MirrorState.CREATED;
  private @Nullable MirrorException error;

  Lifecycle(String mirror, List<MirrorListener> listeners) {
    this.mirror = mirror;
    this.listeners = listeners;
  }

  MirrorState state() {
    lock.lock();
    try {
      return state;
    } finally {
      lock.unlock();
    }
  }

  @Nullable MirrorException error() {
    lock.lock();
    try {
      return error;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Passes to a state; does nothing if it is the present one.
   *
   * @throws IllegalStateException if it cannot follow the present one
   */
  void moveTo(MirrorState to) {
    moveTo(to, false);
    tellInOrder();
  }

  /** Passes to a state if it can follow the present one, otherwise stays. */
  void moveIfPossible(MirrorState to) {
    moveTo(to, true);
    tellInOrder();
  }

  private void moveTo(MirrorState to, boolean isOptional) {
    lock.lock();
    try {
      MirrorState from = state;
      if (from == to || (isOptional && !from.successors().contains(to))) {
        return;
      }
      if (!from.successors().contains(to)) {
        throw new IllegalStateException(
            "mirror '" + mirror + "' is " + from + " and cannot become " + to);
      }
      state = to;
      untold.add(() -> tellOf(from, to));
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Two threads that move one after the other must not be heard the other way round. */
  private void tellInOrder() {
    telling.lock();
    try {
      for (Runnable next = untold.poll(); next != null; next = untold.poll()) {
        next.run();
      }
    } finally {
      telling.unlock();
    }
  }

  /** Whether the present thread is telling of a state, so that a listener is calling. */
  boolean isTelling() {
    return telling.isHeldByCurrentThread();
  }

  private void tellOf(MirrorState from, MirrorState to) {
    LOG.info("mirror '{}' is {}", mirror, to);
    tell(listener -> listener.onStateChange(mirror, from, to));
  }

  /** Notes an error, for the status; null once it is over. */
  void error(@Nullable MirrorException newError) {
    lock.lock();
    try {
      error = newError;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    tellOfError(newError);
  }

  /** Stops by an error: whoever sees the state sees the error too, and whoever hears of it. */
  void stopBy(MirrorException reason, MirrorState to) {
    lock.lock();
    try {
      error = reason;
      moveTo(to, true);
    } finally {
      lock.unlock();
    }
    tellInOrder();
    tellOfError(reason);
  }

  private void tellOfError(@Nullable MirrorException newError) {
    if (newError != null) {
      tell(listener -> listener.onError(mirror, newError));
    }
  }

  /** Tells every listener; what one throws is logged and goes no further. */
  void tell(Consumer<MirrorListener> event) {
    for (MirrorListener listener : listeners) {
      boolean wasInterrupted = Thread.currentThread().isInterrupted();
      try {
        event.accept(listener);
      } catch (RuntimeException | Error e) {
        LOG.warn("mirror '{}': a listener failed", mirror, e);
      }
      // An interrupt that the listener left would end what the mirror's thread does next.
      if (!wasInterrupted && Thread.interrupted()) {
        LOG.warn("mirror '{}': a listener left its thread interrupted", mirror);
      }
    }
  }

  /** Wakes those who wait, to look again. */
  void signal() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until a condition holds.
   *
   * @throws AwaitTimeoutException if the time is over, or the thread was interrupted
   * @throws MirrorException if an error has stopped the mirror
   * @throws IllegalStateException if the mirror has been closed
   */
  void await(String what, Duration timeout, BooleanSupplier condition) {
    lock.lock();
    try {
      long nanos = timeout.toNanos();
      while (!condition.getAsBoolean()) {
        refuseIfStopped(what);
        if (nanos <= 0) {
          throw new AwaitTimeoutException(
              mirror, "not " + what + " within " + timeout + "; it is " + state, error);
        }
        nanos = changed.awaitNanos(nanos);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AwaitTimeoutException(mirror, "interrupted while waiting for " + what, e);
    } finally {
      lock.unlock();
    }
  }

  private void refuseIfStopped(String what) {
    if (state == MirrorState.TERMINATED) {
      throw new IllegalStateException("mirror '" + mirror + "' was closed and will not be " + what);
    }
    boolean isStopped = state == MirrorState.PAUSED || state == MirrorState.FAILED;
    if (isStopped && error != null) {
      throw error;
    }
  }
}
