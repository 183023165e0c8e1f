package io.bunnydb.internal.engine;

import io.bunnydb.Peer;
import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.Column;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import io.bunnydb.internal.source.MirroredTable;
import io.bunnydb.internal.source.Partition;
import io.bunnydb.pgoutput.ReplicaIdentity;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Checks whether tables can be read and published without harm to the source's application. */
final class SourceTablePreflight {
  private static final int FIRST_WITH_LISTS = 15;
  private static final int FIRST_TO_REFUSE_GENERATED = 18;

  private final Peer peer;
  private final Connection source;

  SourceTablePreflight(Peer peer, Connection source) {
    this.peer = peer;
    this.source = source;
  }

  /** Adds what stands against a table, a sentence with its cure each. */
  void check(MirroredTable mirrored, List<String> problems) throws SQLException {
    Table table = mirrored.table();
    TableMapping mapping = mirrored.mapping();
    String name = "table " + table.name();
    if (!table.kind().equals("r") && !table.isPartitioned()) {
      problems.add(name + " is not an ordinary or partitioned table; only those are replicated");
      return;
    }
    if (!table.isPermanent()) {
      problems.add(name + " is unlogged or temporary; ALTER TABLE ... SET LOGGED");
      return;
    }
    checkPartitions(table, name, problems);
    checkIdentity(mirrored, name, problems);
    if (!TablePreflight.mayUseSchema(source, table.name())) {
      problems.add(name + TablePreflight.unusable(table.name(), peer));
    } else if (!Sql.queryBoolean(
        source, "SELECT pg_catalog.has_table_privilege(CAST(? AS oid), 'SELECT')", table.oid())) {
      problems.add(name + " may not be read; GRANT SELECT on it to " + peer.user());
    }
    Set<String> unknown = new TreeSet<>(mapping.excludedColumns());
    table.columns().stream().map(Column::name).forEach(unknown::remove);
    if (!unknown.isEmpty()) {
      problems.add(name + " has no column " + String.join(", ", unknown) + " to exclude");
    }
    String key = mapping.partitionKey();
    if (key != null && table.column(key) == null) {
      problems.add(name + " has no column " + key + " to divide it by");
    }
    boolean hasLists = source.getMetaData().getDatabaseMajorVersion() >= FIRST_WITH_LISTS;
    if (!hasLists && !mapping.excludedColumns().isEmpty()) {
      problems.add(
          name + ": PostgreSQL 14 cannot keep excluded columns on the source; use 15 or later");
    }
    if (!hasLists && mapping.filter() != null) {
      problems.add(name + ": PostgreSQL 14 has no row filters; use 15 or later");
    }
    checkExcluded(mirrored, name, problems);
  }

  private void checkPartitions(Table table, String name, List<String> problems)
      throws SQLException {
    List<TableName> outOfLog =
        Partition.below(source, "", "", List.of(table.name())).stream()
            .filter(partition -> !partition.isInLog())
            .map(Partition::name)
            .toList();
    if (!outOfLog.isEmpty()) {
      problems.add(
          name
              + " has partitions whose changes are not in the log: "
              + outOfLog.stream().map(TableName::toString).collect(Collectors.joining(", "))
              + "; ALTER TABLE ... SET LOGGED, or detach what is a foreign table");
    }
  }

  private void checkIdentity(MirroredTable mirrored, String name, List<String> problems)
      throws SQLException {
    Table table = mirrored.table();
    List<String> partitions =
        table.isPartitioned() ? Catalog.partitionsWithoutIdentity(source, table) : List.of();
    if (!table.hasUsableIdentity() || !partitions.isEmpty()) {
      problems.add(
          name
              + (partitions.isEmpty() ? "" : " (partitions " + String.join(", ", partitions) + ")")
              + " has no replica identity, so that UPDATE and DELETE would fail on the source once it is"
              + " published; add a primary key, or ALTER TABLE ... REPLICA IDENTITY FULL");
      return;
    }
    checkGenerated(table, name, problems);
    List<String> others =
        table.isPartitioned() ? Catalog.partitionsWithOtherIdentity(source, table) : List.of();
    if (!others.isEmpty()) {
      problems.add(
          name
              + ": its partitions "
              + String.join(", ", others)
              + " have another replica identity than the table itself, so that their changes would not"
              + " tell which row they are for; ALTER TABLE ... REPLICA IDENTITY to the same for all");
    }
  }

  /** Values of generated columns are not sent, so they tell no row. */
  private void checkGenerated(Table table, String name, List<String> problems) throws SQLException {
    boolean isFull = table.identity() == ReplicaIdentity.FULL;
    boolean isFullRefused =
        isFull && source.getMetaData().getDatabaseMajorVersion() >= FIRST_TO_REFUSE_GENERATED;
    Set<String> generated = new TreeSet<>();
    for (Column column : table.columns()) {
      boolean isInIdentity = isFull ? isFullRefused : table.keyColumns().contains(column.name());
      if (column.isGenerated() && isInIdentity) {
        generated.add(column.name());
      }
    }
    if (!generated.isEmpty()) {
      problems.add(
          name
              + ": the generated column "
              + String.join(", ", generated)
              + " belongs to the replica identity, but its values are not sent; choose a key without"
              + " it, by REPLICA IDENTITY USING INDEX if need be");
    }
  }

  private static void checkExcluded(MirroredTable mirrored, String name, List<String> problems) {
    Set<String> excluded = mirrored.mapping().excludedColumns();
    if (excluded.isEmpty()) {
      return;
    }
    Table table = mirrored.table();
    if (table.identity() == ReplicaIdentity.FULL) {
      problems.add(
          name
              + " has REPLICA IDENTITY FULL, which needs every column; set another identity, or"
              + " exclude none");
      return;
    }
    Set<String> keys = new TreeSet<>(table.keyColumns());
    keys.retainAll(excluded);
    if (!keys.isEmpty()) {
      problems.add(
          name
              + ": column "
              + String.join(", ", keys)
              + " belongs to the replica identity and cannot be excluded");
    }
    if (mirrored.columns().isEmpty()) {
      problems.add(name + ": every column is excluded");
    }
  }
}
