package io.bunnydb.internal.engine;

import io.bunnydb.ErrorKind;
import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.ErrorKinds;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import io.bunnydb.internal.schema.ConstraintNote;
import io.bunnydb.internal.schema.FirstCopy;
import io.bunnydb.internal.schema.IndexBuilder;
import io.bunnydb.internal.schema.SourceConstraint;
import io.bunnydb.internal.schema.SourceIndexes;
import io.bunnydb.internal.schema.TableCreator;
import io.bunnydb.internal.schema.TableIndex;
import io.bunnydb.internal.source.MirroredTable;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes a destination table as the set-up will, keys and indexes too, and takes it back: that tells
 * whether it can be made, and by which SQL.
 */
final class TableTrial {
  private final MirrorConfig config;
  private final Connection source;
  private final Connection destination;
  private final Findings findings;
  private final PlannedSql sql;

  /** Looks at the table while it is there. */
  @FunctionalInterface
  interface Check {
    /** Adds what it finds. */
    void run(Table made) throws SQLException;
  }

  TableTrial(
      MirrorConfig config,
      Connection source,
      Connection destination,
      Findings findings,
      PlannedSql sql) {
    this.config = config;
    this.source = source;
    this.destination = destination;
    this.findings = findings;
    this.sql = sql;
  }

  /**
   * Tries it.
   *
   * @param areCopied whether keys and indexes follow the rows
   */
  void run(MirroredTable mirrored, boolean areCopied, Check check) throws SQLException {
    TableName target = mirrored.mapping().destination();
    String tooLong = nameTooLong(mirrored);
    if (tooLong != null) {
      findings.error(
          mirrored.table().name(),
          "destination table "
              + target
              + " cannot be created: the name "
              + tooLong
              + " is longer than 63 bytes on the destination",
          "map the table to another name, or exclude the column");
      return;
    }
    SQLException refusal = null;
    destination.setAutoCommit(false);
    try {
      make(mirrored, areCopied);
      check.run(Catalog.table(destination, target).orElseThrow());
    } catch (SQLException e) {
      refusal = e;
    } finally {
      destination.rollback();
      destination.setAutoCommit(true);
    }
    if (refusal != null) {
      String grant =
          ErrorKinds.ofSqlState(refusal.getSQLState()) == ErrorKind.PRIVILEGE
              ? new Grants(config.destination()).createIn(target.schema(), destination)
              : null;
      findings.error(
          mirrored.table().name(),
          "destination table " + target + " cannot be created: " + refusal.getMessage(),
          "create it or what it needs by hand, or grant the right"
              + (grant == null ? "" : ": " + grant));
    }
  }

  private @Nullable String nameTooLong(MirroredTable mirrored) throws SQLException {
    List<String> names = new ArrayList<>(mirrored.columnNames());
    names.add(mirrored.mapping().destination().schema());
    names.add(mirrored.mapping().destination().name());
    return Sql.queryText(
        destination,
        "SELECT n FROM unnest(CAST(? AS text[])) n WHERE n::name::text <> n",
        (Object) names.toArray(new String[0]));
  }

  private void make(MirroredTable mirrored, boolean areCopied) throws SQLException {
    TableName target = mirrored.mapping().destination();
    List<String> before = new ArrayList<>(TableCreator.create(destination, mirrored));
    if (areCopied) {
      before.add(FirstCopy.mark(destination, target, config.name()));
    }
    List<String> builds = new ArrayList<>();
    // Of a table that is copied, all indexes are built before the first is made a key.
    List<String> attachments = areCopied ? new ArrayList<>() : builds;
    // A trial tells of what cannot be built by an exception.
    IndexBuilder builder = new IndexBuilder(destination, target, (index, reason) -> {});
    for (TableIndex index : indexes(mirrored)) {
      try {
        IndexBuilder.Trial trial = builder.tryOut(index);
        builds.add(trial.build());
        attachments.addAll(trial.attach());
      } catch (SQLException e) {
        if (index.isKey() || ErrorKinds.ofSqlState(e.getSQLState()).passesWithTime()) {
          throw e;
        }
        findings.warning(
            mirrored.table().name(),
            "destination table "
                + target
                + " does without index "
                + index.stem()
                + ": "
                + e.getMessage(),
            "mend that before the start, or make the index by hand later");
      }
    }
    sql.onDestination(before);
    List<String> note =
        ConstraintNote.write(
            destination,
            target,
            config.name(),
            SourceConstraint.names(source, mirrored.table().oid()));
    if (areCopied) {
      builds.addAll(attachments);
      builds.add(FirstCopy.unmarkSql(target));
      builds.addAll(note);
      sql.afterRows(builds);
    } else {
      builds.addAll(note);
      sql.onDestination(builds);
    }
  }

  private List<TableIndex> indexes(MirroredTable mirrored) throws SQLException {
    TableName name = mirrored.table().name();
    return SourceIndexes.of(
        source,
        mirrored,
        config.options().copy().indexes(),
        (index, reason) ->
            findings.note(
                name,
                "index " + index + " of " + name + " is not made on the destination: " + reason,
                ""));
  }
}
