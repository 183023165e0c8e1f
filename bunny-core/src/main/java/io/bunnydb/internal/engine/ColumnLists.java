package io.bunnydb.internal.engine;

import io.bunnydb.SchemaPolicy;
import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.Table;
import io.bunnydb.internal.source.MirroredTable;
import io.bunnydb.internal.source.Publication;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Finds mirrored columns that a publication leaves out: its list of a table's columns does not grow
 * by itself when the table does. Where the policy is to follow the source's tables, it tells once
 * of each what to do. Thread-safe.
 */
final class ColumnLists {
  private final MirrorConfig config;
  private final EventLog events;
  private final Set<Gap> told = ConcurrentHashMap.newKeySet();

  /**
   * What one table's list leaves out.
   *
   * @param table the table on the source
   * @param columns the columns
   * @param isToStop whether a session must not begin: rows would come without values that the
   *     destination has a place for, or nothing would be told but by a stop
   */
  record Gap(TableName table, List<String> columns, boolean isToStop) {

    private MirroredTable leave(MirroredTable from) {
      Set<String> excluded = new LinkedHashSet<>(from.mapping().excludedColumns());
      excluded.addAll(columns);
      return new MirroredTable(
          from.mapping().excludeColumns(excluded.toArray(new String[0])), from.table());
    }

    /** What is to be done. */
    String sentence() {
      return "the source has the new column "
          + String.join(", ", columns)
          + ", which the column list of its publication leaves out; exclude it too, or add it"
          + " to the destination and call resync("
          + table
          + "), or remove the table with updateTables and add it again";
    }
  }

  ColumnLists(MirrorConfig config, EventLog events) {
    this.config = config;
    this.events = events;
  }

  /** Finds what is left out of tables that follow the stream. */
  List<Gap> gaps(List<MirroredTable> tables, Connection source, Connection destination)
      throws SQLException {
    Map<TableName, Publication.Entry> published = new HashMap<>();
    for (Publication.Entry entry : Publication.entries(source, config.publication())) {
      published.put(entry.name(), entry);
    }
    boolean isFollowed = config.options().schema().policy() != SchemaPolicy.STOP;
    List<Gap> gaps = new ArrayList<>();
    for (MirroredTable table : tables) {
      Publication.Entry entry = published.get(table.table().name());
      List<String> missing = entry == null ? List.of() : entry.unpublished(table);
      if (missing.isEmpty()) {
        continue;
      }
      boolean isToStop = !isFollowed || isOneThere(missing, table, destination);
      Gap gap = new Gap(table.table().name(), missing, isToStop);
      gaps.add(gap);
      if (isFollowed && told.add(gap)) {
        tell(gap);
      }
    }
    return gaps;
  }

  /**
   * Tables as they are published while there are gaps: a list that grew when something else is
   * altered would hide that rows of before came without the column.
   */
  static List<MirroredTable> without(List<Gap> gaps, List<MirroredTable> tables) {
    List<MirroredTable> published = new ArrayList<>(tables);
    for (Gap gap : gaps) {
      published.replaceAll(
          table -> gap.table.equals(table.table().name()) ? gap.leave(table) : table);
    }
    return published;
  }

  private static boolean isOneThere(
      List<String> columns, MirroredTable table, Connection destination) throws SQLException {
    Optional<Table> target = Catalog.table(destination, table.mapping().destination());
    return target.isPresent()
        && columns.stream().anyMatch(column -> target.get().column(column) != null);
  }

  private void tell(Gap gap) {
    events.warn(
        config.name(),
        "table "
            + gap.table()
            + (gap.isToStop()
                ? " keeps all from being altered, as the next session would stop at it: "
                : " goes on without what is not sent: ")
            + gap.sentence(),
        Map.of("table", gap.table().toString(), "columns", String.join(", ", gap.columns())));
  }
}
