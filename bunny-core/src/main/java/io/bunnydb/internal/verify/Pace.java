package io.bunnydb.internal.verify;

import io.bunnydb.internal.catalog.StopSignal;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Keeps the work of a comparison to a share of the time, and ends its waits when it is stopped.
 * Used by one thread.
 */
public final class Pace {
  private static final Duration PIECE = Duration.ofMillis(200);

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

  /** Something that is asked of a server. */
  @FunctionalInterface
  interface Question {
    /** Whether it is so now. */
    boolean ask() throws SQLException;
  }

  /** Rests after what was done since the last rest, in proportion to the time that it took. */
  void rest() throws InterruptedException {
    await(Duration.ofNanos(due()));
    restart();
  }

  /**
   * Rests likewise, but no longer than until something is so; that is asked several times a second,
   * and at the end.
   *
   * @return whether it was not so
   */
  boolean restUnless(Question question) throws SQLException, InterruptedException {
    long left = due();
    do {
      long piece = Math.min(left, PIECE.toNanos());
      await(Duration.ofNanos(piece));
      left -= piece;
      if (question.ask()) {
        restart();
        return false;
      }
    } while (left > 0);
    restart();
    return true;
  }

  private long due() {
    return (long) ((System.nanoTime() - beganNanos) * (1 / share - 1));
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
