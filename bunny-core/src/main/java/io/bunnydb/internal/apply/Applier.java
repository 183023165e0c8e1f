package io.bunnydb.internal.apply;

import io.bunnydb.ApplyException;
import io.bunnydb.Lsn;
import io.bunnydb.internal.apply.BatchWriter.SetFailedException;
import io.bunnydb.internal.apply.ChangeWriter.NotTextException;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.pgoutput.Delete;
import io.bunnydb.pgoutput.Insert;
import io.bunnydb.pgoutput.PgOutputDecoder;
import io.bunnydb.pgoutput.PgOutputException;
import io.bunnydb.pgoutput.Truncate;
import io.bunnydb.pgoutput.Update;
import io.bunnydb.spi.CheckpointStore;
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
 * Applies batches to the destination, each in one transaction together with its checkpoint; the
 * pieces of a larger source transaction go into one that stays open until the last.
 *
 * <p>Lives as long as one stream: the source describes its relations once per connection. After an
 * exception it is of no use any more, and the transaction is to be rolled back. Used by one thread.
 */
public final class Applier {
  private static final Logger LOG = LoggerFactory.getLogger(Applier.class);

  // SQLSTATEs of what another order does not cure: connection, transaction, resources but memory,
  // stops, system, locks. Where the server says anything else, the order may have been the reason.
  private static final Pattern NOT_OF_ROWS =
      Pattern.compile("(08|25|40|57|58).*|53[013].*|55P03|55006");

  private final String mirror;
  private final Connection destination;
  private final boolean defersConstraints;
  private final CheckpointStore store;
  private final PgOutputDecoder decoder = new PgOutputDecoder(1);
  private final Relations relations;
  private final BatchWriter writer;
  private final boolean usesSets;
  private final SetPatience patience = new SetPatience();

  private boolean isInTransaction;
  private long commitLsn;

  /**
   * A table that follows the stream.
   *
   * @param progress its mapping and counts
   * @param from changes committed before this are there already
   * @param overwrites whether an INSERT takes the place of a row that is there
   * @param stopsAtMissingRow whether an UPDATE or DELETE whose row is not there is an error
   */
  public record LiveTable(
      TableProgress progress, Lsn from, boolean overwrites, boolean stopsAtMissingRow) {}

  /**
   * An applier.
   *
   * @param destination the session that owns the mirror, not in autocommit mode
   * @param defersConstraints whether deferrable constraints are checked there, so that they must
   *     wait for the end of the transaction
   * @param tables the tables to write, by their OID on the source, under which the stream names
   *     them whatever they were called at the time; changes of others are passed over
   */
  public Applier(
      String mirror,
      Connection destination,
      boolean defersConstraints,
      CheckpointStore store,
      Map<Long, LiveTable> tables)
      throws SQLException {
    this.mirror = mirror;
    this.destination = destination;
    this.defersConstraints = defersConstraints;
    this.store = store;
    this.usesSets = !defersConstraints && store.joinsDestination() && TextArray.fits(destination);
    this.relations =
        new Relations(mirror, destination, !store.joinsDestination(), usesSets, tables);
    this.writer = new BatchWriter(destination);
  }

  /**
   * Applies a batch. If the batch is complete, it is committed with its position.
   *
   * @throws ApplyException if a change cannot be applied
   * @throws SQLException if the transaction cannot be committed
   */
  public void apply(Batch batch) throws SQLException {
    try {
      boolean isFirst = !isInTransaction;
      begin();
      if (!usesSets || BatchWriter.isSmall(batch) || patience.isToGoInOrder()) {
        applyMessages(batch, false);
      } else {
        applyBySets(batch, isFirst);
      }
      relations.mark();
    } catch (SQLException e) {
      throw abandon(refused(e));
    } catch (PgOutputException e) {
      throw abandon(
          new ApplyException(
              mirror,
              null,
              new Lsn(commitLsn),
              "the source sent a malformed message; report it",
              e));
    } catch (RuntimeException | Error e) {
      abandon(e);
      throw e;
    }
    if (batch.endsBetweenTransactions()) {
      commit(batch.position());
    }
  }

  /** The source may have passed through states that a check after each statement refuses. */
  private void begin() throws SQLException {
    if (defersConstraints && !isInTransaction) {
      Sql.execute(destination, "SET CONSTRAINTS ALL DEFERRED");
    }
    isInTransaction = true;
  }

