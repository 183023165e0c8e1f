package io.bunnydb.internal.apply;

import io.bunnydb.ApplyException;
import io.bunnydb.Lsn;
import io.bunnydb.TableName;
import io.bunnydb.internal.apply.BatchWriter.SetFailedException;
import io.bunnydb.internal.apply.RowValues.NotTextException;
import io.bunnydb.internal.apply.SessionWriter.Options;
import io.bunnydb.internal.catalog.Table;
import io.bunnydb.internal.source.ReplicationStream;
import io.bunnydb.pgoutput.Delete;
import io.bunnydb.pgoutput.Insert;
import io.bunnydb.pgoutput.PgOutputDecoder;
import io.bunnydb.pgoutput.PgOutputException;
import io.bunnydb.pgoutput.Truncate;
import io.bunnydb.pgoutput.Update;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the messages of batches, and has each change written to the table that it goes to. Used by
 * one thread.
 */
final class MessageWriter {
  private final Options options;
  private final Connection session;
  private final PgOutputDecoder decoder = new PgOutputDecoder(ReplicationStream.PROTOCOL_VERSION);
  private final Relations relations;
  private final BatchWriter writer;
  private long transaction;

  // Of a transaction in progress, whose commit is yet to come, a position before that.
  private long commitLsn;

  /** How far it has read. */
  record Mark(Relations.Mark relations, long commitLsn, boolean isInStream) {}

  /**
   * A writer.
   *
   * @param usesSets whether many rows may be changed at once where the table lets them
   */
  MessageWriter(Options options, Connection session, boolean usesSets) {
    this.options = options;
    this.session = session;
    this.relations =
        new Relations(
            options.mirror(),
            session,
            options.isRepeatable(),
            usesSets,
            options.binary(),
            options.tables());
    this.writer = new BatchWriter(session);
  }

  /**
   * Takes the messages that follow for those of a transaction in progress.
   *
   * @param xid the transaction
   * @param lsn a position that its commit lies behind
   */
  void beginInProgress(long xid, long lsn) {
    transaction = xid;
    commitLsn = lsn;
  }

  /** What the stream has described. */
  Relations relations() {
    return relations;
  }

  /** How far it has read. */
  Mark mark() {
    return new Mark(relations.mark(), commitLsn, decoder.isInStream());
  }

  /** Goes back, to read again; what was written since must have been rolled back. */
  void backTo(Mark mark) throws SQLException {
    relations.backTo(mark.relations);
    commitLsn = mark.commitLsn;
    decoder.reset(mark.isInStream);
  }

  /** Writes a batch, by sets where the tables let it, or in order. */
  void write(Batch batch, boolean bySets) throws SQLException {
    writer.begin(batch, bySets);
    for (int i = 0; i < batch.messageCount(); i++) {
      writeMessage(batch, i);
    }
    writer.end();
  }

  /** Frees what a failure left open: an open COPY blocks the connection, its rollback included. */
  void close() throws SQLException {
    writer.close();
  }

  private void writeMessage(Batch batch, int message) throws SQLException {
    switch (decoder.wrap(batch.bytes(), batch.offset(message), batch.length(message))) {
      case BEGIN -> commitLsn = decoder.begin().finalLsn();
      case RELATION -> describe();
      case INSERT -> insert(decoder.insert());
      case UPDATE -> update(decoder.update());
      case DELETE -> delete(decoder.delete());
      case TRUNCATE -> truncate(decoder.truncate());
      case COMMIT, ORIGIN, TYPE, MESSAGE -> {}
      case STREAM_START, STREAM_STOP, STREAM_COMMIT, STREAM_ABORT -> {
        if (batch.xid() == 0) {
          throw unasked();
        }
      }
      case STREAM_PREPARE, BEGIN_PREPARE, PREPARE, COMMIT_PREPARED, ROLLBACK_PREPARED ->
          throw unasked();
    }
  }

  private ApplyException unasked() {
    return new ApplyException(
        options.mirror(),
        null,
        new Lsn(commitLsn),
        "the source sent what was not asked for",
        new IllegalStateException("a message of another protocol version"));
  }

  /**
   * A subtransaction may be rolled back, and the server does not say so of each that it has sent:
   * it forgets those of which it had more than 4096 changes on its disk ({@code
   * ReorderBufferTruncateTXN} in PostgreSQL's source, reorderbuffer.c, takes one that has none in
   * memory for not sent).
   */
  private void requireNoSubtransaction(long xid) throws SQLException {
    if (xid != transaction) {
      throw new SQLException("transaction " + transaction + " has subtransactions");
    }
  }

