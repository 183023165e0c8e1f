package io.bunnydb.benchmarks.endtoend;

import io.bunnydb.Lsn;
import io.bunnydb.internal.catalog.PeerConnector;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.source.ReplicationStream;
import io.bunnydb.internal.source.ReplicationStream.Content;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * Reads the slot by Bunny's replication stream, as a mirror does, and throws the messages away: the
 * limit that a mirror can come near. One thread reads; the methods are not thread-safe.
 */
final class StreamReader implements Contender {
  private static final int WAIT_MILLIS = 100;

  private final Databases databases;
  private final ReaderSlot slot;
  private final CountDownLatch closing = new CountDownLatch(1);
  private volatile boolean done;
  private volatile @Nullable Exception failure;
  private @Nullable Thread thread;

  private StreamReader(Databases databases, ReaderSlot slot) {
    this.databases = databases;
    this.slot = slot;
  }

  /** A reader whose slot holds what is written from now on. */
  static StreamReader heldBack(Databases databases, List<String> tables) throws SQLException {
    return new StreamReader(databases, ReaderSlot.create(databases, tables));
  }

  @Override
  public String slot() {
    return slot.name();
  }

  @Override
  public void release(Marker marker) {
    Thread reader = new Thread(() -> readUpTo(Lsn.parse(marker.before().asString())), "reader");
    reader.setDaemon(true);
    reader.start();
    thread = reader;
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
    Thread reader = thread;
    if (reader != null) {
      try {
        reader.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    slot.drop();
  }

  private void readUpTo(Lsn before) {
    PeerConnector source =
        new PeerConnector(slot.name(), databases.sourceOfContenders().peer("source"));
    try (ReplicationStream stream = ReplicationStream.connect(source, new StopSignal())) {
      stream.start(slot.name(), slot.publication(), Lsn.ZERO, new Content(true, true));
      boolean isBehind = false;
      while (!isBehind && closing.getCount() > 0) {
        isBehind = stream.poll(WAIT_MILLIS) && stream.lsn().isAfter(before);
      }
      done = isBehind;
      closing.await(); // while the connection stands, what its backend has used can be read
    } catch (SQLException e) {
      failure = e;
    } catch (InterruptedException e) {
      failure = e;
      Thread.currentThread().interrupt();
    }
  }
}
