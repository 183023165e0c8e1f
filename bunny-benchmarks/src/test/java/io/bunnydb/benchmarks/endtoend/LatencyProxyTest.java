package io.bunnydb.benchmarks.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class LatencyProxyTest {
  private static final Duration LATENCY = Duration.ofMillis(60);
  private static final String HERE = InetAddress.getLoopbackAddress().getHostAddress();

  private final ExecutorService thread = Executors.newSingleThreadExecutor();
  private ServerSocket listening;
  private LatencyProxy proxy;
  private Socket client;
  private Socket server;

  @BeforeEach
  void connect() throws IOException {
    listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    proxy =
        LatencyProxy.start(new InetSocketAddress(HERE, listening.getLocalPort()), LATENCY, HERE);
    client = new Socket(HERE, proxy.port());
    server = listening.accept();
  }

  @AfterEach
  void close() throws IOException {
    thread.shutdownNow();
    client.close();
    server.close();
    proxy.close();
    listening.close();
  }

  @Test
  void aRoundTripTakesTheLatency() throws IOException {
    for (int trip = 1; trip <= 5; trip++) {
      long begin = System.nanoTime();
      client.getOutputStream().write(trip);
      long halfWay = passOn(server, trip);
      assertThat(client.getInputStream().read()).isEqualTo(trip);
      assertThat(Duration.ofNanos(halfWay - begin)).isGreaterThanOrEqualTo(LATENCY.dividedBy(2));
      assertThat(Duration.ofNanos(System.nanoTime() - begin))
          .isBetween(LATENCY, LATENCY.multipliedBy(10));
    }
  }

  @Test
  void bytesArriveUnchangedAndInOrder() throws Exception {
    byte[] sent = new byte[20_000_000]; // more than may be under way
    new Random(1).nextBytes(sent);
    Future<?> writing =
        inBackground(
            () -> {
              int at = 0;
              for (int size = 1; at < sent.length; size = size * 3 % 200_003) {
                int length = Math.min(size, sent.length - at);
                client.getOutputStream().write(sent, at, length);
                at += length;
              }
              client.shutdownOutput();
              return null;
            });

    assertThat(server.getInputStream().readAllBytes()).isEqualTo(sent);
    writing.get();
  }

  @Test
  void latencyIsNoLimitOfThroughput() throws Exception {
    int pieces = 200;
    Future<?> writing =
        inBackground(
            () -> {
              for (int i = 0; i < pieces; i++) {
                server.getOutputStream().write(new byte[10_000]);
              }
              server.shutdownOutput();
              return null;
            });
    long begin = System.nanoTime();

    assertThat(client.getInputStream().readAllBytes()).hasSize(pieces * 10_000);
    writing.get();

    // Piece after piece they would take 200 times half of the latency.
    assertThat(Duration.ofNanos(System.nanoTime() - begin))
        .isLessThan(LATENCY.dividedBy(2).multipliedBy(pieces / 4));
  }

  @Test
  void holdsBackAWriterWhoseReaderDoesNotRead() throws Exception {
    int plenty = 256 << 20;
    Future<?> writing =
        inBackground(
            () -> {
              client.getOutputStream().write(new byte[plenty]);
              return null;
            });

    for (int i = 0; i < 10; i++) {
      assertThat(server.getInputStream().readNBytes(1 << 20)).hasSize(1 << 20);
    }

    assertThat(writing.isDone()).isFalse();
  }

  @Test
  void theServerSeesThatTheClientHasClosed() throws IOException {
    client.getOutputStream().write(7);
    client.close();

    assertThat(server.getInputStream().read()).isEqualTo(7);
    assertThat(server.getInputStream().read()).isEqualTo(-1);
  }

  @Test
  void theClientSeesThatTheServerHasClosed() throws IOException {
    server.getOutputStream().write(7);
    server.close();

    assertThat(client.getInputStream().read()).isEqualTo(7);
    assertThat(client.getInputStream().read()).isEqualTo(-1);
  }

  @Test
  void aWriterIsToldThatTheReaderHasBrokenOff() throws IOException {
    client.setSoLinger(true, 0); // a reset in place of an orderly end
    client.close();

    assertThatThrownBy(
            () -> {
              for (int i = 0; i < 1_000; i++) {
                server.getOutputStream().write(new byte[100_000]);
              }
            })
        .isInstanceOf(SocketException.class);
  }

  @Test
  void closingTheProxyBreaksOffItsConnections() throws IOException {
    proxy.close();

    assertThat(client.getInputStream().read()).isEqualTo(-1);
    assertThat(server.getInputStream().read()).isEqualTo(-1);
    assertThatThrownBy(() -> new Socket(HERE, proxy.port())).isInstanceOf(IOException.class);
  }

  @Test
  void aClientIsBrokenOffWhereNoServerListens() throws IOException {
    listening.close();
    try (Socket late = new Socket(HERE, proxy.port())) {
      assertThat(late.getInputStream().read()).isEqualTo(-1);
    }
  }

  private static long passOn(Socket socket, int expected) throws IOException {
    assertThat(socket.getInputStream().read()).isEqualTo(expected);
    long now = System.nanoTime();
    socket.getOutputStream().write(expected);
    return now;
  }

  private Future<?> inBackground(Callable<?> work) {
    return thread.submit(work);
  }
}
