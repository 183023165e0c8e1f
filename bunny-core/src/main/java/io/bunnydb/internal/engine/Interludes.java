package io.bunnydb.internal.engine;

import java.util.ArrayDeque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What others have the mirror's thread do between two transactions of a stream that goes on.
 * Thread-safe.
 */
final class Interludes {
  private final ArrayDeque<Interlude> waiting = new ArrayDeque<>();

  // Null while no stream is followed.
  private @Nullable Runnable breakAsker;

  /** Something to do, with no transaction open on the destination. */
  interface Interlude {
    /** Does it, on the mirror's thread; what it throws is for whoever asked. */
    void run() throws InterruptedException;

    /** It will not be done: the stream has ended, or is in the midst of something. */
    void refuse();
  }

  /** For the mirror's thread: it follows a stream, and takes a break when it is asked to. */
  synchronized void open(Runnable asker) {
    breakAsker = asker;
  }

  /** For the mirror's thread: it follows the stream no more. */
  void close() {
    synchronized (this) {
      breakAsker = null;
    }
    refuseAll();
  }

  /** For the mirror's thread, in a break in which nothing can be done. */
  void refuseAll() {
    for (Interlude next = next(); next != null; next = next()) {
      next.refuse();
    }
  }

  /** For the mirror's thread, in a break: does all that it was asked for. */
  void serve() throws InterruptedException {
    for (Interlude next = next(); next != null; next = next()) {
      next.run();
    }
  }

  private synchronized @Nullable Interlude next() {
    return waiting.poll();
  }

  /** Asks for something to be done soon, or refused. */
  void ask(Interlude interlude) {
    Runnable asker;
    synchronized (this) {
      asker = breakAsker;
      if (asker != null) {
        waiting.add(interlude);
      }
    }
    if (asker == null) {
      interlude.refuse();
    } else {
      asker.run();
    }
  }

  private synchronized boolean withdraw(Interlude interlude) {
    return waiting.remove(interlude);
  }

  /**
   * Has something done soon, and waits for it, unless it is refused.
   *
   * @param patienceMillis how long the present transaction may last
   */
  void call(Runnable what, long patienceMillis) throws InterruptedException {
    Call call = new Call(what);
    ask(call);
    if (!call.ended.await(patienceMillis, TimeUnit.MILLISECONDS) && !withdraw(call)) {
      call.ended.await();
    }
  }

  private static final class Call implements Interlude {
    private final Runnable what;
    private final CountDownLatch ended = new CountDownLatch(1);

    private Call(Runnable what) {
      this.what = what;
    }

    @Override
    public void run() {
      what.run();
      ended.countDown();
    }

    @Override
    public void refuse() {
      ended.countDown();
    }
  }
}
