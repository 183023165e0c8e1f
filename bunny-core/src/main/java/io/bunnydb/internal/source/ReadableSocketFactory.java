package io.bunnydb.internal.source;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
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
    private @Nullable AwaitableInput input;

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

  /** An input that can read ahead. */
  private static final class AwaitableInput extends FilterInputStream {
    private final byte[] ahead = new byte[8192];
    private int next;
    private int end;

    AwaitableInput(InputStream in) {
      super(in);
    }

    /** Reads ahead, blocking; at the end of the stream nothing is kept. */
    void fill() throws IOException {
      int count = in.read(ahead, 0, ahead.length);
      // Only now: a read that timed out must not bring back what was read before.
      next = 0;
      end = Math.max(0, count);
    }

    @Override
    public int read() throws IOException {
      return next < end ? ahead[next++] & 0xFF : in.read();
    }

    @Override
    public int read(byte[] to, int offset, int length) throws IOException {
      if (next == end) {
        return in.read(to, offset, length);
      }
      int count = Math.min(length, end - next);
      System.arraycopy(ahead, next, to, offset, count);
      next += count;
      return count;
    }

    @Override
    public long skip(long count) throws IOException {
      if (next == end) {
        return in.skip(count);
      }
      long skipped = Math.min(count, end - next);
      next += (int) skipped;
      return skipped;
    }

    @Override
    public int available() throws IOException {
      return end - next + in.available();
    }

    @Override
    public boolean markSupported() {
      return false;
    }
  }
}