  /**
   * Writes the net effect; where the destination refuses that, takes it back and goes in order.
   *
   * @param isFirst whether nothing was written before in the destination's transaction
   */
  private void applyBySets(Batch batch, boolean isFirst) throws SQLException {
    long commitLsnBefore = commitLsn;
    Savepoint before = isFirst ? null : destination.setSavepoint();
    try {
      applyMessages(batch, true);
      if (before != null) {
        destination.releaseSavepoint(before);
      }
      patience.succeeded();
    } catch (SetFailedException e) {
      if (e.getCause() instanceof SQLException cause
          && NOT_OF_ROWS.matcher(String.valueOf(cause.getSQLState())).matches()) {
        throw e;
      }
      LOG.debug("mirror '{}': the batch is applied again, change by change", mirror, e);
      writer.close();
      if (before == null) {
        destination.rollback();
      } else {
        destination.rollback(before);
      }
      relations.backToMark();
      patience.failed();
      commitLsn = commitLsnBefore;
      applyMessages(batch, false);
      if (before != null) {
        destination.releaseSavepoint(before);
      }
    }
  }

  private void applyMessages(Batch batch, boolean bySets) throws SQLException {
    writer.begin(batch, bySets);
    for (int i = 0; i < batch.messageCount(); i++) {
      applyMessage(batch, i);
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

  private void commit(Lsn position) throws SQLException {
    isInTransaction = false;
    if (store.joinsDestination()) {
      store.advance(mirror, position, destination);
      destination.commit();
    } else {
      destination.commit();
      store.advance(mirror, position, destination);
    }
    relations.committed(position);
  }

  private void applyMessage(Batch batch, int message) throws SQLException {
    switch (decoder.wrap(batch.bytes(), batch.offset(message), batch.length(message))) {
      case BEGIN -> commitLsn = decoder.begin().finalLsn();
      case RELATION -> describe();
      case INSERT -> insert(decoder.insert());
      case UPDATE -> update(decoder.update());
      case DELETE -> delete(decoder.delete());
      case TRUNCATE -> truncate(decoder.truncate());
      case COMMIT, ORIGIN, TYPE, MESSAGE -> {}
      case STREAM_START,
          STREAM_STOP,
          STREAM_COMMIT,
          STREAM_ABORT,
          STREAM_PREPARE,
          BEGIN_PREPARE,
          PREPARE,
          COMMIT_PREPARED,
          ROLLBACK_PREPARED ->
          throw new ApplyException(
              mirror, null, new Lsn(commitLsn), "the source sent what was not asked for", null);
    }
  }

  private void describe() throws SQLException {
    // One that was altered comes again under its id; what is not written yet is of the old shape.
    DestinationTable old = relations.known(decoder.relation().id());
    if (old != null) {
      writer.finish(old);
    }
    relations.describe(decoder.relation());
  }

  private void insert(Insert insert) throws SQLException {
    DestinationTable target = target(insert.relationId());
    if (target != null && !writer.insert(target, insert.newTuple(), commitLsn)) {
      throw new ApplyException(
          mirror,
          target.name(),
          new Lsn(commitLsn),
          "the row entered the row filter by an UPDATE that does not hold its unchanged large values;"
              + " set REPLICA IDENTITY FULL on the source, remove the table with updateTables, empty it"
              + " on the destination, and add it again to have it copied",
          null);
    }
  }

  private void update(Update update) throws SQLException {
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
    DestinationTable target = target(delete.relationId());
    if (target != null && !writer.delete(target, delete.oldTuple(), commitLsn)) {
      throw notIdentified(target);
    }
  }

  private ApplyException notIdentified(DestinationTable target) {
    return new ApplyException(
        mirror,
        target.name(),
        new Lsn(commitLsn),
        "an UPDATE or DELETE does not tell which row it is for; give the table and each of its"
            + " partitions one replica identity of columns that are not generated, then remove the"
            + " table with updateTables, empty it on the destination, and add it again to have it"
            + " copied",
        null);
  }

  private void truncate(Truncate truncate) throws SQLException {
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
          destination,
          "TRUNCATE "
              + String.join(", ", names)
              + (truncate.isRestartIdentity() ? " RESTART IDENTITY" : ""));
    } catch (SQLException e) {
      throw ApplyErrors.refused(mirror, last, commitLsn, e);
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
      return ApplyErrors.refused(mirror, set.target, commitLsn, cause);
    }
    if (e instanceof NotTextException notText) {
      return ApplyErrors.refused(mirror, notText.target, commitLsn, e);
    }
    Run run = writer.run();
    if (run == null || run.count() == 0) {
      return ApplyErrors.refused(mirror, null, commitLsn, e);
    }
    return ApplyErrors.refused(mirror, run.target, run.lsn(run.failedChange(e)), e);
  }
}
