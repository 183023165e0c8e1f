package io.bunnydb.internal.engine;

import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import io.bunnydb.internal.schema.Compatibility;
import io.bunnydb.internal.schema.FirstCopy;
import io.bunnydb.internal.source.MirroredTable;
import io.bunnydb.pgoutput.ReplicaIdentity;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/** Checks whether the destination has, or can have, the table of a mapping. */
final class DestinationTablePreflight {
  private final MirrorConfig config;
  private final Connection destination;
  private final Findings findings;
  private final TableTrial trial;
  private final DestinationTableRights rights;
  private final ColumnNotes columns;
  private final OtherMirrors others;

  DestinationTablePreflight(
      MirrorConfig config,
      Connection source,
      Connection destination,
      Findings findings,
      PlannedSql sql) {
    this.config = config;
    this.destination = destination;
    this.findings = findings;
    this.trial = new TableTrial(config, source, destination, findings, sql);
    this.rights = new DestinationTableRights(config.destination(), destination, findings);
    this.columns = new ColumnNotes(source, destination, findings);
    this.others = new OtherMirrors(config, destination);
  }

  /**
   * Checks the table, or whether it can be made.
   *
   * @param areCopied whether the copy brings its rows
   * @param mustBeEmpty whether rows that are there must not be lost
   */
  void check(MirroredTable mirrored, boolean areCopied, boolean mustBeEmpty) throws SQLException {
    TableName name = mirrored.mapping().destination();
    Optional<Table> target = Catalog.table(destination, name);
    if (config.options().isBinary()) {
      columns.tellOfText(mirrored, target.orElse(null));
    }
    if (target.isPresent()) {
      checkExisting(mirrored, target.get(), areCopied, mustBeEmpty);
    } else if (config.options().createTables()) {
      columns.tellOfGeneration(mirrored);
      trial.run(
          mirrored,
          areCopied,
          made -> {
            checkPolicies(mirrored);
            checkKey(mirrored, made);
          });
    } else {
      findings.error(
          mirrored.table().name(),
          "the destination has no table " + name,
          "create it, or allow createTables(true)");
    }
  }

  private void checkExisting(
      MirroredTable mirrored, Table target, boolean areCopied, boolean mustBeEmpty)
      throws SQLException {
    TableName source = mirrored.table().name();
    String where = "destination table " + target.name();
    String maker = FirstCopy.maker(destination, target);
    boolean isUnfinished = maker != null;
    if (isUnfinished && !config.name().equals(maker)) {
      findings.error(
          source,
          where + " is being made by mirror '" + maker + "', whose first copy has not ended",
          "map the table elsewhere, or, if that mirror is no more, drop the table to have it made"
              + " anew");
      return;
    }
    if (isUnfinished && !areCopied) {
      findings.error(
          source,
          where + " was made for a first copy that did not end, and has no keys",
          "drop it to have it made anew");
      return;
    }
    checkWriters(source, target, areCopied);
    findings.addAll(Compatibility.findings(mirrored, target));
    boolean isReadable = rights.check(source, target);
    if (isReadable
        && mustBeEmpty
        && !isUnfinished
        && target.kind().matches("[rp]")
        && Sql.queryBoolean(destination, "SELECT EXISTS (SELECT FROM " + target.toSql() + ")")) {
      findings.error(
          source,
          where + " holds rows already",
          "empty it, or start with initialSnapshot(false) if they are the source's");
    }
    if (!target.isPermanent()) {
      findings.warning(
          source,
          where
              + " is unlogged: a crash of the destination empties it, and its rows do not come again",
          "ALTER TABLE " + target.name().toSql() + " SET LOGGED");
    }
    checkPolicies(mirrored);
    if (!isUnfinished) {
      checkKey(mirrored, target);
    }
  }

  /** Two mirrors may fill one table, but neither may empty it. */
  private void checkWriters(TableName source, Table target, boolean areCopied) throws SQLException {
    OtherMirrors.Writer other = others.of(target.name());
    if (other != null && (areCopied || other.isCopying())) {
      findings.error(
          source,
          "destination table "
              + target.name()
              + " is written by mirror '"
              + other.mirror()
              + "' too, and a copy would delete the other mirror's rows",
          "map one of the two elsewhere, or remove it with updateTables; tables whose rows are there"
              + " already can be shared, by initialSnapshot(false)");
    }
  }

  private void checkPolicies(MirroredTable mirrored) {
    if (!config.store().joinsDestination() && config.stopsAtMissingRow(mirrored.mapping())) {
      findings.error(
          mirrored.table().name(),
          "table "
              + mirrored.table().name()
              + ": onMissingRow(STOP) needs a checkpoint store in the destination; with any other a"
              + " DELETE may come twice and miss its row the second time",
          "choose CONTINUE for the table, or such a store");
    }
  }

  private void checkKey(MirroredTable mirrored, Table target) throws SQLException {
    boolean isRepeatable = !config.store().joinsDestination();
    List<String> key = mirrored.table().keyColumns();
    boolean isFull = mirrored.table().identity() == ReplicaIdentity.FULL;
    boolean hasKey = isFull ? !target.primaryKey().isEmpty() : hasUniqueKey(target, key);
    boolean isKeyForStore = isRepeatable && !key.isEmpty();
    String where = "destination table " + target.name();
    if (!hasKey && (isKeyForStore || config.overwrites(mirrored.mapping()))) {
      findings.error(
          mirrored.table().name(),
          where
              + " has no "
              + (isFull ? "primary key" : "unique index over " + String.join(", ", key))
              + ", which "
              + (isKeyForStore
                  ? "a checkpoint store outside the destination needs"
                  : "onExistingRow(OVERWRITE) needs"),
          isKeyForStore ? "add one" : "add one, or choose STOP for the table");
    } else if (!hasKey) {
      findings.warning(
          mirrored.table().name(),
          where
              + " has no key by which rows are found, so that each UPDATE and DELETE reads all of it",
          "add a primary key"
              + (isFull ? " there" : ", or a unique index over " + String.join(", ", key)));
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
}
