package io.bunnydb.internal.apply;

import io.bunnydb.ApplyException;
import io.bunnydb.TableName;
import io.bunnydb.internal.apply.Applier.LiveTable;
import io.bunnydb.internal.apply.Applier.TextNeededException;
import io.bunnydb.internal.apply.BatchWriter.SetFailedException;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.WireType;
import io.bunnydb.pgoutput.PgOutputException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the messages of batches through one session of the destination, a connection, and leaves
 * the transaction open.
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

  // SQLSTATEs of a value that its type does not take, or whose bytes are not a value.
  private static final Pattern OF_FORM = Pattern.compile("22.*|42622|08P01|XX000");

  private final Options options;
  private final Connection session;
  private final MessageWriter messages;
  private final boolean usesSets;
  private final SetPatience patience = new SetPatience();

  private boolean isInTransaction;
  private boolean isImpatient;

  /**
   * What the writers of one mirror have in common.
   *
   * @param defersConstraints whether deferrable constraints are checked on the destination, so that
   *     they must wait for the end of the transaction
   * @param isRepeatable whether changes may come that were applied before
   * @param binary the source's types where values come in binary form; null where as text
   * @param tables the tables to write, by their OID on the source, under which the stream names
   *     them whatever they were called at the time; changes of others are passed over
   * @param mirrored the destination tables of the mirror, those that are not written now as well
   * @param sessions the other sessions
   * @param descriptions numbers the descriptions of relations, in the order of the stream
   */
  record Options(
      String mirror,
      boolean defersConstraints,
      boolean isRepeatable,
      WireType.@Nullable Directory binary,
      Map<Long, LiveTable> tables,
      Set<TableName> mirrored,
      Applier.Sessions sessions,
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
    this.usesSets =
        !options.defersConstraints && !options.isRepeatable && ArrayParameter.fits(session);
    this.messages = new MessageWriter(options, session, usesSets);
  }

  /** The session. */
  Connection session() {
    return session;
  }

  /** What the stream has described. */
  Relations relations() {
    return messages.relations();
  }

  /**
   * Takes the messages that follow for those of a transaction in progress.
   *
   * @param xid the transaction
   * @param lsn a position that its commit lies behind
   */
  void beginInProgress(long xid, long lsn) throws SQLException {
    messages.beginInProgress(xid, lsn);
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
        messages.write(batch, false);
      } else {
        writeBySets(batch, isFirst);
      }
    } catch (TextNeededException e) {
      throw abandon(e);
    } catch (SQLException e) {
      if (options.binary != null && isOfForm(e)) {
        throw abandon(new TextNeededException(e));
      }
      throw abandon(messages.refused(e));
    } catch (PgOutputException e) {
      throw abandon(messages.malformed(e));
    } catch (RuntimeException | Error e) {
      abandon(e);
      throw e;
    }
  }

  /** Whether a value was refused, which as text may not be; if it is, the error says more. */
  private static boolean isOfForm(SQLException e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql
          && OF_FORM.matcher(String.valueOf(sql.getSQLState())).matches()) {
        return true;
      }
    }
    return false;
  }

  /** The transaction has committed; gives how many rows it concerned. */
  long committed() {
    isInTransaction = false;
    return messages.relations().committed();
  }

  /** The source may have passed through states that a check after each statement refuses. */
  private void begin() throws SQLException {
    options.sessions.begin(session);
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
    MessageWriter.Mark mark = messages.mark();
    Savepoint before = isFirst ? null : session.setSavepoint();
    try {
      messages.write(batch, true);
      patience.succeeded();
    } catch (SetFailedException e) {
      if (e.getCause() instanceof SQLException cause
          && NOT_OF_ROWS.matcher(String.valueOf(cause.getSQLState())).matches()) {
        throw e;
      }
      LOG.debug("mirror '{}': the batch is applied again, change by change", options.mirror, e);
      messages.close();
      if (before == null) {
        session.rollback();
        begin();
      } else {
        session.rollback(before);
      }
      messages.backTo(mark);
      patience.failed();
      messages.write(batch, false);
    }
    if (before != null) {
      session.releaseSavepoint(before);
    }
  }

  private <T extends Throwable> T abandon(T e) {
    try {
      messages.close();
    } catch (SQLException suppressed) {
      e.addSuppressed(suppressed);
    }
    return e;
  }
}
