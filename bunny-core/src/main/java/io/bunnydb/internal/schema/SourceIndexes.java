package io.bunnydb.internal.schema;

import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.schema.TableIndex.Role;
import io.bunnydb.internal.source.MirroredTable;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The indexes of a source table as the destination is to have them. */
public final class SourceIndexes {
  // Of a definition only what follows USING holds under other names; with an empty search path all
  // of what stands there is written with its schema.
  private static final String INDEXES =
      """
      WITH index AS (
        SELECT i.*, c.relname, k.oid AS constraint_oid, k.contype, k.condeferrable, k.condeferred,
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
        WHERE i.indrelid = CAST(? AS oid) AND NOT i.indisprimary AND NOT i.indisreplident)
      SELECT relname, indisvalid, indisunique, indisexclusion, contype,
             CASE WHEN condeferred THEN ' DEFERRABLE INITIALLY DEFERRED'
                  WHEN condeferrable THEN ' DEFERRABLE' ELSE '' END,
             CASE WHEN pg_catalog.starts_with(definition, prefix)
                  THEN pg_catalog.substr(definition, pg_catalog.length(prefix) + 1) END,
             pg_catalog.pg_get_constraintdef(constraint_oid),
             ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
                   WHERE a.attrelid = indrelid AND a.attnum > 0 AND
                     (a.attnum = ANY (indkey::int2[]) OR a.attnum IN
                       (SELECT d.refobjsubid FROM pg_catalog.pg_depend d
                        WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = indexrelid
                          AND d.refclassid = 'pg_catalog.pg_class'::regclass
                          AND d.refobjid = indrelid))),
             ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
                   WHERE a.attrelid = indrelid
                     AND a.attnum = ANY ((indkey::int2[])[0:indnkeyatts - 1]))
      FROM index ORDER BY indexrelid
      """;

  private static final String OF_PARTITIONS =
      """
      SELECT pg_catalog.string_agg(i.indexrelid::regclass::text, ', ')
      FROM pg_catalog.pg_partition_tree(CAST(? AS oid)::regclass) p
      JOIN pg_catalog.pg_index i ON i.indrelid = p.relid
      WHERE p.level > 0 AND NOT EXISTS
        (SELECT FROM pg_catalog.pg_inherits h WHERE h.inhrelid = i.indexrelid)
      """;

  private record SourceIndex(
      String name,
      boolean isValid,
      boolean isUnique,
      boolean isExclusion,
      boolean isConstraint,
      String timing,
      @Nullable String definition,
      @Nullable String constraint,
      Set<String> columns,
      Set<String> keyColumns) {}

  private SourceIndexes() {}

  /** Hears of indexes that the destination does without. */
  @FunctionalInterface
  public interface Omissions {
    /** Takes an index's name and why it is left out. */
    void leaveOut(String index, String reason);
  }

  /**
   * Reads them, the keys first.
   *
   * @param source a session with an empty search path
   * @param omissions hears of those that it cannot have, or had better not have
   */
  public static List<TableIndex> of(
      Connection source, MirroredTable table, IndexScope scope, Omissions omissions)
      throws SQLException {
    long oid = table.table().oid();
    List<TableIndex> indexes = new ArrayList<>(TableCreator.keys(table));
    if (scope == IndexScope.KEYS) {
      return indexes;
    }
    for (SourceIndex index : Sql.query(source, INDEXES, SourceIndexes::read, oid)) {
      String obstacle = obstacle(index, table, scope);
      if (obstacle == null) {
        indexes.add(copyOf(index));
      } else {
        omissions.leaveOut(index.name(), obstacle);
      }
    }
    String ofPartitions =
        table.table().isPartitioned() ? Sql.queryText(source, OF_PARTITIONS, oid) : null;
    if (ofPartitions != null) {
      omissions.leaveOut(ofPartitions, "the table is one there, and partitions have it");
    }
    return indexes;
  }

  private static SourceIndex read(ResultSet row) throws SQLException {
    return new SourceIndex(
        row.getString(1),
        row.getBoolean(2),
        row.getBoolean(3),
        row.getBoolean(4),
        row.getString(5) != null,
        row.getString(6),
        row.getString(7),
        row.getString(8),
        Set.of((String[]) row.getArray(9).getArray()),
        Set.of((String[]) row.getArray(10).getArray()));
  }

  private static @Nullable String obstacle(
      SourceIndex index, MirroredTable table, IndexScope scope) {
    if (!index.isValid()) {
      return "it is not valid on the source";
    }
    if (index.definition() == null) {
      return "it is being changed on the source";
    }
    Set<String> missing = new HashSet<>(index.columns());
    missing.removeAll(TableCreator.createdColumnNames(table));
    if (!missing.isEmpty()) {
      return "it uses what is excluded: " + String.join(", ", missing);
    }
    if (scope == IndexScope.KEYS_AND_HARMLESS && (index.isUnique() || index.isExclusion())) {
      return "changes may come twice, as the checkpoint is kept elsewhere, and one that comes again"
          + " could meet a later row in it";
    }
    if (table.table().isPartitioned() && (index.isUnique() || index.isExclusion())) {
      return "rows of partitions that are dropped or emptied alone stay on the destination, and their"
          + " values could come again";
    }
    if (!index.timing().isEmpty()
        && index.keyColumns().equals(Set.copyOf(table.table().keyColumns()))) {
      return "it is deferrable and has the columns of the key, which could not be written over then";
    }
    return null;
  }

  private static TableIndex copyOf(SourceIndex index) {
    String definition = index.isExclusion() ? index.constraint() : index.definition();
    Role role =
        index.isExclusion()
            ? Role.EXCLUSION_CONSTRAINT
            : index.isConstraint() ? Role.UNIQUE_CONSTRAINT : Role.PLAIN;
    return new TableIndex(
        role, index.name(), "", index.isUnique(), String.valueOf(definition), index.timing());
  }
}
