package io.bunnydb.internal.engine;

import io.bunnydb.Lsn;
import io.bunnydb.internal.apply.BatchExchange;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Brings the mirror's stream and that of copied tables together at one position: the mirror's
 * thread stops there between two transactions, until the tables have come as far and nothing writes
 * to them any more.
 *
 * <p>Thread-safe, for the mirror's thread and the one that {@link CatchUp} has.
 */
final class Meeting implements Interludes.Interlude {
  /** How long the mirror's stream stands still at the most. */
  private static final long PATIENCE_MILLIS = 500;

  /** Stands for the place when the tables have come there. */
  private static final Lsn MET = new Lsn(-1);

  private final Progress mirror;
  private final Progress tables;
  private final BatchExchange exchange;
  private final Runnable arrival;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final AtomicReference<@Nullable Lsn> place = new AtomicReference<>();
  private volatile boolean isRefused;

  /**
   * To be asked for when the tables are near.
   *
   * @param mirror how far the mirror's stream has come
   * @param tables how far theirs has
   * @param exchange what theirs gives its batches through
   * @param arrival done by the mirror's thread when they have met
   */
  Meeting(Progress mirror, Progress tables, BatchExchange exchange, Runnable arrival) {
    this.mirror = mirror;
    this.tables = tables;
    this.exchange = exchange;
    this.arrival = arrival;
  }

  // ---- the mirror's thread ----

  @Override
  public void run() throws InterruptedException {
    Lsn here = mirror.applied();
    tables.want(here);
    place.set(here);
    exchange.askForBreak();
    if (!ended.await(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)) {
      refuse();
      place.compareAndSet(here, null);
    }
    if (isMet()) {
      arrival.run();
    }
  }

  @Override
  public void refuse() {
    isRefused = true;
    exchange.askForBreak();
  }

  // ---- the other ----

  /** Whether it will not take place. */
  boolean isRefused() {
    return isRefused;
  }

  /** Whether the mirror's thread waits. */
  boolean isWaitedFor() {
    return place.get() != null;
  }

  /**
   * Lets the meeting take place, if the tables have come to where the mirror's thread waits.
   *
   * @return whether it has; then nothing may be written to the tables any more
   */
  boolean tryAt(Lsn reached) {
    Lsn waiting = place.get();
    return waiting != null
        && !reached.isBefore(waiting)
        // Unless the mirror's thread has just given it up.
        && place.compareAndSet(waiting, MET);
  }

  /** Lets the mirror's thread go on; nothing more is written to the tables. */
  void end() {
    ended.countDown();
  }

  /** Whether it has taken place. */
  boolean isMet() {
    return MET.equals(place.get());
  }
}
