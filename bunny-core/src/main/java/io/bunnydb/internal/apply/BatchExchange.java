package io.bunnydb.internal.apply;

import io.bunnydb.Lsn;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Hands batches from the receiving thread to the applying one; holds one at the most.
 *
 * <p>While the applier is busy, the receiver takes the waiting batch back and adds the next
 * transaction to it. So the size of a batch follows from what arrived while the last was applied:
 * small and at once when idle, large when late. Thread-safe, for one thread on either side.
 */
public final class BatchExchange {
  private static final int INITIAL_BYTES = 64 << 10;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ArrayDeque<Batch> spare = new ArrayDeque<>();
  private final int maxBytes;
  private final Lsn singlyUntil;
  private @Nullable Batch waiting;
  private @Nullable Throwable failure;
  private long beingApplied; // bytes
  private boolean isBreakWanted;
  private boolean isEnding;
  private boolean isClosed;

  /**
   * An exchange.
   *
   * @param maxBytes the size from which on a batch is full
   * @param singlyUntil up to this position each transaction has a batch of its own
   */
  public BatchExchange(int maxBytes, Lsn singlyUntil) {
    this.maxBytes = maxBytes;
    this.singlyUntil = singlyUntil;
  }

  /** Whether nothing more should be added to a batch. */
  public boolean isFull(Batch batch) {
    return batch.byteCount() >= maxBytes
        || (batch.transactions() > 0 && !batch.position().isAfter(singlyUntil));
  }

  /**
   * For the receiver: the batch to add the next transaction to, the waiting one if it has room. The
   * end of a large transaction takes no others, which would put off its commit.
   *
   * @param xid the transaction in progress whose messages will be added; 0 for whole transactions
   */
  public Batch open(long xid) {
    lock.lock();
    try {
      Batch taken = waiting;
      if (taken != null
          && taken.xid() == xid
          && taken.endsBetweenTransactions()
          && !taken.isContinuation()
          && !isFull(taken)) {
        waiting = null;
        return taken;
      }
      Batch recycled = spare.poll();
      Batch empty = recycled != null ? recycled : new Batch(INITIAL_BYTES);
      empty.of(xid);
      return empty;
    } finally {
      lock.unlock();
    }
  }

  /**
   * For the receiver: hands a batch over, unless one is waiting already.
   *
   * @param waitMillis how long to wait for the place to become free; 0 for not at all
   * @return whether it was handed over; once closed, everything is taken and forgotten
   */
  public boolean offer(Batch batch, long waitMillis) throws InterruptedException {
    lock.lock();
    try {
      long nanos = TimeUnit.MILLISECONDS.toNanos(waitMillis);
      while (waiting != null && !isClosed) {
        if (nanos <= 0) {
          return false;
        }
        nanos = changed.awaitNanos(nanos);
      }
      waiting = isClosed ? null : batch;
      changed.signalAll();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /**
   * For the receiver: waits until there is room for another message of the size of a batch. Rows
   * larger than that are so held once, or few times, but not three times over.
   *
   * @param waitMillis how long to wait at most
   * @return whether there is room; true once closed
   */
  public boolean awaitRoom(long waitMillis) throws InterruptedException {
    lock.lock();
    try {
      long nanos = TimeUnit.MILLISECONDS.toNanos(waitMillis);
      while (!isClosed
          && beingApplied + (waiting == null ? 0L : waiting.byteCount()) > 3L * maxBytes) {
        if (nanos <= 0) {
          return false;
        }
        nanos = changed.awaitNanos(nanos);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** For the receiver: ends the exchange with an error, which the applier meets next. */
  public void fail(Throwable error) {
    lock.lock();
    try {
      failure = error;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * For the applier: waits for the next batch.
   *
   * @param isInTransaction whether the last batch ended in the midst of a transaction
   * @return the batch; null once closed, or between two transactions if asked to end or to take a
   *     break there
   * @throws ExchangeFailedException if the receiver ended with an error
   */
  public @Nullable Batch take(boolean isInTransaction) throws InterruptedException {
    lock.lock();
    try {
      while (!hasNext(isInTransaction)) {
        changed.await();
      }
      if (isClosed || (isStopWanted() && !isInTransaction)) {
        return null;
      }
      Batch taken = waiting;
      if (failure != null || taken == null) {
        throw new ExchangeFailedException(failure);
      }
      waiting = null;
      beingApplied = taken.byteCount();
      changed.signalAll();
      return taken;
    } finally {
      lock.unlock();
    }
  }

  /**
   * For the applier: waits until {@link #take} would not have to.
   *
   * @return whether it would not; false when the time is over
   */
  public boolean awaitNext(boolean isInTransaction, long waitMillis) throws InterruptedException {
    lock.lock();
    try {
      long nanos = TimeUnit.MILLISECONDS.toNanos(waitMillis);
      while (!hasNext(isInTransaction)) {
        if (nanos <= 0) {
          return false;
        }
        nanos = changed.awaitNanos(nanos);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  private boolean hasNext(boolean isInTransaction) {
    return isClosed || (isStopWanted() && !isInTransaction) || failure != null || waiting != null;
  }

  private boolean isStopWanted() {
    return isEnding || isBreakWanted;
  }

  /**
   * For the applier, which was given no batch: begins the break that was asked for.
   *
   * @return whether it was that, and the applier is to go on afterwards
   */
  public boolean takeBreak() {
    lock.lock();
    try {
      boolean isBreak = isBreakWanted && !isEnding && !isClosed;
      isBreakWanted = false;
      return isBreak;
    } finally {
      lock.unlock();
    }
  }

  /** Carries the error with which the receiver ended, as its cause. */
  public static final class ExchangeFailedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ExchangeFailedException(@Nullable Throwable cause) {
      super(cause);
    }
  }

  /** For any thread: lets the applier take a break at the next boundary between transactions. */
  public void askForBreak() {
    lock.lock();
    try {
      isBreakWanted = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** For any thread: lets the applier end at the next boundary between transactions. */
  public void endAfterTransaction() {
    lock.lock();
    try {
      isEnding = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** For the applier: gives a batch back for use again. */
  public void recycle(Batch batch) {
    batch.clear();
    lock.lock();
    try {
      // One huge row must not keep its memory for ever.
      if (!isClosed && spare.size() < 2 && batch.capacity() <= 2L * maxBytes) {
        spare.add(batch);
      }
      beingApplied = 0;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** For any thread: ends the exchange; the applier finds nothing more, the receiver is let go. */
  public void close() {
    lock.lock();
    try {
      isClosed = true;
      // Whoever still knows of it, as a signal does, is not to hold memory.
      waiting = null;
      spare.clear();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Whether {@link #close} was called. */
  public boolean isClosed() {
    lock.lock();
    try {
      return isClosed;
    } finally {
      lock.unlock();
    }
  }
}