  private void describe() throws SQLException {
    requireNoSubtransaction(decoder.relation().xid());
    // One that was altered comes again under its id; what is not written yet is of the old shape.
    DestinationTable old = relations.known(decoder.relation().id());
    if (old != null) {
      writer.finish(old);
    }
    relations.describe(decoder.relation(), options.descriptions().next());
  }

  private void insert(Insert insert) throws SQLException {
    requireNoSubtransaction(insert.xid());
    DestinationTable target = target(insert.relationId());
    if (target != null && !writer.insert(target, insert.newTuple(), commitLsn)) {
      throw new ApplyException(
          options.mirror(),
          target.name(),
          new Lsn(commitLsn),
          "the row entered the row filter by an UPDATE that does not hold its unchanged large values;"
              + " set REPLICA IDENTITY FULL on the source, remove the table with updateTables, empty it"
              + " on the destination, and add it again to have it copied",
          null);
    }
  }

  private void update(Update update) throws SQLException {
    requireNoSubtransaction(update.xid());
    DestinationTable target = target(update.relationId());
    if (target != null
        && !writer.update(
            target,
            update.hasOldTuple() ? update.oldTuple() : null,
            update.newTuple(),
            commitLsn)) {
      throw notIdentified(target);
    }
  }

  private void delete(Delete delete) throws SQLException {
    requireNoSubtransaction(delete.xid());
    DestinationTable target = target(delete.relationId());
    if (target != null && !writer.delete(target, delete.oldTuple(), commitLsn)) {
      throw notIdentified(target);
    }
  }

  private ApplyException notIdentified(DestinationTable target) {
    return new ApplyException(
        options.mirror(),
        target.name(),
        new Lsn(commitLsn),
        "an UPDATE or DELETE does not tell which row it is for; give the table and each of its"
            + " partitions one replica identity of columns that are not generated, then remove the"
            + " table with updateTables, empty it on the destination, and add it again to have it"
            + " copied",
        null);
  }

  private void truncate(Truncate truncate) throws SQLException {
    requireNoSubtransaction(truncate.xid());
    List<Table> tables = new ArrayList<>();
    List<TableName> names = new ArrayList<>();
    DestinationTable last = null;
    for (int i = 0; i < truncate.relationCount(); i++) {
      DestinationTable target = target(truncate.relationId(i));
      if (target != null) {
        tables.add(target.table);
        names.add(target.table.name());
        last = target;
      }
    }
    if (last == null) {
      return;
    }
    writer.finish();
    options.sessions().makeWay(names);
    try {
      // Never CASCADE: what it would empty beyond the mapping is not the source's.
      Emptying.run(session, tables, truncate.isRestartIdentity(), options.mirrored()::contains);
    } catch (SQLException e) {
      // Of several the server need not say which it is.
      throw ApplyErrors.refused(options.mirror(), tables.size() == 1 ? last : null, commitLsn, e);
    }
  }

  /** The table that a relation goes to; null if its change is to be passed over. */
  private @Nullable DestinationTable target(long relationId) throws SQLException {
    DestinationTable known = relations.known(relationId);
    if (known != null) {
      return Long.compareUnsigned(commitLsn, known.from.value()) < 0 ? null : known;
    }
    // A change that is there already must not fail for a table that has changed since.
    if (!relations.isToWrite(relationId, commitLsn)) {
      return null;
    }
    writer.finishRun();
    return relations.resolve(relationId, commitLsn);
  }

  /** Says what an error of the destination is about. */
  ApplyException refused(SQLException e) {
    if (e instanceof SetFailedException set && set.getCause() instanceof SQLException cause) {
      return ApplyErrors.refused(options.mirror(), set.target, commitLsn, cause);
    }
    if (e instanceof NotTextException notText) {
      return ApplyErrors.refused(options.mirror(), notText.target, commitLsn, e);
    }
    Run run = writer.run();
    if (run == null || run.count() == 0) {
      return ApplyErrors.refused(options.mirror(), null, commitLsn, e);
    }
    return ApplyErrors.refused(options.mirror(), run.target, run.lsn(run.failedChange(e)), e);
  }

  /** Says that a message could not be read. */
  ApplyException malformed(PgOutputException e) {
    return new ApplyException(
        options.mirror(),
        null,
        new Lsn(commitLsn),
        "the source sent a malformed message; report it",
        e);
  }
}
