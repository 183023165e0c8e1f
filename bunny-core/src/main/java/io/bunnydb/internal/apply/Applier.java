package io.bunnydb.internal.apply;

import io.bunnydb.ApplyException;
import io.bunnydb.Lsn;
import io.bunnydb.TableName;
import io.bunnydb.internal.apply.SessionWriter.Counter;
import io.bunnydb.internal.apply.SessionWriter.Options;
import io.bunnydb.internal.catalog.StopSignal.StoppedException;
import io.bunnydb.internal.catalog.WireType;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Applies batches to the destination, each in one transaction together with its checkpoint; the
 * pieces of a larger source transaction go into one that stays open until the last, and those of a
 * transaction in progress into one of its own beside.
 *
 * <p>Lives as long as one stream: the source describes its relations once per connection. After an
 * exception it is of no use any more, and the transaction is to be rolled back. Used by one thread.
 */
public final class Applier implements AutoCloseable {
  private static final String LOCK_NOT_AVAILABLE = "55P03";

  private final Notes notes;
  private final SessionWriter whole;
  private final InProgress inProgress;
  private long rows;

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
   * Where it is kept up to which position the destination has everything.
   *
   * @param joinsDestination whether that is in the destination, in the transaction of the rows
   * @param committer writes it
   */
  public record Notes(boolean joinsDestination, Committer committer) {

    /** Commits a session's transaction, and writes the position in it, or elsewhere after it. */
    @FunctionalInterface
    public interface Committer {
      /** Does it. */
      void commit(Lsn position, Connection session) throws SQLException;
    }
  }

  /** The other sessions on the destination. */
  public interface Sessions {

    /** Opens a connection that may write for the mirror, not in autocommit mode. */
    Connection open() throws SQLException;

    /** Begins a transaction of one, or of the owning session, before anything is written in it. */
    void begin(Connection session) throws SQLException;

    /** Ends one, and rolls back what it has not committed. */
    void close(Connection session);

    /** Has sessions that only read let go of tables that are about to be emptied. */
    void makeWay(Collection<TableName> emptied);
  }

  /**
   * Thrown where a transaction in progress cannot be sent or applied, or is in the way of another;
   * once it has committed, both may go.
   */
  public static final class InProgressException extends SQLException {
    private static final long serialVersionUID = 1L;

    /** Says why. */
    public InProgressException(Exception cause) {
      super("a transaction cannot be applied while it is in progress", cause);
    }
  }

  /** Thrown where values cannot be sent or written in binary form; as text they may be. */
  public static final class TextNeededException extends SQLException {
    private static final long serialVersionUID = 1L;

    /** Says of what there is no binary form. */
    TextNeededException(String message) {
      super(message);
    }

    /** Says why something could not be sent or written. */
    public TextNeededException(Exception cause) {
      super("a value in binary form was refused", cause);
    }
  }

  /** Whether values in binary form can be written through a connection. */
  public static boolean takesBinary(Connection destination) throws SQLException {
    return ArrayParameter.fits(destination);
  }

  /**
   * An applier.
   *
   * @param destination the session that owns the mirror, not in autocommit mode
   * @param sessions the other ones; those for transactions in progress are opened as needed
   * @param defersConstraints whether deferrable constraints are checked there, so that they must
   *     wait for the end of the transaction
   * @param notes where positions go
   * @param binary the source's types where values come in binary form; null where as text
   * @param tables the tables to write, by their OID on the source, under which the stream names
   *     them whatever they were called at the time; changes of others are passed over; may grow
   * @param mirrored the destination tables of the mirror, those that are not written now as well;
   *     may grow
   */
  public Applier(
      String mirror,
      Connection destination,
      Sessions sessions,
      boolean defersConstraints,
      Notes notes,
      WireType.@Nullable Directory binary,
      Map<Long, LiveTable> tables,
      Set<TableName> mirrored)
      throws SQLException {
    this.notes = notes;
    Options options =
        new Options(
            mirror,
            defersConstraints,
            !notes.joinsDestination(),
            binary,
            tables,
            mirrored,
            sessions,
            new Counter());
    this.whole = new SessionWriter(options, destination);
    this.inProgress = new InProgress(options);
  }

  /**
   * Applies a batch. If a transaction ends with it, it is committed with its position.
   *
   * @throws ApplyException if a change cannot be applied
   * @throws InProgressException if that was tried before its transaction has committed
   * @throws TextNeededException if the values' binary form is of no use on the destination
   * @throws SQLException if the transaction cannot be committed
   */
  public void apply(Batch batch) throws SQLException {
    if (batch.xid() != 0) {
      applyInProgress(batch);
      return;
    }
    whole.setImpatient(!inProgress.isEmpty());
    try {
      whole.write(batch);
      if (batch.isToCommit()) {
        commit(whole, batch.position());
      }
    } catch (ApplyException e) {
      if (isOfInProgress(e.getCause())) {
        throw new InProgressException(e);
      }
      throw e;
    } catch (SQLException e) {
      if (isOfInProgress(e)) {
        throw new InProgressException(e);
      }
      throw e;
    }
  }

  /** Whether a lock was waited for that a transaction in progress may hold. */
  private boolean isOfInProgress(@Nullable Throwable e) {
    return !inProgress.isEmpty()
        && e instanceof SQLException cause
        && LOCK_NOT_AVAILABLE.equals(cause.getSQLState());
  }

  private void applyInProgress(Batch batch) throws InProgressException, TextNeededException {
    try {
      if (batch.isRolledBack()) {
        inProgress.end(batch.xid());
        return;
      }
      @Nullable SessionWriter writer = inProgress.write(batch);
      if (batch.isToCommit()) {
        commit(writer == null ? whole : writer, batch.position());
        if (writer != null) {
          whole.relations().adopt(writer.relations());
          whole.session().commit(); // a changed shape has begun a transaction there
        }
        inProgress.end(batch.xid());
      }
    } catch (StoppedException | TextNeededException e) {
      throw e;
    } catch (SQLException | RuntimeException e) {
      throw new InProgressException(e);
    }
  }

  private void commit(SessionWriter writer, Lsn position) throws SQLException {
    notes.committer().commit(position, writer.session());
    rows += writer.committed();
  }

  /** Whether a transaction in progress has been applied in part. */
  public boolean hasInProgress() {
    return !inProgress.isEmpty();
  }

  /** Rows inserted, updated, deleted or not found, by all that was committed. */
  public long rows() {
    return rows;
  }

  /** Rolls back the transactions in progress. */
  @Override
  public void close() {
    inProgress.close();
  }
}
