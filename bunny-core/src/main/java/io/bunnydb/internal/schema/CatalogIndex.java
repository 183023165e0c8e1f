package io.bunnydb.internal.schema;

import io.bunnydb.internal.catalog.Sql;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An index as a catalog has it ("pg_index" in the PostgreSQL documentation).
 *
 * @param name its name
 * @param isKey whether it is the primary key's, or the replica identity's
 * @param isValid whether it is complete
 * @param isUnique whether no two rows may be alike in it
 * @param isExclusion whether it is that of an exclusion constraint, or of one without overlaps
 * @param isConstraint whether it is that of a unique or exclusion constraint
 * @param isWhole whether it has all rows and is over columns alone
 * @param timing when a constraint is checked, with a blank before it; empty for at once
 * @param definition what follows {@code USING}; null where it is just being changed
 * @param constraint the constraint's definition; null for none
 * @param storage the part of the definition that says how it is stored; empty for none
 * @param columns all columns that it uses
 * @param keyColumns those that rows are found by
 */
record CatalogIndex(
    String name,
    boolean isKey,
    boolean isValid,
    boolean isUnique,
    boolean isExclusion,
    boolean isConstraint,
    boolean isWhole,
    String timing,
    @Nullable String definition,
    @Nullable String constraint,
    String storage,
    Set<String> columns,
    Set<String> keyColumns) {

  // Of a definition only what follows USING holds under other names; with an empty search path all
  // of what stands there is written with its schema. The server writes storage options like that.
  private static final String INDEXES =
      """
      WITH index AS (
        SELECT i.*, c.relname, c.reloptions,
               k.oid AS constraint_oid, k.contype, k.condeferrable, k.condeferred,
               pg_catalog.pg_get_indexdef(c.oid) AS definition,
               pg_catalog.format('CREATE %sINDEX %I ON %s%I.%I USING ',
                 CASE WHEN i.indisunique THEN 'UNIQUE ' END, c.relname,
                 CASE WHEN c.relkind = 'I' THEN 'ONLY ' END, n.nspname, t.relname) AS prefix
        FROM pg_catalog.pg_index i
        JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
        JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
        LEFT JOIN pg_catalog.pg_constraint k
          ON k.conindid = i.indexrelid AND k.conrelid = i.indrelid AND k.contype IN ('u', 'x')
        WHERE i.indrelid = ANY (CAST(? AS oid[])))
      SELECT relname, indisprimary OR indisreplident, indisvalid, indisunique, indisexclusion, contype,
             indpred IS NULL AND indexprs IS NULL,
             CASE WHEN condeferred THEN ' DEFERRABLE INITIALLY DEFERRED'
                  WHEN condeferrable THEN ' DEFERRABLE' ELSE '' END,
             CASE WHEN pg_catalog.starts_with(definition, prefix)
                  THEN pg_catalog.substr(definition, pg_catalog.length(prefix) + 1) END,
             pg_catalog.pg_get_constraintdef(constraint_oid),
             coalesce(' WITH (' ||
               (SELECT pg_catalog.string_agg(
                         pg_catalog.quote_ident(o.name) || '=' ||
                         CASE WHEN pg_catalog.quote_ident(o.value) = o.value THEN o.value
                              ELSE pg_catalog.quote_literal(o.value) END,
                         ', ' ORDER BY u.place)
                FROM unnest(reloptions) WITH ORDINALITY u (option, place)
                CROSS JOIN LATERAL
                  (SELECT pg_catalog.split_part(u.option, '=', 1),
                          pg_catalog.substr(u.option, pg_catalog.strpos(u.option, '=') + 1)) o (name, value))
               || ')', ''),
             ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
                   WHERE a.attrelid = indrelid AND a.attnum > 0 AND
                     (a.attnum = ANY (indkey::int2[]) OR a.attnum IN
                       (SELECT d.refobjsubid FROM pg_catalog.pg_depend d
                        WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = indexrelid
                          AND d.refclassid = 'pg_catalog.pg_class'::regclass
                          AND d.refobjid = indrelid))),
             ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
                   WHERE a.attrelid = indrelid
                     AND a.attnum = ANY ((indkey::int2[])[0:indnkeyatts - 1])),
             indrelid::bigint
      FROM index ORDER BY indexrelid
      """;

  /**
   * Reads those of some tables.
   *
   * @param connection a session with an empty search path
   * @param tables the tables' OIDs
   * @return the indexes by their table's OID, the older first; none for a table without
   */
  static Map<Long, List<CatalogIndex>> of(Connection connection, Collection<Long> tables)
      throws SQLException {
    Map<Long, List<CatalogIndex>> indexes = new HashMap<>();
    Sql.query(
        connection,
        INDEXES,
        row -> indexes.computeIfAbsent(row.getLong(14), table -> new ArrayList<>()).add(read(row)),
        Sql.array(tables));
    return indexes;
  }

  private static CatalogIndex read(ResultSet row) throws SQLException {
    return new CatalogIndex(
        row.getString(1),
        row.getBoolean(2),
        row.getBoolean(3),
        row.getBoolean(4),
        row.getBoolean(5),
        row.getString(6) != null,
        row.getBoolean(7),
        row.getString(8),
        row.getString(9),
        row.getString(10),
        row.getString(11),
        Set.of((String[]) row.getArray(12).getArray()),
        Set.of((String[]) row.getArray(13).getArray()));
  }

  /** What makes it, in SQL: a constraint's whole definition, else what follows {@code USING}. */
  String sql() {
    return String.valueOf(isExclusion ? constraint : definition);
  }

  /** The {@link #sql} without how it is stored. */
  String meaning() {
    return sql().replace(storage, "");
  }

  /** Whether it tells all rows apart by some columns, and no others. */
  boolean isKeyOf(Set<String> wanted) {
    return isValid && isUnique && isWhole && keyColumns.equals(wanted);
  }
}
