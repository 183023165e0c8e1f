package io.bunnydb.internal.schema;

import io.bunnydb.SchemaChange;
import io.bunnydb.SchemaChange.Outcome;
import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The comments of a table.
 *
 * @param table its own; null where it has none, or Bunny's mark
 * @param columns those of its columns that have one
 */
record Comments(@Nullable String table, Map<String, String> columns) {

  /** Reads them. */
  static Comments read(Connection connection, Table table) throws SQLException {
    Map<String, String> columns = new LinkedHashMap<>();
    Sql.query(
        connection,
        """
        SELECT a.attname, d.description
        FROM pg_catalog.pg_description d
        JOIN pg_catalog.pg_attribute a ON a.attrelid = d.objoid AND a.attnum = d.objsubid
        WHERE d.objoid = CAST(? AS oid) AND d.classoid = 'pg_catalog.pg_class'::regclass
          AND NOT a.attisdropped
        ORDER BY a.attnum
        """,
        row -> columns.put(row.getString(1), row.getString(2)) == null,
        table.oid());
    String own =
        Sql.queryText(
            connection,
            "SELECT pg_catalog.obj_description(CAST(? AS oid), 'pg_class')",
            table.oid());
    return new Comments(own == null || FirstCopy.isMark(own) ? null : own, columns);
  }

  /** Adds what the destination is to take over; comments that it alone has stay. */
  void addChanges(MirroredColumns both, Comments destination, List<SchemaChange> changes) {
    TableName target = both.target().name();
    if (table != null && !table.equals(destination.table)) {
      changes.add(
          new SchemaChange(
              target,
              "COMMENT ON TABLE " + target.toSql() + " IS " + Sql.literal(table),
              Outcome.DUE,
              null));
    }
    columns.forEach(
        (column, comment) -> {
          if (both.isMatched(column) && !comment.equals(destination.columns.get(column))) {
            changes.add(
                new SchemaChange(target, columnSql(target, column, comment), Outcome.DUE, null));
          }
        });
  }

  /** The SQL that gives a column a comment. */
  static String columnSql(TableName target, String column, String comment) {
    return "COMMENT ON COLUMN "
        + target.toSql()
        + "."
        + Sql.identifier(column)
        + " IS "
        + Sql.literal(comment);
  }
}
