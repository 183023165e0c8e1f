package io.bunnydb.mirror;

import io.bunnydb.testing.PostgresServer;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * An address that is just being switched over: it leads connections that ask for replication to one
 * server, and all others to one that can be another.
 */
final class SwitchedAddress implements AutoCloseable {
  private final ServerSocket listening;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final int portOfReaders;
  private volatile int portOfOthers;

  private SwitchedAddress(ServerSocket listening, int port) {
    this.listening = listening;
    this.portOfReaders = port;
    this.portOfOthers = port;
  }

  /** One that leads every connection to a server. */
  static SwitchedAddress of(PostgresServer server) throws IOException {
    ServerSocket listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    SwitchedAddress address = new SwitchedAddress(listening, server.port());
    start(address::accept);
    return address;
  }

  /** Leads new connections that do not ask for replication to a server from now on. */
  void leadOthersTo(PostgresServer server) {
    portOfOthers = server.port();
  }

  /** The JDBC URL of a database; without TLS, so that what a connection asks for can be read. */
  String url(String database) {
    return "jdbc:postgresql://127.0.0.1:"
        + listening.getLocalPort()
        + "/"
        + database
        + "?sslmode=disable";
  }

  private static void start(Runnable work) {
    Thread thread = new Thread(work, "switched address");
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    while (!listening.isClosed()) {
      try {
        Socket client = listening.accept();
        sockets.add(client);
        start(() -> lead(client));
      } catch (IOException e) {
        if (!listening.isClosed()) {
          throw new UncheckedIOException(e);
        }
      }
    }
  }

  /** The first message is its length in four bytes, and what the connection asks for. */
  private void lead(Socket client) {
    try {
      DataInputStream in = new DataInputStream(client.getInputStream());
      int length = in.readInt();
      byte[] first = ByteBuffer.allocate(length).putInt(length).array();
      in.readFully(first, Integer.BYTES, length - Integer.BYTES);
      boolean isReader = new String(first, StandardCharsets.ISO_8859_1).contains("replication\0");
      Socket server =
          new Socket(InetAddress.getLoopbackAddress(), isReader ? portOfReaders : portOfOthers);
      sockets.add(server);
      server.getOutputStream().write(first);
      start(() -> pass(server, client));
      pass(client, server);
    } catch (IOException e) {
      close(client); // as a proxy does whose server is away
    }
  }

  private void pass(Socket from, Socket to) {
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      byte[] bytes = new byte[8192];
      for (int read = in.read(bytes); read >= 0; read = in.read(bytes)) {
        out.write(bytes, 0, read);
      }
    } catch (IOException e) {
      // One of the two ends is gone, and so goes the other.
    } finally {
      sockets.remove(from);
      sockets.remove(to);
    }
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Ends all connections, and accepts none any more. */
  @Override
  public void close() throws IOException {
    listening.close();
    sockets.forEach(SwitchedAddress::close);
  }
}
