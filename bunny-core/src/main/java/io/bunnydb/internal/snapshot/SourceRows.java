package io.bunnydb.internal.snapshot;

import io.bunnydb.internal.catalog.Column;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.source.MirroredTable;
import java.util.List;

/**
 * Some of the rows of a source table that are mirrored, and some of their columns.
 *
 * @param table the table
 * @param columns the columns
 * @param condition which of the rows, as SQL; empty for all
 */
record SourceRows(MirroredTable table, List<Column> columns, String condition) {

  /** The columns in SQL, with commas between them. */
  String names() {
    return Sql.identifiers(columns.stream().map(Column::name).toList());
  }

  /** What follows FROM in SQL. */
  String fromSql() {
    String filter = table.mapping().filter();
    String where = condition;
    if (filter != null) {
      where += (condition.isEmpty() ? "" : " AND ") + "(" + filter + ")";
    }
    return table.table().toSql() + (where.isEmpty() ? "" : " WHERE " + where);
  }
}
