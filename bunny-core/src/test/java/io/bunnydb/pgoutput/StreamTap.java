package io.bunnydb.pgoutput;

import io.bunnydb.testing.Await;
import java.nio.ByteBuffer;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.postgresql.replication.PGReplicationStream;

/** Collects the messages of a replication stream. */
final class StreamTap {

  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final PGReplicationStream stream;
  private final List<byte[]> messages = new ArrayList<>();

  StreamTap(PGReplicationStream stream) {
    this.stream = stream;
  }

  /** What has come so far. */
  List<byte[]> messages() {
    return messages;
  }

  /** How many messages of this kind have come so far. */
  int count(MessageKind kind) {
    int count = 0;
    for (byte[] message : messages) {
      if (message[0] == kind.code()) {
        count++;
      }
    }
    return count;
  }

  /** Waits for one more message of this kind. */
  void await(MessageKind kind) {
    await(kind, count(kind) + 1);
  }

  /** Waits until so many messages of this kind have come. */
  void await(MessageKind kind, int count) {
    Await.until(
        TIMEOUT,
        count + " messages " + kind.title(),
        () -> {
          drain();
          return count(kind) >= count;
        });
  }

  private void drain() throws SQLException {
    for (ByteBuffer pending = stream.readPending();
        pending != null;
        pending = stream.readPending()) {
      byte[] message = new byte[pending.remaining()];
      pending.get(message);
      messages.add(message);
    }
  }
}
