package io.bunnydb.internal.schema;

import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.Sql;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;

/**
 * The sequence from which a column takes its values: that of an identity or serial column, or one
 * that its default names.
 *
 * @param column the column's plain name
 * @param sequence the sequence
 * @param type the sequence's type, such as {@code bigint}
 * @param start its first value
 * @param increment the step; negative for one that counts down
 * @param minimum its lowest value
 * @param maximum its highest value
 * @param cache how many values a session takes at a time
 * @param isCycling whether it begins anew at its end
 * @param isIdentity whether the column is an identity column
 */
record ColumnSequence(
    String column,
    TableName sequence,
    String type,
    long start,
    long increment,
    long minimum,
    long maximum,
    long cache,
    boolean isCycling,
    boolean isIdentity) {

  /** The sequences of a table's columns. */
  static List<ColumnSequence> of(Connection connection, long table) throws SQLException {
    return Sql.query(
        connection,
        """
        WITH used AS (
          SELECT d.refobjsubid AS attnum, d.objid AS seq, d.deptype = 'i' AS is_identity
          FROM pg_catalog.pg_depend d
          WHERE d.classid = 'pg_catalog.pg_class'::regclass
            AND d.refclassid = 'pg_catalog.pg_class'::regclass
            AND d.refobjid = CAST(? AS oid) AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
          UNION
          SELECT a.adnum, d.refobjid, false
          FROM pg_catalog.pg_attrdef a
          JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_attrdef'::regclass
           AND d.objid = a.oid AND d.refclassid = 'pg_catalog.pg_class'::regclass
          WHERE a.adrelid = CAST(? AS oid))
        SELECT a.attname, n.nspname, c.relname, pg_catalog.format_type(s.seqtypid, NULL),
               s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle,
               u.is_identity
        FROM used u
        JOIN pg_catalog.pg_attribute a ON a.attrelid = CAST(? AS oid) AND a.attnum = u.attnum
        JOIN pg_catalog.pg_sequence s ON s.seqrelid = u.seq
        JOIN pg_catalog.pg_class c ON c.oid = u.seq
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        ORDER BY u.attnum
        """,
        ColumnSequence::read,
        table,
        table,
        table);
  }

  private static ColumnSequence read(ResultSet row) throws SQLException {
    return new ColumnSequence(
        row.getString(1),
        new TableName(row.getString(2), row.getString(3)),
        row.getString(4),
        row.getLong(5),
        row.getLong(6),
        row.getLong(7),
        row.getLong(8),
        row.getLong(9),
        row.getBoolean(10),
        row.getBoolean(11));
  }

  /**
   * Where it stands.
   *
   * @param last the last value
   * @param isCalled whether that was given out; if not, it is the next
   */
  record Position(long last, boolean isCalled) {}

  /** Where the sequence stands now. */
  Position position(Connection connection) throws SQLException {
    return Sql.query(
            connection,
            "SELECT last_value, is_called FROM " + sequence.toSql(),
            row -> new Position(row.getLong(1), row.getBoolean(2)))
        .get(0);
  }
}
