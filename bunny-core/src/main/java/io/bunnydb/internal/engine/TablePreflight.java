package io.bunnydb.internal.engine;

import io.bunnydb.Peer;
import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.internal.apply.WriterSession;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.Column;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import io.bunnydb.internal.schema.Compatibility;
import io.bunnydb.internal.schema.TableCreator;
import io.bunnydb.internal.source.MirroredTable;
import io.bunnydb.internal.source.Publication;
import io.bunnydb.pgoutput.ReplicaIdentity;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Checks whether tables can be mirrored: on the source, in its publication, on the destination. */
final class TablePreflight {
  private static final int FIRST_WITH_LISTS = 15;

  private final MirrorConfig config;
  private final Connection source;
  private final Connection destination;

  TablePreflight(MirrorConfig config, Connection source, Connection destination) {
    this.config = config;
    this.source = source;
    this.destination = destination;
  }

  /**
   * Checks tables that are to be added to a mirror.
   *
   * @param areCopied whether the copy brings their rows, so that the destination must be empty
   * @param owned destination tables whose rows are the mirror's own and may go
   * @param problems takes what stands against them
   */
  void check(
      List<TableMapping> mappings, boolean areCopied, Set<TableName> owned, List<String> problems)
      throws SQLException {
    List<MirroredTable> found = new ArrayList<>();
    for (TableMapping mapping : mappings) {
      Optional<Table> table = Catalog.table(source, mapping.source());
      if (table.isEmpty()) {
        problems.add("the source has no table " + mapping.source() + "; check schema and spelling");
        continue;
      }
      MirroredTable mirrored = new MirroredTable(mapping, table.get());
      found.add(mirrored);
      int before = problems.size();
      checkSource(mirrored, problems);
      if (problems.size() == before) {
        boolean mustBeEmpty = areCopied && !owned.contains(mapping.destination());
        checkDestination(mirrored, mustBeEmpty, problems);
      }
    }
    if (!config.ownsPublication()) {
      new GivenPublication(config.publication(), source).check(found, problems);
    } else if (problems.isEmpty() && !found.isEmpty()) {
      tryPublication(found, problems);
    }
  }

  private void tryPublication(List<MirroredTable> tables, List<String> problems)
      throws SQLException {
    Sql.execute(source, "SET lock_timeout = '10s'");
    try {
      problems.addAll(Publication.tryOut(source, config.publication(), tables));
    } catch (SQLException e) {
      problems.add(
          "the source does not accept the publication: "
              + e.getMessage()
              + "; grant what is missing (CREATE on the database, ownership of the tables), or mend the"
              + " row filter");
    } finally {
      Sql.execute(source, "SET lock_timeout = 0");
    }
  }

