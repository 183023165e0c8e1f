package io.bunnydb.internal.verify;

import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/**
 * A column of a key, as one side has it.
 *
 * @param name its plain name
 * @param type its type as SQL, without a modifier, which would cut values off; the base type of a
 *     domain
 * @param isDomain whether its type is a domain
 * @param isUserDefined whether the type, or that under the domain, is none that every server has
 * @param hasBuiltInOrder whether it is compared by operators that every search path finds
 * @param collation what its order depends on beside the type; empty where that is nothing
 */
record KeyColumn(
    String name,
    String type,
    boolean isDomain,
    boolean isUserDefined,
    boolean hasBuiltInOrder,
    String collation) {

  // Columns of pg_database differ by version. OID 100 is the database's collation.
  private static final String READ =
      """
      WITH RECURSIVE base (oid, typtype, typbasetype) AS (
        SELECT t.oid, t.typtype, t.typbasetype
        FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        WHERE a.attrelid = CAST(? AS oid) AND a.attname = ?
        UNION ALL
        SELECT t.oid, t.typtype, t.typbasetype
        FROM base JOIN pg_catalog.pg_type t ON t.oid = base.typbasetype)
      SELECT pg_catalog.format_type(base.oid, -1), base.oid <> a.atttypid, base.oid >= 16384,
             NOT EXISTS
               (SELECT FROM pg_catalog.pg_opclass c
                JOIN pg_catalog.pg_am m ON m.oid = c.opcmethod AND m.amname = 'btree'
                JOIN pg_catalog.pg_namespace n ON n.oid = c.opcnamespace
                WHERE c.opcdefault AND c.opcintype = base.oid AND n.nspname <> 'pg_catalog'),
             CASE a.attcollation
               WHEN 0 THEN ''
               WHEN 100 THEN
                 (SELECT pg_catalog.concat_ws(' ', coalesce(d ->> 'datlocprovider', 'c'),
                           d ->> 'datcollate', d ->> 'daticulocale', d ->> 'datlocale')
                  FROM (SELECT pg_catalog.to_jsonb(b) AS d FROM pg_catalog.pg_database b
                        WHERE b.datname = pg_catalog.current_database()) x)
               ELSE
                 (SELECT n.nspname || '.' || c.collname
                  FROM pg_catalog.pg_collation c
                  JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
                  WHERE c.oid = a.attcollation) END
      FROM base
      JOIN pg_catalog.pg_attribute a ON a.attrelid = CAST(? AS oid) AND a.attname = ?
      WHERE base.typtype <> 'd'
      """;

  /** Reads one. */
  static KeyColumn read(Connection connection, Table table, String name) throws SQLException {
    List<KeyColumn> found =
        Sql.query(
            connection,
            READ,
            row ->
                new KeyColumn(
                    name,
                    row.getString(1),
                    row.getBoolean(2),
                    row.getBoolean(3),
                    row.getBoolean(4),
                    row.getString(5)),
            table.oid(),
            name,
            table.oid(),
            name);
    if (found.isEmpty()) {
      throw new SQLException("column " + name + " of " + table.name() + " is gone", "42703");
    }
    return found.get(0);
  }

  /** The column as an operand of comparisons. */
  String operand() {
    String quoted = Sql.identifier(name);
    return isDomain ? cast(quoted) : quoted;
  }

  /** A text as an operand of comparisons with the column. */
  String cast(String text) {
    return "CAST(" + text + " AS " + type + ")";
  }

  /** Whether both sides put the values in one order, as far as names tell. */
  boolean hasOrderOf(KeyColumn other) {
    return !isUserDefined && type.equals(other.type) && collation.equals(other.collation);
  }
}
