package io.bunnydb.internal.engine;

import io.bunnydb.Lsn;
import io.bunnydb.SchemaChange;
import io.bunnydb.SchemaChange.Outcome;
import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.TableState;
import io.bunnydb.TableStatus;
import io.bunnydb.internal.catalog.Catalog;
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
import java.util.stream.Collectors;

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
 */
record SchemaPlan(List<SchemaChange> changes, Lsn seen, List<TableName> unpublished) {
  /**
   * Holds both sides against each other, on connections of its own; changes nothing.
   *
   * @param stop breaks it off
   */
  static SchemaPlan read(MirrorContext context, StopSignal stop) {
    try (Connection source = context.source().open("schema");
        Connection destination = context.destinationPeer().open("schema")) {
      try {
        stop.guard(source);
        stop.guard(destination);
        source.setAutoCommit(false);
        destination.setAutoCommit(false);
        return read(context, source, destination);
      } finally {
        stop.release(source);
        stop.release(destination);
      }
    } catch (SQLException e) {
      stop.check();
      throw Faults.describe(context.config().name(), e);
    }
  }

  private static SchemaPlan read(MirrorContext context, Connection source, Connection destination)
      throws SQLException {
    SchemaDiff diff =
        new SchemaDiff(
            source,
            destination,
            context.config().slot(),
            context.config().publication(),
            context.fruitlessScans());
    List<SchemaChange> changes = new ArrayList<>();
    Set<String> statements = new HashSet<>();
    Set<TableName> live = live(context);
    for (TableMapping table : context.tables().mappings()) {
      if (!live.contains(table.source())) {
        continue;
      }
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
    List<TableName> unpublished = unpublished(context, source, destination, live);
    source.commit();
    destination.commit();
    return new SchemaPlan(List.copyOf(changes), seen, unpublished);
  }

  /** The same with some of the changes. */
  SchemaPlan only(Predicate<SchemaChange> isWanted) {
    return new SchemaPlan(changes.stream().filter(isWanted).toList(), seen, unpublished);
  }

  private static List<TableName> unpublished(
      MirrorContext context, Connection source, Connection destination, Set<TableName> live)
      throws SQLException {
    List<MirroredTable> tables = new ArrayList<>();
    for (TableMapping mapping : context.tables().mappings()) {
      if (live.contains(mapping.source())) {
        Catalog.table(source, mapping.source())
            .ifPresent(table -> tables.add(new MirroredTable(mapping, table)));
      }
    }
    return context.lists().gaps(tables, source, destination).stream()
        .filter(ColumnLists.Gap::isToStop)
        .map(ColumnLists.Gap::table)
        .toList();
  }

  /** The source tables whose rows are there, and followed. */
  static Set<TableName> live(MirrorContext context) {
    return context.tables().statuses().stream()
        .filter(status -> status.state() == TableState.LIVE)
        .map(TableStatus::source)
        .collect(Collectors.toSet());
  }

  /** The changes of one outcome. */
  List<SchemaChange> of(Outcome outcome) {
    return changes.stream().filter(change -> change.outcome() == outcome).toList();
  }
}
