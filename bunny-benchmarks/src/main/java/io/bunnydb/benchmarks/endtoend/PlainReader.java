package io.bunnydb.benchmarks.endtoend;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.PGProperty;
import org.postgresql.replication.PGReplicationStream;

/**
 * Reads the slot by the driver's replication stream as fast as it comes, and throws the messages
 * away: the part of the time that reading alone takes. One thread reads; the methods are not
 * thread-safe.
 */
final class PlainReader implements Contender {
  private final Databases databases;
  private final ReaderSlot slot;
  private final CountDownLatch closing = new CountDownLatch(1);
  private volatile boolean done;
  private volatile @Nullable Exception failure;
  private volatile @Nullable Connection connection;

  private PlainReader(Databases databases, ReaderSlot slot) {
    this.databases = databases;
    this.slot = slot;
  }

  /** A reader whose slot holds what is written from now on. */
  static PlainReader heldBack(Databases databases, List<String> tables) throws SQLException {
    return new PlainReader(databases, ReaderSlot.create(databases, tables));
  }

  @Override
  public String slot() {
    return slot.name();
  }

  @Override
  public void release(Marker marker) {
    Thread thread = new Thread(() -> readUpTo(marker), "plain reader");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public List<String> destinationPids() {
    return List.of();
  }

  @Override
  public boolean holdsMarker() {
    Exception problem = failure;
    if (problem != null) {
      throw new IllegalStateException("the reader met an error", problem);
    }
    return done;
  }

  @Override
  public void close() throws SQLException {
    closing.countDown();
    Connection open = connection;
    if (open != null) {
      open.abort(Runnable::run); // it may still be reading
    }
    slot.drop();
  }

  private void readUpTo(Marker marker) {
    try (Connection opened = connect();
        PGReplicationStream stream = start(opened)) {
      connection = opened;
      do {
        stream.read();
      } while (stream.getLastReceiveLSN().asLong() <= marker.before().asLong());
      done = true;
      closing.await(); // while the connection stands, what its backend has used can be read
    } catch (SQLException e) {
      failure = e;
    } catch (InterruptedException e) {
      failure = e;
      Thread.currentThread().interrupt();
    }
  }

  private PGReplicationStream start(Connection opened) throws SQLException {
    return opened
        .unwrap(PGConnection.class)
        .getReplicationAPI()
        .replicationStream()
        .logical()
        .withSlotName(slot())
        .withSlotOption("proto_version", "1")
        .withSlotOption("publication_names", slot.publication())
        .withSlotOption("binary", "true")
        .start();
  }

  private Connection connect() throws SQLException {
    Database source = databases.sourceOfContenders();
    Properties properties = new Properties();
    PGProperty.USER.set(properties, source.user());
    PGProperty.PASSWORD.set(properties, source.password());
    PGProperty.REPLICATION.set(properties, "database");
    PGProperty.PREFER_QUERY_MODE.set(properties, "simple");
    PGProperty.ASSUME_MIN_SERVER_VERSION.set(properties, "14");
    return DriverManager.getConnection(source.url(), properties);
  }
}
