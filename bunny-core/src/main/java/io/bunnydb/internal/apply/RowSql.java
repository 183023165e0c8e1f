package io.bunnydb.internal.apply;

import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The statements that change a destination table's rows one by one. Columns are numbered as in the
 * relation's tuples.
 *
 * <p>Not thread-safe.
 */
final class RowSql {
  /** {@code COPY} of rows in the form of the stream. */
  final String copy;

  /** {@code INSERT} of one row. */
  final String insert;

  /** {@code INSERT} of one row that takes the place of one with the same key. */
  final String upsert;

  /** {@code DELETE} of one row; parameters are the columns to find it by. */
  final String delete;

  private final Table table;
  private final List<String> columns;
  private final boolean[] written;
  private final boolean[] key;
  private final boolean matchesWholeRow;
  private final @Nullable String[] conditions;
  private boolean[] lastSet = new boolean[0];
  private String lastUpdate = "";

  /**
   * Statements for a table.
   *
   * @param columns the relation's columns
   * @param written per column, whether it is written at all
   * @param key per column, whether it helps to find the row
   * @param matchesWholeRow whether only the whole row tells which row is meant
   * @param conditions per column of the key, that it equals a parameter
   * @param isBinary whether values come in binary form
   */
  RowSql(
      Table table,
      List<String> columns,
      boolean[] written,
      boolean[] key,
      boolean matchesWholeRow,
      @Nullable String[] conditions,
      boolean isBinary) {
    this.table = table;
    this.columns = columns;
    this.written = written;
    this.key = key;
    this.matchesWholeRow = matchesWholeRow;
    this.conditions = conditions;
    String names = names(written);
    this.copy =
        "COPY "
            + table.name().toSql()
            + (names.isEmpty() ? "" : " (" + names + ")")
            + " FROM STDIN"
            + (isBinary ? " (FORMAT binary)" : "");
    this.insert = composeInsert();
    this.upsert = insert + composeOnConflict();
    this.delete = "DELETE FROM " + table.toSql() + where();
  }

  /** The columns by which a row is found. */
  String keyColumns() {
    return names(key);
  }

  private String names(boolean[] chosen) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < chosen.length; i++) {
      if (chosen[i]) {
        names.add(columns.get(i));
      }
    }
    return Sql.identifiers(names);
  }

  private String composeInsert() {
    String names = names(written);
    StringBuilder sql = new StringBuilder("INSERT INTO ").append(table.name().toSql());
    if (names.isEmpty()) {
      return sql.append(" DEFAULT VALUES").toString();
    }
    sql.append(" (").append(names).append(") OVERRIDING SYSTEM VALUE VALUES (");
    String divider = "";
    for (boolean isWritten : written) {
      if (isWritten) {
        sql.append(divider).append('?');
        divider = ", ";
      }
    }
    return sql.append(')').toString();
  }

  private String composeOnConflict() {
    if (matchesWholeRow) {
      return "";
    }
    StringBuilder changes = new StringBuilder();
    for (int i = 0; i < written.length; i++) {
      if (written[i] && !key[i]) {
        String quoted = Sql.identifier(columns.get(i));
        changes.append(changes.isEmpty() ? "" : ", ");
        changes.append(quoted).append(" = EXCLUDED.").append(quoted);
      }
    }
    return " ON CONFLICT ("
        + names(key)
        + ") DO "
        + (changes.isEmpty() ? "NOTHING" : "UPDATE SET " + changes);
  }

  /**
   * {@code UPDATE} of one row; parameters are the columns to set, then those to find it by.
   *
   * @param set per column, whether to set it; neighbours in the stream mostly set the same
   */
  String update(boolean[] set) {
    if (Arrays.equals(set, lastSet)) {
      return lastUpdate;
    }
    StringBuilder sql = new StringBuilder("UPDATE ").append(table.toSql()).append(" SET ");
    String divider = "";
    for (int i = 0; i < written.length; i++) {
      if (set[i]) {
        sql.append(divider).append(Sql.identifier(columns.get(i))).append(" = ?");
        divider = ", ";
      }
    }
    lastSet = set.clone();
    lastUpdate = sql.append(where()).toString();
    return lastUpdate;
  }

  /**
   * {@code DELETE} of the row at one end of a move, if another stands at the other end; parameters
   * are the key's columns of the one to delete, then twice of the other.
   */
  String makeRoom() {
    return "DELETE FROM "
        + table.toSql()
        + " WHERE "
        + allConditions()
        + " AND NOT ("
        + allConditions()
        + ") AND EXISTS (SELECT FROM "
        + table.toSql()
        + " WHERE "
        + allConditions()
        + ")";
  }

  private String where() {
    if (!matchesWholeRow) {
      return " WHERE " + allConditions();
    }
    // One of several equal rows; a ctid is unique within one partition only.
    return " WHERE (tableoid, ctid) = (SELECT tableoid, ctid FROM "
        + table.toSql()
        + " WHERE "
        + allConditions()
        + " LIMIT 1)";
  }

  private String allConditions() {
    StringBuilder sql = new StringBuilder();
    for (String condition : conditions) {
      if (condition != null) {
        sql.append(sql.isEmpty() ? "" : " AND ").append(condition);
      }
    }
    return sql.isEmpty() ? "true" : sql.toString();
  }
}