  private void checkSource(MirroredTable mirrored, List<String> problems) throws SQLException {
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
    checkIdentity(table, name, problems);
    if (!mayUseSchema(source, table.name())) {
      problems.add(name + unusable(table.name(), config.source()));
    } else if (!Sql.queryBoolean(
        source, "SELECT pg_catalog.has_table_privilege(CAST(? AS oid), 'SELECT')", table.oid())) {
      problems.add(name + " may not be read; GRANT SELECT on it to " + config.source().user());
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

  private static boolean mayUseSchema(Connection connection, TableName table) throws SQLException {
    return Sql.queryBoolean(
        connection,
        "SELECT pg_catalog.has_schema_privilege(CAST(? AS text), 'USAGE')",
        table.schema());
  }

  private static String unusable(TableName table, Peer peer) {
    return " is in a schema that may not be used; GRANT USAGE ON SCHEMA "
        + Sql.identifier(table.schema())
        + " TO "
        + peer.user();
  }

  private void checkIdentity(Table table, String name, List<String> problems) throws SQLException {
    List<String> partitions =
        table.isPartitioned() ? Catalog.partitionsWithoutIdentity(source, table) : List.of();
    if (!table.hasUsableIdentity() || !partitions.isEmpty()) {
      problems.add(
          name
              + (partitions.isEmpty() ? "" : " (partitions " + String.join(", ", partitions) + ")")
              + " has no replica identity, so that UPDATE and DELETE would fail on the source once it is"
              + " published; add a primary key, or ALTER TABLE ... REPLICA IDENTITY FULL");
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

  private void checkDestination(MirroredTable mirrored, boolean mustBeEmpty, List<String> problems)
      throws SQLException {
    TableName name = mirrored.mapping().destination();
    Optional<Table> target = Catalog.table(destination, name);
    if (target.isEmpty()) {
      if (config.options().createTables()) {
        tryCreate(mirrored, problems);
      } else {
        problems.add(
            "the destination has no table " + name + "; create it, or allow createTables(true)");
      }
      return;
    }
    problems.addAll(Compatibility.problems(mirrored, target.get()));
    checkTriggers(target.get(), problems);
    if (!mayUseSchema(destination, name)) {
      problems.add("destination table " + name + unusable(name, config.destination()));
      return;
    }
    if (!Sql.queryBoolean(
        destination,
        "SELECT bool_and(pg_catalog.has_table_privilege(CAST(? AS oid), p))"
            + " FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) p",
        target.get().oid())) {
      problems.add(
          "destination table "
              + name
              + " may not be written; GRANT SELECT, INSERT, UPDATE, DELETE,"
              + " TRUNCATE on it to "
              + config.destination().user());
    } else if (mustBeEmpty
        && target.get().kind().matches("[rp]")
        && Sql.queryBoolean(
            destination, "SELECT EXISTS (SELECT FROM " + target.get().toSql() + ")")) {
      problems.add(
          "destination table "
              + name
              + " holds rows already; empty it, or start with"
              + " initialSnapshot(false) if they are the source's");
    }
    boolean needsKey =
        !config.store().joinsDestination() && !mirrored.table().keyColumns().isEmpty();
    if (needsKey && !hasUniqueKey(target.get(), mirrored.table().keyColumns())) {
      problems.add(
          "destination table "
              + name
              + " has no unique index over "
              + String.join(", ", mirrored.table().keyColumns())
              + ", which a checkpoint store outside the destination needs; add one");
    }
  }

  /** Without the right to silence them, the destination's triggers would act a second time. */
  private void checkTriggers(Table target, List<String> problems) throws SQLException {
    if (!WriterSession.canSilenceTriggers(destination)
        && Sql.queryBoolean(
            destination,
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_trigger"
                + " WHERE tgrelid = CAST(? AS oid) AND tgenabled <> 'D')",
            target.oid())) {
      problems.add(
          "destination table "
              + target.name()
              + " has triggers or foreign keys, which must rest while changes are mirrored; GRANT SET ON"
              + " PARAMETER session_replication_role TO "
              + config.destination().user()
              + ", or disable them");
    }
  }

  private boolean hasUniqueKey(Table target, List<String> key) throws SQLException {
    return Sql.queryBoolean(
        destination,
        """
        SELECT EXISTS (
          SELECT FROM pg_catalog.pg_index i
          WHERE i.indrelid = CAST(? AS oid) AND i.indisunique AND i.indisvalid AND i.indimmediate
            AND i.indpred IS NULL AND i.indexprs IS NULL
            AND (SELECT array_agg(a.attname::text ORDER BY a.attname)
                 FROM unnest((i.indkey::int2[])[0:i.indnkeyatts - 1]) k
                 JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k)
              = (SELECT array_agg(n ORDER BY n::name) FROM unnest(?) n))
        """,
        target.oid(),
        key.toArray(new String[0]));
  }

  private void tryCreate(MirroredTable mirrored, List<String> problems) throws SQLException {
    destination.setAutoCommit(false);
    try {
      TableCreator.create(destination, mirrored);
    } catch (SQLException e) {
      problems.add(
          "destination table "
              + mirrored.mapping().destination()
              + " cannot be created: "
              + e.getMessage()
              + "; create it or what it needs by hand, or grant the right");
    } finally {
      destination.rollback();
      destination.setAutoCommit(true);
    }
  }
}
