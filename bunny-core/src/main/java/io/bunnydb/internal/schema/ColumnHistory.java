package io.bunnydb.internal.schema;

import io.bunnydb.internal.catalog.Sql;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * What a source's catalog tells of how the columns of a table came to be.
 *
 * @param numbers the columns' numbers; a column gets a higher one than all that were there before
 * @param asCreated the columns that nobody has altered since the table was made, so that they never
 *     had another name
 * @param dropped the numbers of the columns that were dropped
 * @param hasRecentDrop whether a column may have been dropped whose rows are still on the way
 */
record ColumnHistory(
    Map<String, Integer> numbers,
    Set<String> asCreated,
    Set<Integer> dropped,
    boolean hasRecentDrop) {

  // The system columns' entries are written once, by the transaction that makes the table; 1 below
  // zero is that of ctid. A renamed or otherwise altered column has the entry of another one.
  private static final String COLUMNS =
      """
      SELECT a.attname, a.attnum, a.xmin = made.xmin, a.attisdropped
      FROM pg_catalog.pg_attribute a
      JOIN pg_catalog.pg_attribute made ON made.attrelid = a.attrelid AND made.attnum = -1
      WHERE a.attrelid = CAST(? AS oid) AND a.attnum > 0
      """;

  // Transactions older than a slot's catalog_xmin ended before all that the slot still gives.
  private static final String RECENT_DROP =
      """
      SELECT true
      FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = CAST(? AS oid) AND a.attnum > 0 AND a.attisdropped
        AND NOT EXISTS
          (SELECT FROM pg_catalog.pg_replication_slots s
           WHERE s.slot_name = ? AND pg_catalog.age(a.xmin) > pg_catalog.age(s.catalog_xmin))
      LIMIT 1
      """;

  /** Reads the history of a table from which a slot's changes come. */
  static ColumnHistory read(Connection source, long table, String slot) throws SQLException {
    Map<String, Integer> numbers = new HashMap<>();
    Set<String> asCreated = new HashSet<>();
    Set<Integer> dropped = new HashSet<>();
    Sql.query(
        source,
        COLUMNS,
        row -> {
          if (row.getBoolean(4)) {
            return dropped.add(row.getInt(2));
          }
          if (row.getBoolean(3)) {
            asCreated.add(row.getString(1));
          }
          return numbers.put(row.getString(1), row.getInt(2)) == null;
        },
        table);
    return new ColumnHistory(
        numbers, asCreated, dropped, Sql.queryBoolean(source, RECENT_DROP, table, slot));
  }

  /** The number of a column. */
  int number(String column) {
    return numbers.getOrDefault(column, 0);
  }

  /**
   * Whether a column may bear the name of an older one, which was dropped or has another name now,
   * so that the destination's column of this name has the values of that one.
   *
   * @param missing the columns that the destination has not
   */
  boolean mayBeAnother(String column, Collection<String> missing) {
    boolean follows =
        dropped.stream().anyMatch(older -> older < number(column))
            || missing.stream().anyMatch(older -> number(older) < number(column));
    return follows && !asCreated.contains(column);
  }
}
