package io.bunnydb.internal.apply;

import io.bunnydb.internal.apply.SessionWriter.Options;
import io.bunnydb.pgoutput.MessageKind;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The transactions that the source sends before they have committed there, since they are large
 * ("Streaming of Large Transactions for Logical Decoding" in the PostgreSQL documentation). Each is
 * applied as it comes, in a session and transaction of its own, which is then committed or rolled
 * back as the source did.
 *
 * <p>What the source allowed side by side, the destination mostly does too; but it can have
 * constraints of its own, and of equal rows without a key it may take another. One session would
 * then wait for another that this thread does not go on with. So no lock is waited for long while
 * there are such transactions; whatever goes wrong then, the caller begins again without them.
 *
 * <p>Used by one thread.
 */
final class InProgress implements AutoCloseable {
  private static final int MOST = 4;

  private final Options options;
  private final Map<Long, SessionWriter> open = new HashMap<>();

  /** None yet. */
  InProgress(Options options) {
    this.options = options;
  }

  /** Whether there are none. */
  boolean isEmpty() {
    return open.isEmpty();
  }

  /**
   * Applies a batch, without the end of its transaction.
   *
   * @return what wrote it, whose transaction can be committed; null where the transaction has not
   *     changed a table of the publication so far
   */
  @Nullable SessionWriter write(Batch batch) throws SQLException {
    SessionWriter writer = open.get(batch.xid());
    if (writer == null && hasNoChange(batch)) {
      return null;
    }
    if (writer == null) {
      writer = begin(batch);
    }
    writer.write(batch);
    return writer;
  }

  private static boolean hasNoChange(Batch batch) {
    for (int i = 0; i < batch.messageCount(); i++) {
      byte code = batch.bytes()[batch.offset(i)];
      if (code != MessageKind.STREAM_START.code()
          && code != MessageKind.STREAM_STOP.code()
          && code != MessageKind.STREAM_COMMIT.code()
          && code != MessageKind.STREAM_ABORT.code()) {
        return false;
      }
    }
    return true;
  }

  private SessionWriter begin(Batch batch) throws SQLException {
    for (Applier.LiveTable table : options.tables().values()) {
      if (batch.firstLsn().isBefore(table.from())) {
        throw new SQLException("it began before the copy of a table, and may be in it");
      }
    }
    if (open.size() == MOST) {
      throw new SQLException("there are too many of them");
    }
    Connection session = options.sessions().open();
    try {
      SessionWriter writer = new SessionWriter(options, session);
      writer.beginInProgress(batch.xid(), batch.firstLsn().value());
      open.put(batch.xid(), writer);
      return writer;
    } catch (SQLException | RuntimeException e) {
      options.sessions().close(session);
      throw e;
    }
  }

  /** Ends a transaction's session, and rolls back what is not committed. */
  void end(long xid) {
    SessionWriter ended = open.remove(xid);
    if (ended != null) {
      options.sessions().close(ended.session());
    }
  }

  /** Ends all sessions, and rolls back. */
  @Override
  public void close() {
    open.values().forEach(writer -> options.sessions().close(writer.session()));
    open.clear();
  }
}
