package io.bunnydb.internal.schema;

import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.schema.TableIndex.Role;
import io.bunnydb.internal.source.MirroredTable;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The indexes of a source table as the destination is to have them. */
public final class SourceIndexes {
  private static final String OF_PARTITIONS =
      """
      SELECT pg_catalog.string_agg(i.indexrelid::regclass::text, ', ')
      FROM pg_catalog.pg_partition_tree(CAST(? AS oid)::regclass) p
      JOIN pg_catalog.pg_index i ON i.indrelid = p.relid
      WHERE p.level > 0 AND NOT EXISTS
        (SELECT FROM pg_catalog.pg_inherits h WHERE h.inhrelid = i.indexrelid)
      """;

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
    for (CatalogIndex index : CatalogIndex.of(source, List.of(oid)).getOrDefault(oid, List.of())) {
      if (index.isKey()) {
        continue;
      }
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

  /** Why a destination is not to have an index that is no key; null for nothing. */
  static @Nullable String obstacle(CatalogIndex index, MirroredTable table, IndexScope scope) {
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

  /** The index as the destination is to have it. */
  static TableIndex copyOf(CatalogIndex index) {
    Role role =
        index.isExclusion()
            ? Role.EXCLUSION_CONSTRAINT
            : index.isConstraint() ? Role.UNIQUE_CONSTRAINT : Role.PLAIN;
    return new TableIndex(role, index.name(), "", index.isUnique(), index.sql(), index.timing());
  }
}
