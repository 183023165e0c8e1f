package io.bunnydb.internal.apply;

import io.bunnydb.internal.apply.StatementRun.Kind;
import io.bunnydb.pgoutput.ReplicaIdentity;
import io.bunnydb.pgoutput.Tuple;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Writes changes in their order, gathering equal neighbours into runs. One run is open at the most;
 * a change that does not fit ends it.
 */
final class ChangeWriter {
  private final Connection destination;
  private final RowValues oldRow = new RowValues();
  private final RowValues newRow = new RowValues();
  private boolean[] set = new boolean[0];
  private boolean copiesInserts = true;
  private @Nullable Run run;

  /** A writer into a session that is not in autocommit mode. */
  ChangeWriter(Connection destination) {
    this.destination = destination;
  }

  /** The open run, or the one that failed. */
  @Nullable Run run() {
    return run;
  }

  /**
   * Readies it for a batch.
   *
   * @param isSmall whether the batch has few changes and bytes; a {@code COPY} takes two more round
   *     trips than a prepared {@code INSERT}, which only many rows repay
   */
  void begin(boolean isSmall) {
    copiesInserts = !isSmall;
  }

  /** Adds an insert; false if a value is not in the log, so that it cannot be applied. */
  boolean insert(DestinationTable target, Tuple row, long lsn) throws SQLException {
    // Rules see an INSERT, but no COPY. Only a table with a writer of sets has none for sure.
    if (!target.overwrites && (copiesInserts || target.setWriter == null)) {
      return copy(target).add(row, lsn);
    }
    newRow.read(row, target, target.written);
    for (int i = 0; i < target.written.length; i++) {
      if (target.written[i] && !newRow.isThere(i)) {
        return false;
      }
    }
    StatementRun insert =
        target.overwrites
            ? statement(target, Kind.UPSERT, target.rowSql.upsert)
            : statement(target, Kind.INSERT, target.rowSql.insert);
    bindRow(insert, target);
    insert.endRow(lsn);
    return true;
  }

  private void bindRow(StatementRun to, DestinationTable target) throws SQLException {
    for (int i = 0; i < target.written.length; i++) {
      if (target.written[i]) {
        to.bind(newRow.get(i));
      }
    }
  }

  private InsertRun copy(DestinationTable target) throws SQLException {
    if (run instanceof InsertRun open && open.target == target) {
      return open;
    }
    finish();
    InsertRun opened = new InsertRun(target, destination);
    run = opened;
    return opened;
  }

  /**
   * Adds an update; false if it does not tell which row it is for.
   *
   * @param oldTuple the row as it was; null where the key did not change
   */
  boolean update(DestinationTable target, @Nullable Tuple oldTuple, Tuple newTuple, long lsn)
      throws SQLException {
    if (oldTuple != null) {
      oldRow.read(oldTuple, target, target.key);
    }
    newRow.read(newTuple, target, target.written);
    RowValues finder = oldTuple == null ? newRow : oldRow;
    if (!tellsRow(target, finder, oldTuple != null)) {
      return false;
    }
    int width = target.written.length;
    if (set.length != width) {
      set = new boolean[width];
    }
    Arrays.fill(set, false);
    boolean isAnySet = false;
    boolean isKeyChanged = false;
    for (int i = 0; i < width; i++) {
      set[i] = target.written[i] && newRow.isThere(i) && isToSet(target, i, oldTuple != null);
      isAnySet |= set[i];
      isKeyChanged |= set[i] && target.key[i];
    }
    if (!isAnySet && !setKey(target)) {
      target.updated++;
      return true;
    }
    if (target.overwrites && isKeyChanged && !target.matchesWholeRow) {
      if (target.isRepeatable) {
        move(target, lsn);
        return true;
      }
      makeRoomAhead(target, lsn);
    }
    StatementRun update = statement(target, Kind.UPDATE, target.rowSql.update(set));
    bindSet(update);
    bindKey(update, target, finder);
    update.endRow(lsn);
    return true;
  }

  /** Sets the key to what it is, so that a missing row is noticed; false if it cannot be set. */
  private boolean setKey(DestinationTable target) {
    boolean isAnySet = false;
    for (int i = 0; i < set.length; i++) {
      set[i] = target.key[i] && newRow.isThere(i) && !target.identityAlways[i];
      isAnySet |= set[i];
    }
    return isAnySet;
  }

