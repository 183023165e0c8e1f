package io.bunnydb.benchmarks.endtoend;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One direction of a connection: what comes out of one socket goes into another a fixed time later,
 * in the same order, and so does the end. Two threads work on it: {@link #receive} and {@link
 * #send}.
 */
final class DelayLine {
  private static final int MAX_BYTES = 4 << 20; // under way; the sockets hold some more
  private static final int CHUNK_BYTES = 64 << 10;
  private static final long GATHER_NANOS = 100_000;

  private final Socket from;
  private final Socket to;
  private final long delayNanos;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition added = lock.newCondition();
  private final Condition due = lock.newCondition(); // of the first; never signalled
  private final Condition taken = lock.newCondition();
  private final Queue<Chunk> underWay = new ArrayDeque<>(); // guarded by the lock
  private int bytesUnderWay; // guarded by the lock

  /** Bytes that are due at a time of {@link System#nanoTime}; none at all mean the end. */
  private static final class Chunk {
    final byte[] bytes;
    final long due;

    Chunk(byte[] bytes, long due) {
      this.bytes = bytes;
      this.due = due;
    }
  }

  /** A line between two sockets; it takes no part in closing them. */
  DelayLine(Socket from, Socket to, Duration delay) {
    this.from = from;
    this.to = to;
    this.delayNanos = delay.toNanos();
  }

  /** Takes in what comes, up to the end, and waits while too much is under way. */
  void receive() throws IOException, InterruptedException {
    InputStream in = from.getInputStream();
    byte[] buffer = new byte[CHUNK_BYTES];
    int length;
    do {
      length = in.read(buffer);
      put(new Chunk(Arrays.copyOf(buffer, Math.max(0, length)), System.nanoTime() + delayNanos));
      if (length < buffer.length) {
        // A sender of many small pieces would else wake this thread for each.
        LockSupport.parkNanos(GATHER_NANOS);
      }
    } while (length >= 0);
  }

  /** Hands out what is due, up to the end, and passes that on, too. */
  void send() throws IOException, InterruptedException {
    OutputStream out = new BufferedOutputStream(to.getOutputStream(), CHUNK_BYTES);
    boolean isEnd = false;
    while (!isEnd) {
      if (!isAnyDue()) {
        out.flush();
      }
      Chunk chunk = take();
      out.write(chunk.bytes);
      isEnd = chunk.bytes.length == 0;
    }
    out.flush();
    to.shutdownOutput();
  }

  private void put(Chunk chunk) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (bytesUnderWay >= MAX_BYTES) {
        taken.await();
      }
      underWay.add(chunk);
      bytesUnderWay += chunk.bytes.length;
      added.signal();
    } finally {
      lock.unlock();
    }
  }

  private boolean isAnyDue() {
    lock.lock();
    try {
      Chunk first = underWay.peek();
      return first != null && first.due - System.nanoTime() <= 0;
    } finally {
      lock.unlock();
    }
  }

  private Chunk take() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (underWay.isEmpty()) {
        added.await();
      }
      Chunk first = underWay.element();
      long wait = first.due - System.nanoTime();
      while (wait > 0) {
        wait = due.awaitNanos(wait);
      }
      underWay.remove();
      bytesUnderWay -= first.bytes.length;
      taken.signal();
      return first;
    } finally {
      lock.unlock();
    }
  }
}
