package io.bunnydb.internal.engine;

import io.bunnydb.MirrorPhase;
import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.TableState;
import io.bunnydb.TableStatus;
import io.bunnydb.internal.apply.TableProgress;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.TableCheckpoint;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The counts of a mirror's tables, kept while their mapping stays the same. Thread-safe. */
final class TableRegistry {
  private Map<TableName, TableProgress> tables = Map.of();

  /** Takes over the tables of a checkpoint. */
  synchronized void follow(Checkpoint checkpoint) {
    Map<TableName, TableProgress> followed = new LinkedHashMap<>();
    for (TableCheckpoint table : checkpoint.tables()) {
      TableName name = table.mapping().source();
      TableProgress known = tables.get(name);
      if (known == null || !known.mapping().hasSameRowsAs(table.mapping())) {
        known = new TableProgress(table.mapping(), table.state());
      }
      known.moveTo(table.state());
      followed.put(name, known);
    }
    tables = followed;
  }

  /** The counts of one table. */
  synchronized TableProgress of(TableName source) {
    TableProgress progress = tables.get(source);
    if (progress == null) {
      throw new IllegalStateException("no table " + source + " in this mirror");
    }
    return progress;
  }

  /**
   * How often a table has ceased to follow the stream before it did so again; -1 while it does not,
   * or is mapped otherwise.
   */
  synchronized int follows(TableMapping mapping) {
    TableProgress progress = tables.get(mapping.source());
    if (progress == null
        || !progress.mapping().hasSameRowsAs(mapping)
        || progress.status().state() != TableState.LIVE) {
      return -1;
    }
    return progress.departures();
  }

  /** The mappings of all tables. */
  synchronized List<TableMapping> mappings() {
    return tables.values().stream().map(TableProgress::mapping).toList();
  }

  /** All tables as a user sees them. */
  synchronized List<TableStatus> statuses() {
    return tables.values().stream().map(TableProgress::status).toList();
  }

  /** CDC as soon as one table follows the stream. */
  synchronized MirrorPhase phase() {
    return tables.values().stream().anyMatch(t -> t.status().state() == TableState.LIVE)
        ? MirrorPhase.CDC
        : MirrorPhase.SNAPSHOT;
  }
}
