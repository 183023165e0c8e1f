package io.bunnydb.internal.apply;

import io.bunnydb.pgoutput.ReplicaIdentity;
import io.bunnydb.pgoutput.Tuple;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes the changes of a batch: where a table lets it, the net effect of many by one statement,
 * else one after the other.
 *
 * <p>A change that is not of the kind that can be gathered, such as that of a key, has those of its
 * table written before it and is then written itself; other tables are not touched by that. What
 * the net effect leaves out, the server does not see, and it does not see the changes in the
 * source's order. So it may refuse what the source had accepted, a value handed on from row to row
 * under a unique constraint for instance, or find fewer rows. Then {@link SetFailedException} is
 * thrown, and the batch is to be written again in order.
 *
 * <p>Used by one thread.
 */
final class BatchWriter {
  private static final int LEAST_MESSAGES = 64;
  private static final int LEAST_BYTES = 64 << 10;
  private static final byte[] NO_BYTES = new byte[0];

  private final Connection destination;
  private final ChangeWriter inOrder;
  private final ArrayParameters arrays = new ArrayParameters();
  private final List<DestinationTable> gathered = new ArrayList<>();
  private byte[] bytes = NO_BYTES;
  private boolean isGathering;
  private @Nullable SetWriter writing;

  /** Thrown where the net effect could not be written; in order, the changes may be. */
  static final class SetFailedException extends SQLException {
    private static final long serialVersionUID = 1L;

    /** The table whose changes were being written. */
    final transient DestinationTable target;

    SetFailedException(DestinationTable target, String message, @Nullable SQLException cause) {
      super(message, cause == null ? null : cause.getSQLState(), cause);
      this.target = target;
    }
  }

  /** A writer into a session that is not in autocommit mode. */
  BatchWriter(Connection destination) {
    this.destination = destination;
    this.inOrder = new ChangeWriter(destination);
  }

  /**
   * Readies it for a batch.
   *
   * @param batch the batch that holds the changes to come
   * @param gathers whether it may write the net effect
   */
  void begin(Batch batch, boolean gathers) {
    bytes = batch.bytes();
    isGathering = gathers;
    inOrder.begin(isSmall(batch));
    forget();
  }

  /** Whether a savepoint and the larger statements would cost more than they save. */
  static boolean isSmall(Batch batch) {
    return batch.messageCount() < LEAST_MESSAGES && batch.byteCount() < LEAST_BYTES;
  }

  /** The open run of changes that are written in order, or the one that failed. */
  @Nullable Run run() {
    return inOrder.run();
  }

  /** Adds an insert; false if a value is not in the log, so that it cannot be applied. */
  boolean insert(DestinationTable target, Tuple row, long lsn) throws SQLException {
    NetChanges changes = changes(target);
    if (changes != null && changes.insert(row)) {
      return true;
    }
    writeBefore(target);
    return inOrder.insert(target, row, lsn);
  }

  /**
   * Adds an update; false if it does not tell which row it is for.
   *
   * @param oldRow the row as it was; null where the key did not change
   */
  boolean update(DestinationTable target, @Nullable Tuple oldRow, Tuple row, long lsn)
      throws SQLException {
    NetChanges changes = changes(target);
    boolean tellsRow = oldRow != null || target.shape.identity() != ReplicaIdentity.FULL;
    if (changes != null && tellsRow && changes.update(oldRow, row)) {
      return true;
    }
    writeBefore(target);
    return inOrder.update(target, oldRow, row, lsn);
  }

  /** Adds a delete; false if it does not tell which row it is for. */
  boolean delete(DestinationTable target, Tuple oldRow, long lsn) throws SQLException {
    NetChanges changes = changes(target);
    if (changes != null && changes.delete(oldRow)) {
      return true;
    }
    writeBefore(target);
    return inOrder.delete(target, oldRow, lsn);
  }

  /** Where a table's changes are gathered; null if they are not. */
  private @Nullable NetChanges changes(DestinationTable target) throws SQLException {
    SetWriter set = isGathering ? target.setWriter : null;
    if (set == null) {
      return null;
    }
    if (set.isGathering && set.changes.isFull()) {
      writeGathered(target);
    }
    if (!set.isGathering) {
      set.begin(bytes);
      gathered.add(target);
    }
    return set.changes;
  }

  /** Ends the open run, if there is one, so that the connection takes other commands. */
  void finishRun() throws SQLException {
    inOrder.finish();
  }

  /** Writes what there is of one table, and ends the open run. */
  void finish(DestinationTable target) throws SQLException {
    inOrder.finish();
    writeGathered(target);
  }

  /** Ends a batch: writes everything, and lets go of the batch. */
  void end() throws SQLException {
    finish();
    bytes = NO_BYTES;
  }

  /** Writes everything and waits until the server has taken it. */
  void finish() throws SQLException {
    inOrder.finish();
    for (int i = 0; i < gathered.size(); i++) {
      write(gathered.get(i));
    }
    forget();
  }

  private void forget() {
    for (int i = 0; i < gathered.size(); i++) {
      SetWriter set = gathered.get(i).setWriter;
      if (set != null) {
        set.end();
      }
    }
    gathered.clear();
  }

  /** Writes what a change that is not gathered has to come after. */
  private void writeBefore(DestinationTable target) throws SQLException {
    if (target.isWatched && !gathered.isEmpty()) {
      finish();
    } else {
      writeGathered(target);
    }
  }

  /** Frees what a failure left open. */
  void close() throws SQLException {
    SetWriter failed = writing;
    writing = null;
    if (failed != null) {
      failed.cancel();
    }
    inOrder.close();
  }

  private void writeGathered(DestinationTable target) throws SQLException {
    SetWriter set = target.setWriter;
    if (set != null && set.isGathering) {
      inOrder.finish();
      write(target);
      set.end();
      gathered.remove(target);
    }
  }

  private void write(DestinationTable target) throws SQLException {
    SetWriter set = target.setWriter;
    if (set == null) {
      return;
    }
    writing = set;
    try {
      set.write(target, destination, arrays);
    } catch (SetFailedException e) {
      throw e;
    } catch (SQLException e) {
      throw new SetFailedException(
          target, "the net effect on " + target.name() + " was refused", e);
    }
    writing = null;
  }
}
