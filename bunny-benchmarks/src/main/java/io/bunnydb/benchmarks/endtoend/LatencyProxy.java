package io.bunnydb.benchmarks.endtoend;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Makes a server seem far away: passes connections on to it and delays the bytes in each direction
 * by half of the latency, so that a round trip takes that much more. It does not slow their flow: 4
 * MiB may be under way each way. Small pieces are gathered for a tenth of a millisecond, which
 * comes on top, as their sender's and reader's work with each would else be the proxy's, too.
 * Connecting itself takes no longer.
 *
 * <p>A thread accepts, four work for each connection; all are daemons and end with {@link #close}.
 */
final class LatencyProxy implements AutoCloseable {
  private static final int BACKLOG = 100;

  private final InetSocketAddress server;
  private final Duration delayEachWay;
  private final ServerSocket listening;
  private final Thread accepting = new Thread(this::accept, "latency proxy accepts");
  private final Set<DelayedConnection> connections = ConcurrentHashMap.newKeySet();

  private LatencyProxy(InetSocketAddress server, Duration latency, ServerSocket listening) {
    this.server = server;
    this.delayEachWay = latency.dividedBy(2);
    this.listening = listening;
  }

  /**
   * Starts a proxy on a free port.
   *
   * @param server where connections lead to
   * @param latency what a round trip takes in addition
   * @param here the address of this machine to listen at
   */
  static LatencyProxy start(InetSocketAddress server, Duration latency, String here) {
    try {
      LatencyProxy proxy =
          new LatencyProxy(
              server, latency, new ServerSocket(0, BACKLOG, InetAddress.getByName(here)));
      proxy.accepting.setDaemon(true);
      proxy.accepting.start();
      return proxy;
    } catch (IOException e) {
      throw new UncheckedIOException("listening at " + here, e);
    }
  }

  /** The port to connect to. */
  int port() {
    return listening.getLocalPort();
  }

  /** Breaks off all connections and accepts no more. */
  @Override
  public void close() {
    try {
      listening.close();
    } catch (IOException e) {
      throw new UncheckedIOException("closing the latency proxy", e);
    }
    connections.forEach(DelayedConnection::close);
    try {
      accepting.join(); // as long as it lives the port may be open
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void accept() {
    while (!listening.isClosed()) {
      try {
        open(listening.accept());
      } catch (IOException e) {
        if (!listening.isClosed()) {
          throw new UncheckedIOException("accepting for " + server, e);
        }
      }
    }
  }

  private void open(Socket client) {
    DelayedConnection connection = new DelayedConnection(client, delayEachWay, connections::remove);
    connections.add(connection);
    connection.open(server);
    if (listening.isClosed()) {
      connection.close();
    }
  }
}
