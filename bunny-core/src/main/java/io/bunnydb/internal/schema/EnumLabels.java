package io.bunnydb.internal.schema;

import io.bunnydb.SchemaChange;
import io.bunnydb.SchemaChange.Outcome;
import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.Column;
import io.bunnydb.internal.catalog.Sql;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * The labels of an enum in their order.
 *
 * @param type the type, as SQL writes it
 * @param labels its labels; none where there is no such type
 */
record EnumLabels(String type, List<String> labels) {
  private static final int FIRST_USER_OID = 16384;

  // A column may be of the enum, of its arrays, or of a domain over either.
  private static final String OF_TYPE =
      """
      WITH RECURSIVE used(oid) AS (
        SELECT %s
        UNION
        SELECT part.oid
        FROM used
        JOIN pg_catalog.pg_type t ON t.oid = used.oid
        CROSS JOIN LATERAL (VALUES (t.typbasetype), (t.typelem)) part(oid))
      SELECT pg_catalog.format_type(e.oid, NULL),
             ARRAY(SELECT l.enumlabel::text FROM pg_catalog.pg_enum l
                   WHERE l.enumtypid = e.oid ORDER BY l.enumsortorder)
      FROM used
      JOIN pg_catalog.pg_type e ON e.oid = used.oid AND e.typtype = 'e'
      """;
  private static final String BY_OID = OF_TYPE.formatted("CAST(? AS oid)");
  private static final String BY_NAME = OF_TYPE.formatted("CAST(pg_catalog.to_regtype(?) AS oid)");

  /**
   * Adds the labels that the destination lacks of the types of the mirrored columns.
   *
   * @param both the columns of one table
   */
  static void addChanges(
      Connection source, Connection destination, MirroredColumns both, List<SchemaChange> changes)
      throws SQLException {
    for (Column column : both.mirrored().columns()) {
      if (column.typeOid() < FIRST_USER_OID) {
        continue;
      }
      for (EnumLabels wanted : Sql.query(source, BY_OID, EnumLabels::read, column.typeOid())) {
        for (EnumLabels known : Sql.query(destination, BY_NAME, EnumLabels::read, wanted.type())) {
          changes.addAll(changes(both.target().name(), wanted, known));
        }
      }
    }
  }

  private static EnumLabels read(ResultSet row) throws SQLException {
    return new EnumLabels(row.getString(1), List.of((String[]) row.getArray(2).getArray()));
  }

  /**
   * What brings an enum in line with another.
   *
   * @param table a table that uses it
   */
  static List<SchemaChange> changes(TableName table, EnumLabels wanted, EnumLabels known) {
    List<SchemaChange> changes = new ArrayList<>();
    List<String> kept = wanted.labels.stream().filter(known.labels::contains).toList();
    boolean keepsOrder = kept.equals(known.labels);
    for (int i = 0; i < wanted.labels.size(); i++) {
      String label = wanted.labels.get(i);
      if (!known.labels.contains(label)) {
        String place =
            i > 0
                ? " AFTER " + Sql.literal(wanted.labels.get(i - 1))
                : known.labels.isEmpty() ? "" : " BEFORE " + Sql.literal(known.labels.get(0));
        changes.add(
            new SchemaChange(
                table,
                "ALTER TYPE " + known.type + " ADD VALUE " + Sql.literal(label) + place,
                keepsOrder ? Outcome.DUE : Outcome.BY_HAND,
                keepsOrder
                    ? null
                    : "the destination has labels that the source has not, or in another order: one"
                        + " may have got a new name (ALTER TYPE ... RENAME VALUE)"));
      }
    }
    return changes;
  }
}
