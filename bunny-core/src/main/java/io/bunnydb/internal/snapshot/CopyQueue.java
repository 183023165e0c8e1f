package io.bunnydb.internal.snapshot;

import io.bunnydb.internal.snapshot.TableCopy.Step;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Hands the steps of several tables' copies out to workers, until all are done or one has failed.
 * Thread-safe.
 */
final class CopyQueue {
  private final int tablesInParallel;
  private final Deque<TableCopy> waiting;
  private final Deque<Piece> ready = new ArrayDeque<>();
  private int begun;
  private final Set<TableCopy> failed = new HashSet<>();
  private int idle;
  private int coming;
  private int workers;
  private boolean isFull;
  private boolean isBroken;
  private @Nullable Throwable failure;

  /**
   * What one worker does next.
   *
   * @param table the copy that it belongs to
   * @param step what to do
   */
  record Piece(TableCopy table, Step step) {}

  /**
   * A queue.
   *
   * @param tables in the order in which they are begun
   * @param tablesInParallel how many of them are under way at a time
   */
  CopyQueue(List<TableCopy> tables, int tablesInParallel) {
    this.waiting = new ArrayDeque<>(tables);
    this.tablesInParallel = tablesInParallel;
  }

  /**
   * Waits until there is work for another worker; that one is expected then.
   *
   * @return whether there is; false when all is over
   */
  synchronized boolean needsWorker() throws InterruptedException {
    while (!isOver() && !isFull) {
      if (ready.size() + mayBegin() > idle + coming) {
        coming++;
        return true;
      }
      wait();
    }
    return false;
  }

  /** Tells that a worker that was expected is there. */
  synchronized void workerCame() {
    coming--;
    idle++;
    workers++;
  }

  /**
   * Tells that a worker that was expected will not come; no more are asked for then.
   *
   * @return whether there are others
   */
  synchronized boolean goesOnWithout() {
    coming--;
    isFull = true;
    notifyAll();
    return workers > 0;
  }

  /** Waits for a piece of work; null when all is over. */
  synchronized @Nullable Piece take() throws InterruptedException {
    while (!isOver()) {
      if (mayBegin() > 0) {
        // Ahead of what else there is: the longer a table waits, the more may happen to it.
        begun++;
        TableCopy next = waiting.remove();
        next.nextStage().forEach(step -> ready.addFirst(new Piece(next, step)));
      }
      if (!ready.isEmpty()) {
        idle--;
        return ready.remove();
      }
      wait();
    }
    return null;
  }

  /** Notes that a piece is done, which may make others possible; its worker is free again. */
  synchronized void done(Piece piece) {
    idle++;
    if (!failed.contains(piece.table()) && piece.table().stepIsLast()) {
      if (!addNextStage(piece.table())) {
        begun--;
      }
      notifyAll();
    }
  }

  /** Ends it at once; the first failure counts. */
  synchronized void fail(Throwable reason) {
    isBroken = true;
    note(reason);
  }

  /**
   * Ends the copy of one table, whose worker goes. The others that are begun go on to their ends,
   * as that is kept; no further is begun.
   */
  synchronized void fail(Piece piece, Throwable reason) {
    workers--;
    if (failed.add(piece.table())) {
      begun--;
      ready.removeIf(other -> other.table() == piece.table());
    }
    note(reason);
  }

  private void note(Throwable reason) {
    if (failure == null) {
      failure = reason;
    }
    notifyAll();
  }

  /** Why it ended before all was done; null if it did not. */
  synchronized @Nullable Throwable failure() {
    return failure;
  }

  private boolean isOver() {
    return isBroken || (begun == 0 && (failure != null || waiting.isEmpty()));
  }

  /** How many tables could be begun now. */
  private int mayBegin() {
    return failure != null ? 0 : Math.min(waiting.size(), tablesInParallel - begun);
  }

  private boolean addNextStage(TableCopy table) {
    List<Step> steps = table.nextStage();
    for (Step step : steps) {
      ready.add(new Piece(table, step));
    }
    return !steps.isEmpty();
  }
}
