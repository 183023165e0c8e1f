package io.bunnydb.internal.source;

import io.bunnydb.Lsn;
import java.nio.ByteBuffer;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;
import org.postgresql.copy.CopyDual;

/**
 * What the server of a stream is told of how far the destination has come, soon after it is known
 * and now and then without news. Used by the stream's thread.
 */
final class Acknowledgements {
  private static final int STATUS = 1 + 8 + 8 + 8 + 8 + 1;
  private static final long SOON_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final long WITHOUT_NEWS_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final byte[] status = new byte[STATUS];
  private Lsn durable = Lsn.ZERO;
  private Lsn sentDurable = Lsn.ZERO;
  private Lsn acknowledged = Lsn.ZERO;
  private Lsn sentAcknowledged = Lsn.ZERO;
  private long lastNanos;

  /**
   * Notes how far the destination has come; no position is ever smaller than before.
   *
   * @param reached everything that committed before it is durable on the destination
   * @param recyclable the log before it is not needed any more; not beyond the other
   */
  void note(Lsn reached, Lsn recyclable) {
    durable = Lsn.max(durable, reached);
    acknowledged = Lsn.max(acknowledged, recyclable);
  }

  /** Whether there is news that the server has not been told. */
  boolean areOutstanding() {
    return durable.isAfter(sentDurable) || acknowledged.isAfter(sentAcknowledged);
  }

  /** Tells the server if it is time to. */
  void sendWhenDue(CopyDual stream) throws SQLException {
    long since = System.nanoTime() - lastNanos;
    if (since > WITHOUT_NEWS_NANOS) {
      send(stream, true);
    } else if (since > SOON_NANOS && areOutstanding()) {
      send(stream, false);
    }
  }

  /**
   * Tells the server. The flushed position moves the slot. A server that shuts down waits until
   * everything is flushed here, or, where a reply names no flushed position, written ("WalSndDone"
   * in PostgreSQL's source, walsender.c): log that is kept for later must not keep it waiting.
   *
   * @param wantReply whether the server is to answer at once
   */
  void send(CopyDual stream, boolean wantReply) throws SQLException {
    boolean isKept = acknowledged.isBefore(durable) && !acknowledged.isAfter(sentAcknowledged);
    long flushed = isKept ? 0 : acknowledged.value();
    ByteBuffer.wrap(status)
        .put((byte) 'r')
        .putLong(durable.value())
        .putLong(flushed)
        .putLong(flushed)
        .putLong((System.currentTimeMillis() - ReplicationStream.POSTGRES_EPOCH_MILLIS) * 1000)
        .put((byte) (wantReply ? 1 : 0));
    stream.writeToCopy(status, 0, STATUS);
    stream.flushCopy();
    sentDurable = durable;
    sentAcknowledged = acknowledged;
    lastNanos = System.nanoTime();
  }
}
