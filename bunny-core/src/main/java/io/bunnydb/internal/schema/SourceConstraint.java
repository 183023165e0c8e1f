package io.bunnydb.internal.schema;

import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.Sql;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A check or foreign-key constraint as a catalog, mostly the source's, has it ("pg_constraint" in
 * the PostgreSQL documentation).
 *
 * @param name its name
 * @param check the definition of a check constraint, in SQL; null for a foreign key
 * @param isValid whether all rows were found to suit it
 * @param isEnforced whether new rows are held against it
 * @param columns the columns that it uses, of a foreign key in the order of its definition
 * @param usesWholeRow whether a check looks at the row as a whole
 * @param unsure what a check uses whose result may be another one in Bunny's session on the
 *     destination, with its settings and an empty search path, or at another time; null for nothing
 * @param reference what a foreign key refers to; null for a check
 */
public record SourceConstraint(
    String name,
    @Nullable String check,
    boolean isValid,
    boolean isEnforced,
    List<String> columns,
    boolean usesWholeRow,
    @Nullable String unsure,
    @Nullable Reference reference) {

  // What a newer server alone has is read by its name, so that an older one takes the query.
  private static final String CONSTRAINTS =
      """
      SELECT k.conname, CASE WHEN k.contype = 'c' THEN pg_catalog.pg_get_constraintdef(k.oid) END,
             k.convalidated, coalesce(CAST(j.k ->> 'conenforced' AS boolean), true),
             coalesce(0 = ANY (k.conkey), false), coalesce(CAST(j.k ->> 'conperiod' AS boolean), false),
             k.confrelid::bigint, n.nspname, c.relname,
             CASE k.confmatchtype WHEN 'f' THEN ' MATCH FULL' WHEN 'p' THEN ' MATCH PARTIAL' ELSE '' END
               || coalesce(' ON UPDATE ' || CASE k.confupdtype WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE'
                    WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' END, '')
               || coalesce(' ON DELETE ' || CASE k.confdeltype WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE'
                    WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' END, ''),
             CASE WHEN k.condeferred THEN ' DEFERRABLE INITIALLY DEFERRED'
                  WHEN k.condeferrable THEN ' DEFERRABLE' ELSE '' END,
             ARRAY(SELECT a.attname::text
                   FROM unnest(k.conkey) WITH ORDINALITY u (attnum, place)
                   JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum
                   ORDER BY place),
             ARRAY(SELECT a.attname::text
                   FROM unnest(k.confkey) WITH ORDINALITY u (attnum, place)
                   JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.attnum
                   ORDER BY place),
             ARRAY(SELECT a.attname::text
                   FROM pg_catalog.jsonb_array_elements_text(
                          CASE pg_catalog.jsonb_typeof(j.k -> 'confdelsetcols')
                               WHEN 'array' THEN j.k -> 'confdelsetcols' ELSE '[]' END)
                        WITH ORDINALITY u (attnum, place)
                   JOIN pg_catalog.pg_attribute a
                     ON a.attrelid = k.conrelid AND a.attnum = CAST(u.attnum AS int)
                   ORDER BY place),
             coalesce(
               (SELECT pg_catalog.string_agg(DISTINCT f.proname, ', ')
                FROM pg_catalog.regexp_matches(k.conbin::text, ':(?:op)?funcid ([0-9]+)', 'g') m (oid)
                JOIN pg_catalog.pg_proc f ON f.oid = CAST(m.oid[1] AS oid)
                WHERE f.provolatile <> 'i'
                   OR f.pronamespace <> (SELECT oid FROM pg_catalog.pg_namespace
                                         WHERE nspname = 'pg_catalog')),
               pg_catalog.lower(pg_catalog.substring(
                 k.conbin::text, '[{](SQLVALUEFUNCTION|COERCEVIAIO|ROWCOMPARE|XMLEXPR|JSON|NEXTVALUE)'))),
             k.conrelid::bigint
      FROM pg_catalog.pg_constraint k
      CROSS JOIN LATERAL (SELECT pg_catalog.to_jsonb(k)) j (k)
      LEFT JOIN pg_catalog.pg_class c ON c.oid = k.confrelid
      LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE
      """;

  // A key to a partitioned table has another entry for each of its partitions.
  private static final String OF_TABLES =
      """
      k.conrelid = ANY (CAST(? AS oid[])) AND k.contype IN ('c', 'f') AND NOT EXISTS
        (SELECT FROM pg_catalog.pg_constraint p
         WHERE p.oid = k.conparentid AND p.conrelid = k.conrelid)
      """;

  /**
   * What a foreign key refers to.
   *
   * @param oid the table's OID on the source
   * @param table its name there
   * @param columns its columns, in the order of the key's
   * @param nulled of the key's own columns those that ON DELETE sets; empty for all
   * @param actions MATCH, ON UPDATE and ON DELETE in SQL, with a blank before each
   * @param timing when it is checked, in SQL, with a blank before it; empty for at once
   * @param isOverPeriod whether the last column is a period that the referenced rows cover
   */
  public record Reference(
      long oid,
      TableName table,
      List<String> columns,
      List<String> nulled,
      String actions,
      String timing,
      boolean isOverPeriod) {}

  /**
   * Reads those of a table, the checks first.
   *
   * @param source a session with an empty search path
   * @param table the table's OID
   */
  public static List<SourceConstraint> of(Connection source, long table) throws SQLException {
    List<SourceConstraint> constraints = of(source, List.of(table)).get(table);
    return constraints == null ? new ArrayList<>() : constraints;
  }

  /**
   * Reads those of some tables, the checks of each first.
   *
   * @param connection a session with an empty search path
   * @param tables the tables' OIDs
   * @return the constraints by their table's OID; none for a table without
   */
  static Map<Long, List<SourceConstraint>> of(Connection connection, Collection<Long> tables)
      throws SQLException {
    Map<Long, List<SourceConstraint>> constraints = new HashMap<>();
    Sql.query(
        connection,
        CONSTRAINTS + OF_TABLES + "ORDER BY k.contype, k.oid",
        row ->
            constraints.computeIfAbsent(row.getLong(16), table -> new ArrayList<>()).add(read(row)),
        Sql.array(tables));
    // One that is just being dropped has no definition any more.
    constraints.values().forEach(all -> all.removeIf(c -> c.check == null && c.reference == null));
    return constraints;
  }

  /** The names of a table's, as of the source session's snapshot. */
  public static List<String> names(Connection source, long table) throws SQLException {
    return Sql.query(
        source,
        "SELECT k.conname FROM pg_catalog.pg_constraint k WHERE "
            + OF_TABLES
            + "ORDER BY k.contype, k.oid",
        row -> row.getString(1),
        Sql.array(List.of(table)));
  }

  private static SourceConstraint read(ResultSet row) throws SQLException {
    String check = row.getString(2);
    return new SourceConstraint(
        row.getString(1),
        check,
        row.getBoolean(3),
        row.getBoolean(4),
        list(row, 12),
        row.getBoolean(5),
        row.getString(15),
        row.getString(8) == null ? null : reference(row));
  }

  private static Reference reference(ResultSet row) throws SQLException {
    return new Reference(
        row.getLong(7),
        new TableName(row.getString(8), row.getString(9)),
        list(row, 13),
        list(row, 14),
        row.getString(10),
        row.getString(11),
        row.getBoolean(6));
  }

  private static List<String> list(ResultSet row, int column) throws SQLException {
    return List.of((String[]) row.getArray(column).getArray());
  }
}
