package io.bunnydb.internal.apply;

import io.bunnydb.ApplyException;
import io.bunnydb.Lsn;
import io.bunnydb.internal.apply.Applier.LiveTable;
import io.bunnydb.internal.apply.BatchWriter.SetFailedException;
import io.bunnydb.internal.apply.ChangeWriter.NotTextException;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.pgoutput.Delete;
import io.bunnydb.pgoutput.Insert;
import io.bunnydb.pgoutput.PgOutputDecoder;
import io.bunnydb.pgoutput.PgOutputException;
import io.bunnydb.pgoutput.Truncate;
import io.bunnydb.pgoutput.Update;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the messages of batches through one session of the destination, and leaves the transaction
 * open.
 *
 * <p>After an exception it is of no use any more, and the transaction is to be rolled back. Used by
 * one thread.
 */
final class SessionWriter {
  private static final Logger LOG = LoggerFactory.getLogger(SessionWriter.class);

  // SQLSTATEs of what another order does not cure: connection, transaction, resources but memory,
  // stops, system, locks. Where the server says anything else, the order may have been the reason.
  private static final Pattern NOT_OF_ROWS =
      Pattern.compile("(08|25|40|57|58).*|53[013].*|55P03|55006");

  private final Options options;
  private final Connection session;
  private final PgOutputDecoder decoder = new PgOutputDecoder(Applier.PROTOCOL_VERSION);
  private final Relations relations;
  private final BatchWriter writer;
  private final boolean usesSets;
  private final SetPatience patience = new SetPatience();

  private long transaction;
  private boolean isInTransaction;
  private boolean isImpatient;
  private long commitLsn;

  /**
   * What the writers of one mirror have in common.
   *
   * @param defersConstraints whether deferrable constraints are checked on the destination, so that
   *     they must wait for the end of the transaction
   * @param isRepeatable whether changes may come that were applied before
   * @param tables the tables to write, by their OID on the source, under which the stream names
   *     them whatever they were called at the time; changes of others are passed over
   * @param descriptions numbers the descriptions of relations, in the order of the stream
   */
  record Options(
      String mirror,
      boolean defersConstraints,
      boolean isRepeatable,
      Map<Long, LiveTable> tables,
      Counter descriptions) {}

  /** Counts. */
  static final class Counter {
    private long count;

    long next() {
      return ++count;
    }
  }

  /**
   * A writer.
   *
   * @param session a session that may write for the mirror, not in autocommit mode
   */
  SessionWriter(Options options, Connection session) throws SQLException {
    this.options = options;
    this.session = session;
    this.usesSets = !options.defersConstraints && !options.isRepeatable && TextArray.fits(session);
    this.relations =
        new Relations(options.mirror, session, options.isRepeatable, usesSets, options.tables);
    this.writer = new BatchWriter(session);
  }

  /** The session. */
  Connection session() {
    return session;
  }

  /** What the stream has described. */
  Relations relations() {
    return relations;
  }

  /**
   * Takes the messages that follow for those of a transaction in progress.
   *
   * @param xid the transaction
   * @param lsn a position that its commit lies behind
   */
  void beginInProgress(long xid, long lsn) throws SQLException {
    transaction = xid;
    commitLsn = lsn;
    isImpatient = true;
    begin();
  }

  /** From the next transaction on, waits for locks a few seconds only, or without limit again. */
  void setImpatient(boolean impatient) {
    isImpatient = impatient;
  }

  /**
   * Writes a batch.
   *
   * @throws ApplyException if a change cannot be applied
   */
  void write(Batch batch) throws SQLException {
    try {
      boolean isFirst = !isInTransaction;
      if (isFirst) {
        begin();
      }
      if (!usesSets || BatchWriter.isSmall(batch) || patience.isToGoInOrder()) {
        writeMessages(batch, false);
      } else {
        writeBySets(batch, isFirst);
      }
    } catch (SQLException e) {
      throw abandon(refused(e));
    } catch (PgOutputException e) {
      throw abandon(
          new ApplyException(
              options.mirror,
              null,
              new Lsn(commitLsn),
              "the source sent a malformed message; report it",
              e));
    } catch (RuntimeException | Error e) {
      abandon(e);
      throw e;
    }
  }

