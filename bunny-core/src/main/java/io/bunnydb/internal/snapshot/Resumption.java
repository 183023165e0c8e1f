package io.bunnydb.internal.snapshot;

import io.bunnydb.internal.apply.WriterSettings;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.Column;
import io.bunnydb.internal.catalog.ServerMessage;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.catalog.Table;
import io.bunnydb.internal.source.MirroredTable;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Takes over the rows of a copy that was broken off, in the destination's open transaction, so that
 * those stay alone which a new snapshot still shows: {@link #toKeep}, {@link #removeOthers}, of
 * which the first alone needs the source.
 *
 * <p>A version of a row keeps its place and the number of the transaction that made it. One that
 * the new snapshot shows, that lies where rows have come, and that the snapshot showed under which
 * they came, was copied and is unchanged; anything else there is gone by now, or an older version.
 * So where as many are left as the destination holds, it holds just these, and else their keys tell
 * which.
 *
 * @param copy the copy that goes on
 * @param target the destination's table
 * @param noted what it holds as far as is noted
 * @param destination the session in whose transaction rows are removed
 * @param stop ends the work
 */
record Resumption(
    TableCopy copy, Table target, KeptRows noted, Connection destination, StopSignal stop) {
  private static final String KEYS = "pg_temp.bunny_kept_keys";

  /** A part of the work that the destination may refuse. */
  @FunctionalInterface
  private interface Attempt {
    /** Does it. */
    void run() throws SQLException;
  }

  /**
   * Looks whether a copy was broken off, and the destination holds what was noted of it; nobody
   * changes its rows from then on.
   *
   * @return null where all is to be copied
   */
  static @Nullable Resumption find(
      TableCopy copy, Table target, Connection destination, StopSignal stop) throws SQLException {
    KeptRows noted = CopyNote.read(copy.checkpoint().copyProgress(), destination);
    if (noted == null) {
      return null;
    }
    Sql.execute(destination, "LOCK TABLE " + target.toSql() + " IN SHARE ROW EXCLUSIVE MODE");
    // Sessions that write are to look rows up one by one; here each row of the table is looked for.
    WriterSettings.readWholeTables(destination);
    return count(destination, target.toSql()) == noted.rows()
        ? new Resumption(copy, target, noted, destination, stop)
        : null;
  }

  /**
   * Looks which rows can stay, and brings their keys where others cannot.
   *
   * @param basis what they must have in common with what is copied now; null where none can stay
   * @param view the source under the new snapshot, on which the table is locked
   * @return what is left when the others are removed; null where all is to be copied, and the table
   *     to be emptied before
   */
  @Nullable KeptRows toKeep(@Nullable String basis, SourceView view, RowTransfer transfer)
      throws SQLException {
    if (!noted.basis().equals(basis)) {
      return null;
    }
    Visibility now = view.shown();
    if (!noted.parts().stream().allMatch(part -> part.shown().reachesTo(now))) {
      return null;
    }
    MirroredTable mirrored = copy.table();
    List<Column> key = mirrored.table().columnsOf(keyNames());
    List<SourceRows> shown =
        noted.conditions().stream().map(some -> new SourceRows(mirrored, key, some)).toList();
    long left = 0;
    for (SourceRows rows : shown) {
      left += count(view.connection(), rows.fromSql());
    }
    if (left == noted.rows()) {
      return noted;
    }
    if (left == 0 || left > noted.rows() || !isDone(this::makeTableOfKeys)) {
      return null;
    }
    for (SourceRows rows : shown) {
      transfer.runQuietly(rows, target, KEYS);
    }
    return noted.reducedTo(left);
  }

  /** Removes the rows that are not to be kept; false where all is to be copied after all. */
  boolean removeOthers(KeptRows kept) throws SQLException {
    return kept.rows() == noted.rows()
        || (isDone(this::deleteOthers) && count(destination, target.toSql()) == kept.rows());
  }

  private static long count(Connection connection, String from) throws SQLException {
    return Sql.query(connection, "SELECT count(*) FROM " + from, row -> row.getLong(1)).get(0);
  }

  /**
   * Does what a destination may refuse that takes a copy from the beginning: it can be published
   * without a replica identity, have a trigger of its own, or lack the right or the room.
   *
   * @return whether it is done; else it is told, and the transaction is as before
   */
  private boolean isDone(Attempt attempt) throws SQLException {
    Savepoint before = destination.setSavepoint();
    try {
      attempt.run();
    } catch (SQLException e) {
      stop.check();
      rollBack(before, e);
      copy.startsOver(ServerMessage.of(e));
      return false;
    }
    destination.releaseSavepoint(before);
    return true;
  }

  private void rollBack(Savepoint before, SQLException reason) throws SQLException {
    try {
      destination.rollback(before);
    } catch (SQLException e) {
      reason.addSuppressed(e);
      throw reason; // the connection is lost
    }
  }

  /** Of the source's primary key, which is copied: else no rows are of use. */
  private List<String> keyNames() {
    return copy.table().table().primaryKey();
  }

  private void makeTableOfKeys() throws SQLException {
    Sql.execute(
        destination,
        "CREATE TEMPORARY TABLE "
            + KEYS
            + " ON COMMIT DROP AS SELECT "
            + Sql.identifiers(keyNames())
            + " FROM "
            + target.toSql()
            + " WITH NO DATA");
  }

  private void deleteOthers() throws SQLException {
    Sql.execute(destination, "ANALYZE " + KEYS);
    String sameKey = Catalog.equality(destination, target.columnsOf(keyNames()), "o", "s");
    try (Statement statement = destination.createStatement()) {
      statement.executeLargeUpdate(
          "DELETE FROM "
              + target.toSql()
              + " AS o WHERE NOT EXISTS (SELECT FROM "
              + KEYS
              + " AS s WHERE "
              + sameKey
              + ")");
    }
  }
}
