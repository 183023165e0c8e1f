package io.bunnydb.internal.engine;

import io.bunnydb.MirrorException;
import io.bunnydb.internal.catalog.StopSignal;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Something that a caller has the mirror's thread do. */
final class Command {
  private final Action action;
  private final CountDownLatch done = new CountDownLatch(1);
  private volatile boolean hasBegun;
  private volatile @Nullable RuntimeException failure;

  /** What to do. */
  @FunctionalInterface
  interface Action {
    /** Does it, on the mirror's thread; a stop is asked for when it should end early. */
    void run(MirrorWork work, StopSignal stop) throws Exception;
  }

  Command(Action action) {
    this.action = action;
  }

  /** For the mirror's thread: it is the next to be done. */
  void begin() {
    hasBegun = true;
  }

  /** For the caller: whether it is being done, or was. */
  boolean hasBegun() {
    return hasBegun;
  }

  /** For the mirror's thread: does it, and lets the caller go on. */
  void execute(MirrorWork work, StopSignal stop, String mirror) {
    try {
      action.run(work, stop);
    } catch (RuntimeException e) {
      failure = e;
    } catch (Exception | Error e) {
      failure = Faults.describe(mirror, e);
    } finally {
      done.countDown();
    }
  }

  /** For the mirror's thread: lets the caller go, who gets the exception. */
  void refuse(RuntimeException reason) {
    failure = reason;
    done.countDown();
  }

  /** For the caller: waits a while for the end; whether it has come. */
  boolean await(String mirror, long millis) {
    try {
      return done.await(millis, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      throw interrupted(mirror, e);
    }
  }

  /** For the caller, whose wait was interrupted. */
  static MirrorException interrupted(String mirror, InterruptedException e) {
    Thread.currentThread().interrupt();
    return new MirrorException(
        mirror, "interrupted while a command was carried out; it goes on", e);
  }

  /** For the caller, after the end: whether it threw something. */
  boolean hasFailed() {
    return failure != null;
  }

  /** For the caller, after the end: throws what it threw. */
  void rethrow() {
    RuntimeException thrown = failure;
    if (thrown != null) {
      throw thrown;
    }
  }
}
