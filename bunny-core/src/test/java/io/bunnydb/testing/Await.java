package io.bunnydb.testing;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Waits for conditions, each with a deadline; the only place where tests pause.
 *
 * <p>A probe that throws an exception or an {@code AssertionError} counts as "not yet"; the last
 * one becomes the cause of the failure. Probes run on the caller's thread, about 100 times a
 * second.
 */
public final class Await {

  private static final long PAUSE_NANOS = Duration.ofMillis(10).toNanos();

  private Await() {}

  /**
   * Returns as soon as the condition holds.
   *
   * @param timeout how long to wait at most
   * @param what the condition in words, as the failure shows it: "the slot is inactive"
   * @param condition tried at least once
   * @throws AssertionError if it does not hold in time
   */
  public static void until(Duration timeout, String what, Callable<Boolean> condition) {
    value(timeout, what, condition, Boolean::booleanValue);
  }

  /**
   * Returns the first value that is accepted.
   *
   * @param timeout how long to wait at most
   * @param what the condition in words, as the failure shows it
   * @param probe reads the value
   * @param accepted says whether the value is the awaited one
   * @return the accepted value
   * @throws AssertionError if there is none in time; it shows the last value
   */
  public static <T> T value(
      Duration timeout, String what, Callable<T> probe, Predicate<? super T> accepted) {
    long start = System.nanoTime();
    String last;
    @Nullable Throwable cause;
    do {
      try {
        T value = probe.call();
        if (accepted.test(value)) {
          return value;
        }
        last = Objects.toString(value);
        cause = null;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError("interrupted while waiting until " + what, e);
      } catch (Exception | AssertionError e) {
        last = e.toString();
        cause = e;
      }
      LockSupport.parkNanos(PAUSE_NANOS);
      if (Thread.currentThread().isInterrupted()) {
        throw new AssertionError("interrupted while waiting until " + what, cause);
      }
    } while (System.nanoTime() - start < timeout.toNanos());
    throw new AssertionError(
        "not within " + timeout + ": " + what + "; last state: " + last, cause);
  }

  /**
   * Runs a check over and over, without rest, until the condition holds. What the check throws is
   * thrown at once.
   *
   * @param timeout how long to go on at most
   * @param what the condition in words, as the failure shows it
   * @param check what has to hold all the while; runs at least once
   * @throws AssertionError if the condition does not hold in time
   */
  public static void checkingUntil(
      Duration timeout, String what, Check check, Callable<Boolean> condition) throws Exception {
    long start = System.nanoTime();
    do {
      check.run();
      if (System.nanoTime() - start > timeout.toNanos()) {
        throw new AssertionError("not within " + timeout + ": " + what);
      }
    } while (!condition.call());
  }

  /** A check that may fail. */
  @FunctionalInterface
  public interface Check {
    /** Makes the check. */
    void run() throws Exception;
  }
}
