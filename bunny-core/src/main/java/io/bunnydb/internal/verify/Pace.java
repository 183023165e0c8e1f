package io.bunnydb.internal.verify;

import io.bunnydb.internal.catalog.StopSignal;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Keeps the work of a comparison to a share of the time, and ends its waits when it is stopped.
 * Used by one thread.
 */
public final class Pace {
  private final StopSignal stop;
  private final double share;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private long beganNanos = System.nanoTime();

  /**
   * A pace.
   *
   * @param share the part of the time for which the servers work
   */
  public Pace(StopSignal stop, double share) {
    this.stop = stop;
    this.share = share;
    stop.onStop(stopped::countDown);
  }

  /** Rests after what was done since the last rest, in proportion to the time that it took. */
  void rest() throws InterruptedException {
    long worked = System.nanoTime() - beganNanos;
    await(Duration.ofNanos((long) (worked * (1 / share - 1))));
    restart();
  }

  /** What was done since the last rest was mostly to wait. */
  void restart() {
    beganNanos = System.nanoTime();
  }

  /** Ends the work if a stop was asked for. */
  void check() {
    stop.check();
  }

  /** Lets time pass. */
  void await(Duration time) throws InterruptedException {
    if (stopped.await(time.toNanos(), TimeUnit.NANOSECONDS)) {
      stop.check();
    }
    stop.check();
  }
}
