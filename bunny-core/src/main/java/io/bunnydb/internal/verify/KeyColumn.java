package io.bunnydb.internal.verify;

import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A column of a key, as one side has it.
 *
 * @param name its plain name
 * @param type its type as SQL, without a modifier, which would cut values off; the base type of a
 *     domain
 * @param isDomain whether its type is a domain
 * @param isUserDefined whether the type, or that under the domain, is none that every server has
 * @param hasBuiltInOrder whether it is compared by operators that every search path finds
 * @param isExact whether equal values have equal texts as far as the collation goes; two texts are
 *     equal under one that is not deterministic
 * @param isSorted whether nothing is known against the order of its indexes, as that they were made
 *     with another version of the library that sorts than the one that is there now
 * @param collation what its order depends on beside the type, with the version of the library that
 *     sorts; empty where that is nothing, null where it is not known
 */
record KeyColumn(
    String name,
    String type,
    boolean isDomain,
    boolean isUserDefined,
    boolean hasBuiltInOrder,
    boolean isExact,
    boolean isSorted,
    @Nullable String collation) {

  private static final String BY_BYTES = " COLLATE pg_catalog.\"C\"";

  // Columns of pg_database and pg_collation differ by version. OID 100 is the database's collation,
  // by which the strings of jsonb are sorted, too; before version 16 it is not told which version
  // its library has, but that of the operating system has one for all of its collations. C sorts by
  // bytes, and so do all that come with the server; what has no version is not known.
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
             coalesce(x.isexact, true), coalesce(x.recorded = x.version, true),
             CASE
               WHEN x.oid IS NULL THEN ''
               WHEN x.provider = 'b' OR x.provider = 'c' AND x.locale IN ('C', 'POSIX')
                 THEN 'C ' || x.encoding
               WHEN x.provider = 'c'
                 THEN 'libc ' || x.locale || ' ' || x.encoding || ' ' || x.version
               WHEN x.provider = 'i'
                 THEN 'icu ' || x.locale || ' ' || x.encoding || ' ' || x.isexact::text || ' '
                   || x.version || coalesce(' ' || x.rules, '') END
      FROM base
      JOIN pg_catalog.pg_attribute a ON a.attrelid = CAST(? AS oid) AND a.attname = ?
      LEFT JOIN LATERAL
        (SELECT c.oid, c.collisdeterministic AS isexact,
                pg_catalog.current_setting('server_encoding') AS encoding,
                coalesce(pg_catalog.pg_collation_actual_version(c.oid),
                  (SELECT pg_catalog.pg_collation_actual_version(s.oid)
                   FROM pg_catalog.pg_collation s
                   WHERE c.collprovider = 'd' AND coalesce(d.j ->> 'datlocprovider', 'c') = 'c'
                     AND s.collprovider = 'c' AND s.collcollate::text = d.j ->> 'datcollate'
                   LIMIT 1)) AS version,
                CASE c.collprovider WHEN 'd' THEN d.j ->> 'datcollversion'
                  ELSE l.j ->> 'collversion' END AS recorded,
                CASE c.collprovider WHEN 'd' THEN coalesce(d.j ->> 'datlocprovider', 'c')
                  ELSE c.collprovider::text END AS provider,
                CASE c.collprovider
                  WHEN 'd'
                    THEN coalesce(d.j ->> 'datlocale', d.j ->> 'daticulocale', d.j ->> 'datcollate')
                  ELSE coalesce(l.j ->> 'colllocale', l.j ->> 'colliculocale',
                         l.j ->> 'collcollate') END AS locale,
                CASE c.collprovider WHEN 'd' THEN d.j ->> 'daticurules'
                  ELSE l.j ->> 'collicurules' END AS rules
         FROM pg_catalog.pg_collation c
         CROSS JOIN LATERAL (SELECT pg_catalog.to_jsonb(c)) l (j)
         CROSS JOIN (SELECT pg_catalog.to_jsonb(b) FROM pg_catalog.pg_database b
                     WHERE b.datname = pg_catalog.current_database()) d (j)
         WHERE c.oid = CASE WHEN pg_catalog.format_type(base.oid, -1) IN ('jsonb', 'jsonb[]')
                       THEN 100 ELSE a.attcollation END) x ON true
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
                    row.getBoolean(5),
                    row.getBoolean(6),
                    row.getString(7)),
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

  /** The condition that the column has a value, which has this text. */
  String equalsText(String text) {
    String equal = operand() + " = " + cast(text);
    // The first by an index, the second to the letter.
    return isExact ? equal : equal + " AND " + operand() + BY_BYTES + " = " + cast(text) + BY_BYTES;
  }

  /** Whether an index finds its values, and puts them in order. */
  boolean isIndexed() {
    return hasBuiltInOrder && isSorted;
  }

  /** Whether it is known that both sides put the values in one order. */
  boolean hasOrderOf(KeyColumn other) {
    return !isUserDefined
        && type.equals(other.type)
        && collation != null
        && collation.equals(other.collation);
  }
}