  /**
   * Whether a change says by its values which row it is for. It does not where a partition has
   * another replica identity than the table under whose name the change came, or where the identity
   * is a generated column, which is not sent.
   */
  private static boolean tellsRow(DestinationTable target, RowValues row, boolean hasOld) {
    if (target.shape.identity() == ReplicaIdentity.FULL ? !hasOld : target.shape.keys().isEmpty()) {
      return false;
    }
    for (int i = 0; i < target.key.length; i++) {
      boolean isNull = row.get(i) == null && !target.matchesWholeRow;
      if (target.key[i] && (!row.isThere(i) || isNull)) {
        return false;
      }
    }
    return true;
  }

  /** Removes a row that the source does not know from where another row moves to. */
  private void makeRoomAhead(DestinationTable target, long lsn) throws SQLException {
    StatementRun makeRoom = statement(target, Kind.MAKE_ROOM, target.rowSql.makeRoom());
    bindNewKey(makeRoom, target);
    bindKey(makeRoom, target, oldRow);
    bindKey(makeRoom, target, oldRow);
    makeRoom.endRow(lsn);
  }

  /**
   * Moves a row to another key, to the same end whether or not that was done before: a row that
   * stands there already is the moved one, and what stands at the old key will come again.
   */
  private void move(DestinationTable target, long lsn) throws SQLException {
    boolean isComplete = true;
    boolean isAnySetBesideKey = false;
    for (int i = 0; i < target.written.length; i++) {
      isComplete &= !target.written[i] || newRow.isThere(i);
      isAnySetBesideKey |= set[i] && !target.key[i];
    }
    StatementRun makeRoom = statement(target, Kind.MAKE_ROOM, target.rowSql.makeRoom());
    bindKey(makeRoom, target, oldRow);
    bindNewKey(makeRoom, target);
    bindNewKey(makeRoom, target);
    makeRoom.endRow(lsn);
    boolean isFollowed = isComplete || isAnySetBesideKey;
    StatementRun move =
        statement(target, isFollowed ? Kind.MOVE : Kind.UPDATE, target.rowSql.update(set));
    bindSet(move);
    bindKey(move, target, oldRow);
    move.endRow(lsn);
    if (isComplete) {
      StatementRun replace = statement(target, Kind.REPLACE, target.rowSql.upsert);
      bindRow(replace, target);
      replace.endRow(lsn);
    } else if (isAnySetBesideKey) {
      for (int i = 0; i < target.key.length; i++) {
        set[i] &= !target.key[i];
      }
      StatementRun update = statement(target, Kind.UPDATE, target.rowSql.update(set));
      bindSet(update);
      bindNewKey(update, target);
      update.endRow(lsn);
    }
  }

  private void bindSet(StatementRun to) throws SQLException {
    for (int i = 0; i < set.length; i++) {
      if (set[i]) {
        to.bind(newRow.get(i));
      }
    }
  }

  /** Binds the key after the change; a part of it that is not in the log is as it was. */
  private void bindNewKey(StatementRun to, DestinationTable target) throws SQLException {
    for (int i = 0; i < target.key.length; i++) {
      if (target.key[i]) {
        to.bind((newRow.isThere(i) ? newRow : oldRow).get(i));
      }
    }
  }

  /** Whether a column that came with a value is set: key columns only if they changed. */
  private boolean isToSet(DestinationTable target, int column, boolean hasOld) {
    return target.matchesWholeRow
        || !target.key[column]
        || (hasOld && !oldRow.isSame(column, newRow));
  }

  /** Adds a delete; false if it does not tell which row it is for. */
  boolean delete(DestinationTable target, Tuple oldTuple, long lsn) throws SQLException {
    oldRow.read(oldTuple, target, target.key);
    if (!tellsRow(target, oldRow, true)) {
      return false;
    }
    StatementRun delete = statement(target, Kind.DELETE, target.rowSql.delete);
    bindKey(delete, target, oldRow);
    delete.endRow(lsn);
    return true;
  }

  private static void bindKey(StatementRun to, DestinationTable target, RowValues row)
      throws SQLException {
    for (int i = 0; i < target.key.length; i++) {
      if (target.key[i]) {
        to.bind(row.get(i));
      }
    }
  }

  private StatementRun statement(DestinationTable target, Kind kind, String sql)
      throws SQLException {
    if (run instanceof StatementRun open && open.isFor(target, sql)) {
      return open;
    }
    finish();
    StatementRun opened = new StatementRun(target, kind, sql, destination);
    run = opened;
    return opened;
  }

  /** Ends the open run and waits until the server has taken it. */
  void finish() throws SQLException {
    if (run != null) {
      run.finish();
      run.close();
      run = null;
    }
  }

  /** Frees the run that a failure left open. */
  void close() throws SQLException {
    Run failed = run;
    run = null;
    if (failed != null) {
      failed.close();
    }
  }
}
