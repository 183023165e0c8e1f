package io.bunnydb.internal.engine;

import io.bunnydb.Lsn;
import io.bunnydb.SchemaChange;
import io.bunnydb.SchemaChange.Outcome;
import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.schema.SchemaDiff;
import io.bunnydb.internal.source.MirroredTable;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * What would bring a mirror's destination tables in line with the source's. A table that is being
 * copied is left out: its copy holds the destination's table, and begins with its columns as they
 * are. So is one that is set aside, whose rows on the way are not seen to arrive.
 *
 * @param changes table by table, in the order in which they are to be made
 * @param seen the end of the source's log after the source's tables had been read. Whatever shaped
 *     them had committed before, and so had every row of an older shape: those are on the
 *     destination once everything before this position is
 * @param unpublished the source tables whose publication leaves out a mirrored column: the next
 *     session would stop at them
 * @param tables the tables as they are on the source, those that are left out aside
 */
record SchemaPlan(
    List<SchemaChange> changes, Lsn seen, List<TableName> unpublished, List<MirroredTable> tables) {
  // What shows an expression takes the lock of a reader.
  private static final String LOCK_TIMEOUT = "SET lock_timeout = '5s'";

  /** Reads something of both sides, over connections in autocommit mode. */
  @FunctionalInterface
  interface Reading<T> {
    /** What was read. */
    T read(Connection source, Connection destination) throws SQLException;
  }

  /**
   * Holds both sides against each other, on connections of its own; changes nothing.
   *
   * @param stop breaks it off
   */
  static SchemaPlan read(MirrorContext context, StopSignal stop) {
    return onBothSides(context, stop, (source, destination) -> read(context, source, destination));
  }

  /** Has something be read of both sides, over connections that wait for no lock for long. */
  static <T> T onBothSides(MirrorContext context, StopSignal stop, Reading<T> reading) {
    try (Connection source = context.source().open("schema");
        Connection destination = context.destinationPeer().open("schema")) {
      try {
        stop.guard(source);
        stop.guard(destination);
        Sql.execute(source, LOCK_TIMEOUT);
        Sql.execute(destination, LOCK_TIMEOUT);
        return reading.read(source, destination);
      } finally {
        stop.release(source);
        stop.release(destination);
      }
    } catch (SQLException e) {
      stop.check();
      throw Faults.describe(context.config().name(), e);
    }
  }

  /** Holds both sides against each other, over connections in autocommit mode. */
  static SchemaPlan read(MirrorContext context, Connection source, Connection destination)
      throws SQLException {
    source.setAutoCommit(false);
    destination.setAutoCommit(false);
    SchemaDiff diff =
        new SchemaDiff(
            source,
            destination,
            context.config().slot(),
            context.config().publication(),
            context.fruitlessScans());
    List<SchemaChange> changes = new ArrayList<>();
    Set<String> statements = new HashSet<>();
    List<TableMapping> live = context.tables().live();
    for (TableMapping table : live) {
      for (SchemaChange change : diff.changes(table)) {
        // Several tables may have columns of one enum.
        if (statements.add(change.sql())) {
          changes.add(change);
        }
      }
      // Lets the source's tables go, one by one.
      source.commit();
      destination.commit();
    }
    Lsn seen = Catalog.logEnd(source);
    List<MirroredTable> tables = tables(live, source);
    List<TableName> unpublished =
        context.lists().gaps(tables, source, destination).stream()
            .filter(ColumnLists.Gap::isToStop)
            .map(ColumnLists.Gap::table)
            .toList();
    // Which commits.
    source.setAutoCommit(true);
    destination.setAutoCommit(true);
    return new SchemaPlan(List.copyOf(changes), seen, unpublished, tables);
  }

  /** The same with some of the changes. */
  SchemaPlan only(Predicate<SchemaChange> isWanted) {
    return new SchemaPlan(changes.stream().filter(isWanted).toList(), seen, unpublished, tables);
  }

  /** Tables as they are on the source; those that are not there are left out. */
  static List<MirroredTable> tables(List<TableMapping> mappings, Connection source)
      throws SQLException {
    List<MirroredTable> tables = new ArrayList<>();
    for (TableMapping mapping : mappings) {
      Catalog.table(source, mapping.source())
          .ifPresent(table -> tables.add(new MirroredTable(mapping, table)));
    }
    return tables;
  }

  /** The changes of one outcome. */
  List<SchemaChange> of(Outcome outcome) {
    return changes.stream().filter(change -> change.outcome() == outcome).toList();
  }
}
