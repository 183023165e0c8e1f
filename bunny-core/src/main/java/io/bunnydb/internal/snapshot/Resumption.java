package io.bunnydb.internal.snapshot;

import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.Column;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import io.bunnydb.internal.source.MirroredTable;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Takes over the rows of a copy that was broken off, in the destination's open transaction, so that
 * those stay alone which a new snapshot still shows.
 *
 * <p>A version of a row keeps its place and the number of the transaction that made it. One that
 * the new snapshot shows, that lies where rows have come, and that the snapshot showed under which
 * they came, was copied and is unchanged; anything else there is gone by now, or an older version.
 * So where as many are left as the destination holds, it holds just these, and else their keys tell
 * which.
 *
 * @param view the source under the new snapshot, on which the table is locked
 * @param destination the session in whose transaction rows are removed
 * @param transfer brings keys
 */
record Resumption(SourceView view, Connection destination, RowTransfer transfer) {
  private static final String KEYS = "pg_temp.bunny_kept_keys";

  /**
   * Looks whether the rows can stay, and removes those that cannot.
   *
   * @return what is left; null where all is to be copied, and the table to be emptied before
   */
  @Nullable KeptRows run(MirroredTable mirrored, Table target, KeptRows noted, Visibility now)
      throws SQLException {
    if (!noted.parts().stream().allMatch(part -> part.shown().reachesTo(now))) {
      return null;
    }
    Sql.execute(destination, "LOCK TABLE " + target.toSql() + " IN SHARE ROW EXCLUSIVE MODE");
    if (count(destination, target.toSql(), "") != noted.rows()) {
      return null;
    }
    long left = 0;
    for (String condition : noted.conditions()) {
      left += count(view.connection(), mirrored.table().toSql(), where(mirrored, condition));
    }
    if (left == noted.rows()) {
      return noted;
    }
    boolean mayKeepKeys =
        Sql.queryBoolean(
            destination,
            "SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'TEMPORARY')");
    if (left == 0 || left > noted.rows() || !mayKeepKeys) {
      return null;
    }
    removeAllBut(mirrored, target, noted);
    return count(destination, target.toSql(), "") == left ? noted.reducedTo(left) : null;
  }

  private static String where(MirroredTable mirrored, String condition) {
    return RowTransfer.where(condition, mirrored.mapping().filter());
  }

  private static long count(Connection connection, String table, String where) throws SQLException {
    return Sql.query(connection, "SELECT count(*) FROM " + table + where, row -> row.getLong(1))
        .get(0);
  }

  private void removeAllBut(MirroredTable mirrored, Table target, KeptRows noted)
      throws SQLException {
    List<Column> key = new ArrayList<>();
    for (Column column : mirrored.columns()) {
      if (mirrored.table().primaryKey().contains(column.name())) {
        key.add(column);
      }
    }
    String names = Sql.identifiers(key.stream().map(Column::name).toList());
    Sql.execute(
        destination,
        "CREATE TEMPORARY TABLE "
            + KEYS
            + " ON COMMIT DROP AS SELECT "
            + names
            + " FROM "
            + target.toSql()
            + " WITH NO DATA");
    for (String condition : noted.conditions()) {
      transfer.runQuietly(mirrored, key, condition, target, KEYS);
    }
    // Sessions that write are to look rows up one by one; here each row of the table is looked for.
    Sql.execute(destination, "ANALYZE " + KEYS);
    Sql.execute(destination, "SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on");
    List<String> equalities = new ArrayList<>();
    for (Column column : target.columns()) {
      if (mirrored.table().primaryKey().contains(column.name())) {
        String name = Sql.identifier(column.name());
        equalities.add(Catalog.equality(destination, column, "o." + name, "s." + name));
      }
    }
    try (Statement statement = destination.createStatement()) {
      statement.executeLargeUpdate(
          "DELETE FROM "
              + target.toSql()
              + " AS o WHERE NOT EXISTS (SELECT FROM "
              + KEYS
              + " AS s WHERE "
              + String.join(" AND ", equalities)
              + ")");
    }
  }
}
