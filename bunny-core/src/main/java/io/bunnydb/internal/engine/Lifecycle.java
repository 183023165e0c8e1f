package io.bunnydb.internal.engine;

import io.bunnydb.AwaitTimeoutException;
import io.bunnydb.MirrorException;
import io.bunnydb.MirrorFailure;
import io.bunnydb.MirrorListener;
import io.bunnydb.MirrorState;
import io.bunnydb.TableName;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The state of a mirror, its error, and those who wait for either. Thread-safe. */
final class Lifecycle {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ReentrantLock telling = new ReentrantLock();
  private final Queue<Runnable> untold = new ConcurrentLinkedQueue<>();
  private final String mirror;
  private final Listeners listeners;
  private final EventLog events;
  private final Instant startedAt = Instant.now();
  private MirrorState state = MirrorState.CREATED;
  private Instant stateSince = startedAt;
  private final Trouble trouble = new Trouble();
  private volatile boolean hasProgressed;

  /**
   * How a mirror stands at one moment.
   *
   * @param state its state
   * @param since since when
   * @param failure what is wrong with it; null when all is well
   */
  record Standing(MirrorState state, Instant since, @Nullable MirrorFailure failure) {}

  Lifecycle(String mirror, List<MirrorListener> listeners, EventLog events) {
    this.mirror = mirror;
    this.listeners = new Listeners(mirror, listeners);
    this.events = events;
  }

  /** When the handle was made. */
  Instant startedAt() {
    return startedAt;
  }

  MirrorState state() {
    lock.lock();
    try {
      return state;
    } finally {
      lock.unlock();
    }
  }

  /** State and error, which belong together. */
  Standing standing() {
    lock.lock();
    try {
      return new Standing(state, stateSince, trouble.failure());
    } finally {
      lock.unlock();
    }
  }

  @Nullable MirrorException error() {
    lock.lock();
    try {
      return trouble.error();
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
      stateSince = Instant.now();
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
    events.info(
        "mirror '" + mirror + "' is " + to, Map.of("state", to.name(), "from", from.name()));
    FlightRecords.stateChange(mirror, from, to);
    tell(listener -> listener.onStateChange(mirror, from, to));
  }

  // ---- errors ----

  /**
   * Counts an error as the end of an attempt.
   *
   * @param nextAttempt when the next one follows; null where none does by itself
   */
  MirrorFailure count(MirrorException error, @Nullable Instant nextAttempt) {
    lock.lock();
    try {
      return trouble.count(error, nextAttempt);
    } finally {
      lock.unlock();
    }
  }

  /** Notes an error, for the status; null once it is over, or does not matter any more. */
  void error(@Nullable MirrorException newError) {
    if (newError != null) {
      show(newError, count(newError, null));
      return;
    }
    lock.lock();
    try {
      trouble.end();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Shows an error that is counted, and tells of it. */
  void show(MirrorException error, MirrorFailure counted) {
    lock.lock();
    try {
      trouble.show(error, counted);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    tellOfError(error);
  }

  /**
   * Stops by an error that is counted: whoever sees the state sees the error too, and whoever hears
   * of it.
   */
  void stopBy(MirrorException reason, MirrorFailure counted, MirrorState to) {
    lock.lock();
    try {
      trouble.show(reason, counted);
      changed.signalAll();
      moveTo(to, true);
    } finally {
      lock.unlock();
    }
    tellInOrder();
    tellOfError(reason);
  }

  /** Notes that another attempt begins. */
  void attemptBegins() {
    lock.lock();
    try {
      hasProgressed = false;
      trouble.attemptBegins();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Notes that the attempt is connected to both sides and set up: that was the error, unless it is
   * one that the stream's changes met.
   */
  void connected(boolean isStreaming) {
    lock.lock();
    try {
      trouble.connected(isStreaming);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Notes that changes were applied, or that there are none: what was wrong with them is over. */
  void progressed() {
    if (!hasProgressed) {
      endTrouble(() -> !trouble.isOfCopy());
    }
  }

  /** Notes that a table was copied: what was wrong with its copy is over. */
  void copied(TableName table) {
    endTrouble(() -> trouble.isOverWith(table));
  }

  private void endTrouble(BooleanSupplier isOver) {
    int failed;
    lock.lock();
    try {
      if (!isOver.getAsBoolean()) {
        return;
      }
      failed = trouble.attempts();
      trouble.end();
      hasProgressed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    if (failed > 0) {
      events.info(
          "mirror '" + mirror + "' goes on after " + failed + " attempts that failed",
          Map.of("attempts", Integer.toString(failed)));
    }
  }

  /** Whether the present attempt, or the last, has come beyond what ended the one before. */
  boolean hasProgressed() {
    return hasProgressed;
  }

  /** Tells of an error that does not stop the mirror, or that is shown already. */
  void tellOfError(MirrorException newError) {
    FlightRecords.error(mirror, newError);
    tell(listener -> listener.onError(mirror, newError));
  }

  /** Tells every listener. */
  void tell(Consumer<MirrorListener> event) {
    listeners.tell(event);
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
              mirror, "not " + what + " within " + timeout + "; it is " + state, trouble.error());
        }
        nanos = changed.awaitNanos(nanos);
      }
    } catch (InterruptedException e) {
      throw interrupted(what, e);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits for some time.
   *
   * @throws RuntimeException as {@link #await} does, unless the time is over
   */
  void rest(String what, Duration time) {
    lock.lock();
    try {
      long nanos = time.toNanos();
      while (nanos > 0) {
        refuseIfStopped(what);
        nanos = changed.awaitNanos(nanos);
      }
    } catch (InterruptedException e) {
      throw interrupted(what, e);
    } finally {
      lock.unlock();
    }
  }

  private AwaitTimeoutException interrupted(String what, InterruptedException e) {
    Thread.currentThread().interrupt();
    return new AwaitTimeoutException(mirror, "interrupted while waiting for " + what, e);
  }

  private void refuseIfStopped(String what) {
    if (state == MirrorState.TERMINATED) {
      throw new IllegalStateException("mirror '" + mirror + "' was closed and will not be " + what);
    }
    MirrorException error = trouble.error();
    boolean isStopped = state == MirrorState.PAUSED || state == MirrorState.FAILED;
    if (isStopped && error != null) {
      throw error;
    }
  }
}