  /** The transaction has committed. */
  void committed(Lsn position) {
    isInTransaction = false;
    relations.committed(position);
  }

  /** The source may have passed through states that a check after each statement refuses. */
  private void begin() throws SQLException {
    if (options.defersConstraints) {
      Sql.execute(session, "SET CONSTRAINTS ALL DEFERRED");
    }
    if (isImpatient) {
      Sql.execute(session, "SET LOCAL lock_timeout = '5s'");
    }
    isInTransaction = true;
  }

  /**
   * Writes the net effect; where the destination refuses that, takes it back and goes in order.
   *
   * @param isFirst whether nothing was written before in the destination's transaction
   */
  private void writeBySets(Batch batch, boolean isFirst) throws SQLException {
    long commitLsnBefore = commitLsn;
    Relations.Mark mark = relations.mark();
    boolean isInStream = decoder.isInStream();
    Savepoint before = isFirst ? null : session.setSavepoint();
    try {
      writeMessages(batch, true);
      patience.succeeded();
    } catch (SetFailedException e) {
      if (e.getCause() instanceof SQLException cause
          && NOT_OF_ROWS.matcher(String.valueOf(cause.getSQLState())).matches()) {
        throw e;
      }
      LOG.debug("mirror '{}': the batch is applied again, change by change", options.mirror, e);
      writer.close();
      if (before == null) {
        session.rollback();
        begin();
      } else {
        session.rollback(before);
      }
      relations.backTo(mark);
      patience.failed();
      commitLsn = commitLsnBefore;
      decoder.reset(isInStream);
      writeMessages(batch, false);
    }
    if (before != null) {
      session.releaseSavepoint(before);
    }
  }

  private void writeMessages(Batch batch, boolean bySets) throws SQLException {
    writer.begin(batch, bySets);
    for (int i = 0; i < batch.messageCount(); i++) {
      writeMessage(batch, i);
    }
    writer.end();
  }

  /** An open COPY would block the connection, its rollback included. */
  private <T extends Throwable> T abandon(T e) {
    try {
      writer.close();
    } catch (SQLException suppressed) {
      e.addSuppressed(suppressed);
    }
    return e;
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
        options.mirror, null, new Lsn(commitLsn), "the source sent what was not asked for", null);
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
    // One that was altered comes again under its id; what is not written yet is of the old shape.
    DestinationTable old = relations.known(decoder.relation().id());
    if (old != null) {
      writer.finish(old);
    }
    requireNoSubtransaction(decoder.relation().xid());
    relations.describe(decoder.relation(), options.descriptions.next());
  }

  private void insert(Insert insert) throws SQLException {
    requireNoSubtransaction(insert.xid());
    DestinationTable target = target(insert.relationId());
    if (target != null && !writer.insert(target, insert.newTuple(), commitLsn)) {
      throw new ApplyException(
          options.mirror,
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
        options.mirror,
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
    List<String> names = new ArrayList<>();
    DestinationTable last = null;
    for (int i = 0; i < truncate.relationCount(); i++) {
      DestinationTable target = target(truncate.relationId(i));
      if (target != null) {
        names.add(target.table.toSql());
        last = target;
      }
    }
    if (last == null) {
      return;
    }
    writer.finish();
    try {
      // Never CASCADE: what it would empty beyond the mapping is not the source's.
      Sql.execute(
          session,
          "TRUNCATE "
              + String.join(", ", names)
              + (truncate.isRestartIdentity() ? " RESTART IDENTITY" : ""));
    } catch (SQLException e) {
      throw ApplyErrors.refused(options.mirror, last, commitLsn, e);
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

  private ApplyException refused(SQLException e) {
    if (e instanceof SetFailedException set && set.getCause() instanceof SQLException cause) {
      return ApplyErrors.refused(options.mirror, set.target, commitLsn, cause);
    }
    if (e instanceof NotTextException notText) {
      return ApplyErrors.refused(options.mirror, notText.target, commitLsn, e);
    }
    Run run = writer.run();
    if (run == null || run.count() == 0) {
      return ApplyErrors.refused(options.mirror, null, commitLsn, e);
    }
    return ApplyErrors.refused(options.mirror, run.target, run.lsn(run.failedChange(e)), e);
  }
}
