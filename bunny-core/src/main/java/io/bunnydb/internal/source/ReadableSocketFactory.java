package io.bunnydb.internal.source;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.net.SocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * Makes sockets that can be asked to wait until something can be read, with a time limit.
 *
 * <p>The driver itself either blocks without limit or looks once without waiting. It makes this
 * factory by name, with a token by which {@link #claim} finds the socket afterwards.
 */
public final class ReadableSocketFactory extends SocketFactory {
  private static final Map<String, ReadableSocket> MADE = new ConcurrentHashMap<>();

  private final String token;

  /** Called by the driver. */
  public ReadableSocketFactory(String token) {
    this.token = token;
  }

  /** A token for one connection. */
  static String newToken() {
    return UUID.randomUUID().toString();
  }

  /** The last socket that was made for a token, or null where the driver used another factory. */
  static @Nullable ReadableSocket claim(String token) {
    return MADE.remove(token);
  }

  @Override
  public Socket createSocket() {
    ReadableSocket socket = new ReadableSocket();
    MADE.put(token, socket);
    return socket;
  }

  @Override
  public Socket createSocket(String host, int port) {
    throw new UnsupportedOperationException("sockets are made unconnected");
  }

  @Override
  public Socket createSocket(String host, int port, InetAddress localHost, int localPort) {
    throw new UnsupportedOperationException("sockets are made unconnected");
  }

  @Override
  public Socket createSocket(InetAddress host, int port) {
    throw new UnsupportedOperationException("sockets are made unconnected");
  }

  @Override
  public Socket createSocket(InetAddress host, int port, InetAddress localHost, int localPort) {
    throw new UnsupportedOperationException("sockets are made unconnected");
  }

  /** A socket whose input can be awaited with a time limit. One thread reads. */
  static final class ReadableSocket extends Socket {
    /** Bytes per second that the connection must be able to carry. */
    private static final long LEAST_RATE = 128L << 20;

    private static final int WINDOW_BYTES = 64 << 10;
    private static final int MOST_WINDOW_BYTES = 128 << 10;

    private @Nullable AwaitableInput input;

    /** Connects, and by the time that takes chooses the size of the window. */
    @Override
    public void connect(SocketAddress endpoint, int timeout) throws IOException {
      long begin = System.nanoTime();
      super.connect(endpoint, timeout);
      long roundTripNanos = System.nanoTime() - begin;
      // A sender whose window is full gathers its messages; one whose window is open sends each by
      // itself, at several times the cost. Where the way is long the system's own, large window is
      // what it takes to keep the connection busy.
      long needed = roundTripNanos * LEAST_RATE / TimeUnit.SECONDS.toNanos(1);
      if (needed <= MOST_WINDOW_BYTES) {
        int window = (int) Math.max(needed, WINDOW_BYTES);
        setReceiveBufferSize(window);
        input().windowIs(window, 2 * roundTripNanos);
      }
    }

    @Override
    public InputStream getInputStream() throws IOException {
      return input();
    }

    private AwaitableInput input() throws IOException {
      AwaitableInput existing = input;
      if (existing == null) {
        existing = new AwaitableInput(super.getInputStream());
        input = existing;
      }
      return existing;
    }

    /** How many bytes have been read by who uses the socket. */
    long readBytes() throws IOException {
      return input().readBytes;
    }

    /**
     * Waits until a read would not block.
     *
     * @param timeoutMillis how long to wait at most; positive
     * @return whether there is something to read, the end of the stream included
     */
    boolean awaitReadable(int timeoutMillis) throws IOException {
      AwaitableInput in = input();
      if (in.available() > 0) {
        return true;
      }
      int before = getSoTimeout();
      setSoTimeout(timeoutMillis);
      try {
        in.fill();
        return true;
      } catch (SocketTimeoutException e) {
        return false;
      } finally {
        setSoTimeout(before);
      }
    }
  }

  /**
   * An input that reads ahead, as much as there is.
   *
   * <p>It waits some moments before it reads, for the sender's sake: what is taken a little at a
   * time, is also sent so. While much comes, the sender's messages gather behind the small window
   * until a pause is over, and then come as fast as they are read, in large pieces; when they have
   * been read, there is another pause, which ends before the sender has no room left. While little
   * comes, a pause is the time in which the rest of a small transaction follows its BEGIN: a reader
   * that is woken by each message takes the processor from the sender each time.
   */
  private static final class AwaitableInput extends FilterInputStream {
    private static final int AHEAD_BYTES = 128 << 10;
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
    private static final long LONG_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(15);
    private static final long SHORT_PAUSE_NANOS = TimeUnit.MICROSECONDS.toNanos(50);

    /** After so many pauses much has been coming for a while. */
    private static final int LASTING_PAUSES = 10;

    /** With less than that to read, what had gathered is read, where the window is the system's. */
    private static final int REST_BYTES = 4 << 10;

    /** Over how long what comes is counted at the least. */
    private static final long COUNT_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    /** Bytes within that time from which on much comes. */
    private static final int MUCH_BYTES = 4 << 10;

    /** And from which on a longer pause is filled: small messages need one to gather in. */
    private static final int FLOOD_BYTES = 16 << 10;

    private final byte[] ahead = new byte[AHEAD_BYTES];
    private int next;
    private int end;
    private long readBytes;

    private int restBytes = REST_BYTES;
    private long refillNanos;

    // 0 while little comes.
    private long pauseNanos;
    private int pauses;
    private long countedSinceNanos = System.nanoTime();
    private long countedBytes;

    AwaitableInput(InputStream in) {
      super(in);
    }

    /**
     * Tells of a window that is small.
     *
     * @param bytes its size
     * @param refill how long it takes, when it was read empty, until it is full of what has
     *     gathered, nanoseconds
     */
    void windowIs(int bytes, long refill) {
      restBytes = bytes / 2;
      refillNanos = refill;
    }

    /** Reads ahead, blocking; at the end of the stream nothing is kept. */
    void fill() throws IOException {
      if (pauseNanos == 0) {
        pauses = 0;
        LockSupport.parkNanos(SHORT_PAUSE_NANOS);
      } else if (in.available() < restBytes) {
        LockSupport.parkNanos(refillNanos);
        if (in.available() < restBytes) {
          // What follows a short stall is a flood for a moment only.
          pauses = Math.min(pauses + 1, LASTING_PAUSES);
          LockSupport.parkNanos(pauses < LASTING_PAUSES ? PAUSE_NANOS : pauseNanos);
        }
      }
      int count = in.read(ahead, 0, ahead.length);
      // Only now: a read that timed out must not bring back what was read before.
      next = 0;
      end = Math.max(0, count);
      count(end);
    }

    private void count(int bytes) {
      countedBytes += bytes;
      long nanos = System.nanoTime() - countedSinceNanos;
      if (nanos >= COUNT_NANOS) {
        if (countedBytes * COUNT_NANOS >= FLOOD_BYTES * nanos) {
          pauseNanos = LONG_PAUSE_NANOS;
        } else {
          pauseNanos = countedBytes * COUNT_NANOS >= MUCH_BYTES * nanos ? PAUSE_NANOS : 0;
        }
        countedBytes = 0;
        countedSinceNanos += nanos;
      }
    }

    @Override
    public int read() throws IOException {
      if (next == end) {
        fill();
        if (next == end) {
          return -1;
        }
      }
      readBytes++;
      return ahead[next++] & 0xFF;
    }

    @Override
    public int read(byte[] to, int offset, int length) throws IOException {
      if (length == 0) {
        return 0;
      }
      if (next == end) {
        fill();
        if (next == end) {
          return -1;
        }
      }
      int count = Math.min(length, end - next);
      System.arraycopy(ahead, next, to, offset, count);
      next += count;
      readBytes += count;
      return count;
    }

    @Override
    public long skip(long count) throws IOException {
      if (next == end && count > 0) {
        fill();
      }
      long skipped = Math.min(count, end - next);
      next += (int) skipped;
      readBytes += skipped;
      return skipped;
    }

    /** What has been read ahead; not what the system may hold, which costs a call to learn. */
    @Override
    public int available() {
      return end - next;
    }

    @Override
    public boolean markSupported() {
      return false;
    }
  }
}
