package io.bunnydb.internal.schema;

import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The mark of a table that Bunny made and has not finished: its comment. Keys and indexes are built
 * when the rows are there, which is quicker than to keep them while rows come, and the mark tells
 * whoever goes on after a crash that they are still to be built.
 */
public final class FirstCopy {
  private static final String MARK = "Bunny: keys and indexes follow the first copy of mirror ";

  // A constraint takes its index with it.
  private static final String DROPS =
      """
      SELECT CASE WHEN k.conname IS NULL
               THEN pg_catalog.format('DROP INDEX %I.%I', n.nspname, c.relname)
               ELSE pg_catalog.format('ALTER TABLE %I.%I DROP CONSTRAINT %I',
                                      n.nspname, t.relname, k.conname) END
      FROM pg_catalog.pg_index i
      JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
      JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
      LEFT JOIN pg_catalog.pg_constraint k
        ON k.conindid = i.indexrelid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x')
      WHERE i.indrelid = CAST(? AS oid)
      """;

  private FirstCopy() {}

  /**
   * Marks a table that a mirror has just made.
   *
   * @return the SQL that did it
   */
  public static String mark(Connection destination, TableName table, String mirror)
      throws SQLException {
    String mark = "COMMENT ON TABLE " + table.toSql() + " IS " + Sql.literal(markOf(mirror));
    Sql.execute(destination, mark);
    return mark;
  }

  /** The comment of the tables that a mirror has not finished. */
  static String markOf(String mirror) {
    return MARK + mirror;
  }

  /** The name of the mirror that made a table and has not finished it; null if none has. */
  public static @Nullable String maker(Connection destination, Table table) throws SQLException {
    String comment =
        Sql.queryText(
            destination,
            "SELECT pg_catalog.obj_description(CAST(? AS oid), 'pg_class')",
            table.oid());
    return comment == null || !isMark(comment) ? null : comment.substring(MARK.length());
  }

  /** Whether a table's comment is the mark of some mirror. */
  static boolean isMark(String comment) {
    return comment.startsWith(MARK);
  }

  /** Takes the mark away, when all is built, unless somebody has written over it. */
  public static void unmark(Connection destination, Table table) throws SQLException {
    if (maker(destination, table) != null) {
      Sql.execute(destination, unmarkSql(table.name()));
    }
  }

  /** The SQL that takes the mark of a table away. */
  public static String unmarkSql(TableName table) {
    return "COMMENT ON TABLE " + table.toSql() + " IS NULL";
  }

  /** Drops the indexes of a marked table: those that a copy built which was broken off. */
  public static void dropIndexes(Connection destination, Table table) throws SQLException {
    List<String> drops = Sql.query(destination, DROPS, row -> row.getString(1), table.oid());
    for (String drop : drops) {
      Sql.execute(destination, drop);
    }
  }
}
