package io.bunnydb.benchmarks.endtoend;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;

/**
 * One connection through the proxy: a delay line each way. When both have come to their end, or
 * either cannot go on, both sockets are closed, and by that all its threads end.
 */
final class DelayedConnection implements AutoCloseable {
  private static final int CONNECT_MILLIS = 10_000;

  private final Socket client;
  private final Socket server = new Socket();
  private final CountDownLatch ends = new CountDownLatch(2);
  private final Consumer<DelayedConnection> closed;
  private final List<Thread> threads;

  /** What a thread of the connection does until its direction ends. */
  @FunctionalInterface
  private interface Work {
    void run() throws IOException, InterruptedException;
  }

  /**
   * A connection for a client that was accepted; nothing flows yet.
   *
   * @param closed called when it is closed, perhaps more than once
   */
  DelayedConnection(Socket client, Duration delayEachWay, Consumer<DelayedConnection> closed) {
    this.client = client;
    this.closed = closed;
    DelayLine there = new DelayLine(client, server, delayEachWay);
    DelayLine back = new DelayLine(server, client, delayEachWay);
    this.threads =
        List.of(
            thread("receives from the client", there::receive),
            thread("sends to the server", () -> sendAll(there)),
            thread("receives from the server", back::receive),
            thread("sends to the client", () -> sendAll(back)));
  }

  /** Connects to the server and then lets the bytes flow, on threads of its own. */
  void open(InetSocketAddress address) {
    thread("connects", () -> connect(address)).start();
  }

  /** Closes both sockets, whatever is still under way. */
  @Override
  public void close() {
    threads.forEach(Thread::interrupt);
    close(client);
    close(server);
    closed.accept(this);
  }

  private void connect(InetSocketAddress address) throws IOException {
    client.setTcpNoDelay(true);
    server.setTcpNoDelay(true);
    server.connect(address, CONNECT_MILLIS);
    threads.forEach(Thread::start);
  }

  private void sendAll(DelayLine line) throws IOException, InterruptedException {
    line.send();
    ends.countDown();
    if (ends.getCount() == 0) {
      close();
    }
  }

  private Thread thread(String role, Work work) {
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (IOException | InterruptedException e) {
                // One side has gone or was never there; the other sees it as without a proxy.
                close();
              }
            },
            "latency proxy " + role);
    thread.setDaemon(true);
    return thread;
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new IllegalStateException("closing " + socket, e);
    }
  }
}
