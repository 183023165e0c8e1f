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

  private final Grants grants;
  private final Connection source;
  private final Findings findings;

  SourceTablePreflight(Peer peer, Connection source, Findings findings) {
    this.grants = new Grants(peer);
    this.source = source;
    this.findings = findings;
  }

  /**
   * Adds what stands against a table.
   *
   * @param areCopied whether its rows are to be read
   */
  void check(MirroredTable mirrored, boolean areCopied) throws SQLException {
    Table table = mirrored.table();
    String name = "table " + table.name();
    if (!table.kind().equals("r") && !table.isPartitioned()) {
      error(table, name + " is not an ordinary or partitioned table", "only those are replicated");
      return;
    }
    if (!table.isPermanent()) {
      error(
          table,
          name + " is unlogged or temporary",
          "ALTER TABLE " + table.name().toSql() + " SET LOGGED");
      return;
    }
    checkPartitions(table, name);
    checkIdentity(table, name);
    checkRights(table, name, areCopied);
    checkMapping(mirrored, name);
    checkExcluded(mirrored, name);
  }

  private void error(Table table, String what, String cure) {
    findings.error(table.name(), what, cure);
  }

  private void checkRights(Table table, String name, boolean areCopied) throws SQLException {
    if (!Grants.mayUseSchema(source, table.name().schema())) {
      error(
          table,
          name + " is in a schema that may not be used",
          grants.useSchema(table.name().schema()));
    }
    if (!Sql.queryBoolean(
        source, "SELECT pg_catalog.has_table_privilege(CAST(? AS oid), 'SELECT')", table.oid())) {
      error(table, name + " may not be read", grants.onTable("SELECT", table.name()));
    }
    if (areCopied
        && Sql.queryBoolean(
            source, "SELECT pg_catalog.row_security_active(CAST(? AS oid))", table.oid())) {
      error(
          table,
          name + " has row-level security, by which a copy would lack rows",
          grants.bypassPolicies());
    }
  }

  private void checkMapping(MirroredTable mirrored, String name) throws SQLException {
    Table table = mirrored.table();
    TableMapping mapping = mirrored.mapping();
    Set<String> unknown = new TreeSet<>(mapping.excludedColumns());
    table.columns().stream().map(Column::name).forEach(unknown::remove);
    if (!unknown.isEmpty()) {
      error(
          table,
          name + " has no column " + String.join(", ", unknown) + " to exclude",
          "check spelling and case");
    }
    String key = mapping.partitionKey();
    if (key != null && table.column(key) == null) {
      error(table, name + " has no column " + key + " to divide it by", "check spelling and case");
    }
    boolean hasLists = source.getMetaData().getDatabaseMajorVersion() >= FIRST_WITH_LISTS;
    if (!hasLists && !mapping.excludedColumns().isEmpty()) {
      error(
          table,
          name + ": PostgreSQL 14 cannot keep excluded columns on the source",
          "use 15 or later");
    }
    if (!hasLists && mapping.filter() != null) {
      error(table, name + ": PostgreSQL 14 has no row filters", "use 15 or later");
    }
  }

  private void checkPartitions(Table table, String name) throws SQLException {
    List<TableName> outOfLog =
        Partition.below(source, "", "", List.of(table.name())).stream()
            .filter(partition -> !partition.isInLog())
            .map(Partition::name)
            .toList();
    if (!outOfLog.isEmpty()) {
      error(
          table,
          name
              + " has partitions whose changes are not in the log: "
              + outOfLog.stream().map(TableName::toString).collect(Collectors.joining(", ")),
          "ALTER TABLE ... SET LOGGED, or detach what is a foreign table");
    }
  }

  private void checkIdentity(Table table, String name) throws SQLException {
    List<String> partitions =
        table.isPartitioned() ? Catalog.partitionsWithoutIdentity(source, table) : List.of();
    if (!table.hasUsableIdentity() || !partitions.isEmpty()) {
      error(
          table,
          name
              + (partitions.isEmpty() ? "" : " (partitions " + String.join(", ", partitions) + ")")
              + " has no replica identity, so that UPDATE and DELETE would fail on the source once it is"
              + " published",
          "add a primary key, or ALTER TABLE ... REPLICA IDENTITY FULL");
      return;
    }
    checkGenerated(table, name);
    List<String> others =
        table.isPartitioned() ? Catalog.partitionsWithOtherIdentity(source, table) : List.of();
    if (!others.isEmpty()) {
      error(
          table,
          name
              + ": its partitions "
              + String.join(", ", others)
              + " have another replica identity than the table itself, so that their changes would not"
              + " tell which row they are for",
          "ALTER TABLE ... REPLICA IDENTITY to the same for all");
    }
  }

  /** Values of generated columns are not sent, so they tell no row. */
  private void checkGenerated(Table table, String name) throws SQLException {
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
      error(
          table,
          name
              + ": the generated column "
              + String.join(", ", generated)
              + " belongs to the replica identity, but its values are not sent",
          "choose a key without it, by REPLICA IDENTITY USING INDEX if need be");
    }
  }

  private void checkExcluded(MirroredTable mirrored, String name) {
    Set<String> excluded = mirrored.mapping().excludedColumns();
    if (excluded.isEmpty()) {
      return;
    }
    Table table = mirrored.table();
    if (table.identity() == ReplicaIdentity.FULL) {
      error(
          table,
          name + " has REPLICA IDENTITY FULL, which needs every column",
          "set another identity, or exclude none");
      return;
    }
    Set<String> keys = new TreeSet<>(table.keyColumns());
    keys.retainAll(excluded);
    if (!keys.isEmpty()) {
      error(
          table,
          name
              + ": column "
              + String.join(", ", keys)
              + " belongs to the replica identity and cannot be excluded",
          "leave it in, or choose another key");
    }
    if (mirrored.columns().isEmpty()) {
      error(table, name + ": every column is excluded", "leave one in");
    }
  }
}
