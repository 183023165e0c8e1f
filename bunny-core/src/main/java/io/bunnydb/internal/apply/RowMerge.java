package io.bunnydb.internal.apply;

import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.Column;
import io.bunnydb.internal.catalog.Column.Generation;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/**
 * Makes a table's rows equal to those of another, by changing the ones alone that differ, as {@code
 * REFRESH MATERIALIZED VIEW CONCURRENTLY} does it. Rows of one key are alike where their bytes are;
 * of a table without key, as many rows are kept of each text of all values as there are to be.
 *
 * @param connection a session with a transaction open whose statements all see the same rows; the
 *     caller alone writes the table
 * @param target the table
 * @param model the other one
 * @param columns the columns that count, which have the same types in both; others stay as they are
 *     in rows that stay
 */
public record RowMerge(Connection connection, Table target, Table model, List<String> columns) {
  /** SQLSTATE of rows that a trigger or rule did not let pass (class 09). */
  private static final String TRIGGERED_ACTION = "09000";

  private static final String UNIQUE_VIOLATION = "23505";
  private static final String EXCLUSION_VIOLATION = "23P01";

  /**
   * How many rows were changed.
   *
   * @param deleted those that are gone, or had to make room for others
   * @param updated those that stayed
   * @param inserted those that are new
   */
  public record Changes(long deleted, long updated, long inserted) {}

  /**
   * Changes the rows.
   *
   * @throws SQLException also where the table does not hold the other's rows then
   */
  public Changes run() throws SQLException {
    boolean hasKey =
        !target.primaryKey().isEmpty()
            && new HashSet<>(target.primaryKey()).equals(new HashSet<>(model.primaryKey()));
    Changes changes = hasKey ? byKey() : byText();
    if (!Sql.queryBoolean(
        connection,
        "SELECT (SELECT count(*) FROM "
            + target.toSql()
            + ") = (SELECT count(*) FROM "
            + model.toSql()
            + ")")) {
      throw new SQLException(
          "the table did not take all rows, or kept others; is there a trigger or rule on it?",
          TRIGGERED_ACTION);
    }
    return changes;
  }

  private Changes byKey() throws SQLException {
    String sameKey = Catalog.equality(connection, target.columnsOf(target.primaryKey()), "o", "s");
    String alike = record("o") + " OPERATOR(pg_catalog.*=) " + record("s");
    long deleted = delete(sameKey);
    long updated = 0;
    List<String> assignments = assignments();
    if (assignments.isEmpty()) {
      deleted += delete(sameKey + " AND " + alike);
    } else {
      String update =
          "UPDATE "
              + target.toSql()
              + " AS o SET "
              + String.join(", ", assignments)
              + " FROM "
              + model.toSql()
              + " AS s WHERE "
              + sameKey
              + " AND NOT ("
              + alike
              + ")";
      Savepoint before = connection.setSavepoint();
      try {
        updated = execute(update);
        connection.releaseSavepoint(before);
      } catch (SQLException e) {
        if (!UNIQUE_VIOLATION.equals(e.getSQLState())
            && !EXCLUSION_VIOLATION.equals(e.getSQLState())) {
          throw e;
        }
        // A value goes from one row to another; so all of those make room first.
        connection.rollback(before);
        deleted += delete(sameKey + " AND " + alike);
      }
    }
    return new Changes(deleted, updated, insert(notIn(target, "o", sameKey)));
  }

  /** A record and no row constructor, of which the operators are those of the columns. */
  private String record(String alias) {
    List<String> values = new ArrayList<>();
    columns.forEach(name -> values.add(alias + "." + Sql.identifier(name)));
    return "CAST(ROW(" + String.join(", ", values) + ") AS record)";
  }

  /** What an update sets; empty where none can, for the sake of an identity outside of the key. */
  private List<String> assignments() {
    List<String> assignments = new ArrayList<>();
    for (String name : columns) {
      Column column = target.column(name);
      boolean isFixed = column != null && column.generation() == Generation.IDENTITY_ALWAYS;
      if (isFixed && !target.primaryKey().contains(name)) {
        return List.of();
      }
      if (!isFixed) {
        assignments.add(Sql.identifier(name) + " = s." + Sql.identifier(name));
      }
    }
    return assignments;
  }

  /** Deletes the rows to which no row of the model stands as the condition says. */
  private long delete(String condition) throws SQLException {
    return execute("DELETE FROM " + target.toSql() + " AS o WHERE " + notIn(model, "s", condition));
  }

  private static String notIn(Table table, String alias, String condition) {
    return "NOT EXISTS (SELECT FROM "
        + table.toSql()
        + " AS "
        + alias
        + " WHERE "
        + condition
        + ")";
  }

  private long insert(String condition) throws SQLException {
    String names = Sql.identifiers(columns);
    return execute(
        "INSERT INTO "
            + target.name().toSql()
            + " ("
            + names
            + ") OVERRIDING SYSTEM VALUE SELECT "
            + names
            + " FROM "
            + model.toSql()
            + " AS s WHERE "
            + condition);
  }

  private Changes byText() throws SQLException {
    String ofTarget = numbered(target);
    String ofModel = numbered(model);
    String same = "o.line = s.line AND o.number = s.number";
    long deleted =
        execute(
            "DELETE FROM "
                + target.toSql()
                + " AS t WHERE (t.tableoid, t.ctid) IN (SELECT o.part, o.place FROM "
                + ofTarget
                + " AS o WHERE NOT EXISTS (SELECT FROM "
                + ofModel
                + " AS s WHERE "
                + same
                + "))");
    long inserted =
        insert(
            "s.ctid IN (SELECT s.place FROM "
                + ofModel
                + " AS s WHERE NOT EXISTS (SELECT FROM "
                + ofTarget
                + " AS o WHERE "
                + same
                + "))");
    return new Changes(deleted, 0, inserted);
  }

  /** The rows of a table, those of one text numbered. */
  private String numbered(Table table) {
    return "(SELECT part, place, line, pg_catalog.row_number() OVER (PARTITION BY line) AS number"
        + " FROM (SELECT tableoid AS part, ctid AS place, CAST(ROW("
        + Sql.identifiers(columns)
        + ") AS text) COLLATE \"C\" AS line FROM "
        + table.toSql()
        + ") AS lines)";
  }

  private long execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      return statement.executeLargeUpdate(sql);
    }
  }
}
