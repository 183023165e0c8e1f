package io.bunnydb.internal.engine;

import io.bunnydb.TableName;
import io.bunnydb.internal.apply.WriterSettings;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import io.bunnydb.internal.schema.Compatibility;
import io.bunnydb.internal.schema.FirstCopy;
import io.bunnydb.internal.schema.IndexBuilder;
import io.bunnydb.internal.schema.TableCreator;
import io.bunnydb.internal.source.MirroredTable;
import io.bunnydb.pgoutput.ReplicaIdentity;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Checks whether the destination has, or can have, the table of a mapping. */
final class DestinationTablePreflight {
  private final MirrorConfig config;
  private final Connection destination;

  DestinationTablePreflight(MirrorConfig config, Connection destination) {
    this.config = config;
    this.destination = destination;
  }

  /**
   * Checks the table, or whether it can be made.
   *
   * @param areCopied whether the copy brings its rows
   * @param mustBeEmpty whether rows that are there must not be lost
   * @param problems takes what stands against it
   */
  void check(MirroredTable mirrored, boolean areCopied, boolean mustBeEmpty, List<String> problems)
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
    String maker = FirstCopy.maker(destination, target.get());
    boolean isUnfinished = maker != null;
    if (isUnfinished && !config.name().equals(maker)) {
      problems.add(
          "destination table "
              + name
              + " is being made by mirror '"
              + maker
              + "', whose first copy has not ended; map the table elsewhere, or, if that mirror is no"
              + " more, drop the table to have it made anew");
      return;
    }
    if (isUnfinished && !areCopied) {
      problems.add(
          "destination table "
              + name
              + " was made for a first copy that did not end, and has no keys; drop it to have it made"
              + " anew");
      return;
    }
    problems.addAll(Compatibility.problems(mirrored, target.get()));
    checkTriggers(target.get(), problems);
    if (!TablePreflight.mayUseSchema(destination, name)) {
      problems.add(
          "destination table " + name + TablePreflight.unusable(name, config.destination()));
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
        && !isUnfinished
        && target.get().kind().matches("[rp]")
        && Sql.queryBoolean(
            destination, "SELECT EXISTS (SELECT FROM " + target.get().toSql() + ")")) {
      problems.add(
          "destination table "
              + name
              + " holds rows already; empty it, or start with"
              + " initialSnapshot(false) if they are the source's");
    }
    checkPolicies(mirrored, problems);
    if (!isUnfinished) {
      checkKey(mirrored, target.get(), problems);
    }
  }

  private void checkPolicies(MirroredTable mirrored, List<String> problems) {
    if (!config.store().joinsDestination() && config.stopsAtMissingRow(mirrored.mapping())) {
      problems.add(
          "table "
              + mirrored.table().name()
              + ": onMissingRow(STOP) needs a checkpoint store in the destination; with any other a"
              + " DELETE may come twice and miss its row the second time");
    }
  }

  private void checkKey(MirroredTable mirrored, Table target, List<String> problems)
      throws SQLException {
    boolean isRepeatable = !config.store().joinsDestination();
    List<String> key = mirrored.table().keyColumns();
    boolean isFull = mirrored.table().identity() == ReplicaIdentity.FULL;
    boolean hasKey = isFull ? !target.primaryKey().isEmpty() : hasUniqueKey(target, key);
    boolean isKeyForStore = isRepeatable && !key.isEmpty();
    if (!hasKey && (isKeyForStore || config.overwrites(mirrored.mapping()))) {
      problems.add(
          "destination table "
              + target.name()
              + " has no "
              + (isFull ? "primary key" : "unique index over " + String.join(", ", key))
              + ", which "
              + (isKeyForStore
                  ? "a checkpoint store outside the destination needs; add one"
                  : "onExistingRow(OVERWRITE) needs; add one, or choose STOP for the table"));
    }
  }

  /**
   * Without the right to silence them, the destination's triggers and rules would act a second
   * time. Those of deferrable constraints are no trouble: the checks wait for the commit.
   */
  private void checkTriggers(Table target, List<String> problems) throws SQLException {
    if (!WriterSettings.canSilenceTriggers(destination)
        && Sql.queryBoolean(
            destination,
            """
            WITH target AS (
              SELECT c.oid FROM pg_catalog.pg_class c WHERE c.oid = CAST(? AS oid)
              UNION SELECT relid FROM pg_catalog.pg_partition_tree(CAST(? AS oid)::regclass))
            SELECT EXISTS (SELECT FROM pg_catalog.pg_trigger JOIN target ON target.oid = tgrelid
                           WHERE tgenabled <> 'D'
                             AND tgfoid <> 'pg_catalog.unique_key_recheck'::regproc)
                OR EXISTS (SELECT FROM pg_catalog.pg_rewrite JOIN target ON target.oid = ev_class
                           WHERE ev_enabled <> 'D')
            """,
            target.oid(),
            target.oid())) {
      String user = config.destination().user();
      problems.add(
          "destination table "
              + target.name()
              + " has triggers, rules or foreign keys, which must rest while changes are mirrored; "
              + (destination.getMetaData().getDatabaseMajorVersion() >= 15
                  ? "GRANT SET ON PARAMETER session_replication_role TO " + user
                  : "PostgreSQL 14 lets superusers alone set session_replication_role, which "
                      + user
                      + " is not; use one")
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
              = (SELECT array_agg(n ORDER BY n::name) FROM unnest(CAST(? AS text[])) n))
        """,
        target.oid(),
        key.toArray(new String[0]));
  }

  private void tryCreate(MirroredTable mirrored, List<String> problems) throws SQLException {
    TableName target = mirrored.mapping().destination();
    List<String> names = new ArrayList<>(mirrored.columnNames());
    names.add(target.schema());
    names.add(target.name());
    String tooLong =
        Sql.queryText(
            destination,
            "SELECT n FROM unnest(CAST(? AS text[])) n WHERE n::name::text <> n",
            (Object) names.toArray(new String[0]));
    if (tooLong != null) {
      problems.add(
          "destination table "
              + target
              + " cannot be created: the name "
              + tooLong
              + " is longer than 63 bytes on the destination; map the table to another name, or exclude"
              + " the column");
      return;
    }
    destination.setAutoCommit(false);
    try {
      TableCreator.create(destination, mirrored);
      new IndexBuilder(config.name(), destination, target).buildAll(TableCreator.keys(mirrored));
      checkPolicies(mirrored, problems);
      checkKey(mirrored, Catalog.table(destination, target).orElseThrow(), problems);
    } catch (SQLException e) {
      problems.add(
          "destination table "
              + target
              + " cannot be created: "
              + e.getMessage()
              + "; create it or what it needs by hand, or grant the right");
    } finally {
      destination.rollback();
      destination.setAutoCommit(true);
    }
  }
}
