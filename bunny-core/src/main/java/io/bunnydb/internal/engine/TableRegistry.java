package io.bunnydb.internal.engine;

import io.bunnydb.Lsn;
import io.bunnydb.MirrorFailure;
import io.bunnydb.MirrorPhase;
import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.TableState;
import io.bunnydb.TableStatus;
import io.bunnydb.internal.apply.TableProgress;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.TableCheckpoint;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The counts of a mirror's tables, kept while their mapping stays the same. Thread-safe. */
final class TableRegistry {
  private final Instant startedAt = Instant.now();
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
      known.moveTo(table.state(), failure(table), standsAt(table));
      followed.put(name, known);
    }
    tables = followed;
  }

  private @Nullable MirrorFailure failure(TableCheckpoint table) {
    String error = table.error();
    return error == null ? null : KeptFailure.parse(error, startedAt);
  }

  private static @Nullable Lsn standsAt(TableCheckpoint table) {
    return switch (table.state()) {
      case PAUSED, QUARANTINED -> table.from().equals(Lsn.ZERO) ? null : table.from();
      case COPYING, COPIED, LIVE -> null;
    };
  }

  /** The counts of one table. */
  synchronized TableProgress of(TableName source) {
    TableProgress progress = tables.get(source);
    if (progress == null) {
      throw new IllegalStateException("no table " + source + " in this mirror");
    }
    return progress;
  }

  /** One table as a user sees it; empty where the mirror has none of that name. */
  synchronized Optional<TableStatus> find(TableName source) {
    return Optional.ofNullable(tables.get(source)).map(TableProgress::status);
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

  /** The mappings of the tables whose rows are there, and followed. */
  synchronized List<TableMapping> live() {
    return tables.values().stream()
        .filter(table -> table.status().state() == TableState.LIVE)
        .map(TableProgress::mapping)
        .toList();
  }

  /** All tables as a user sees them. */
  synchronized List<TableStatus> statuses() {
    return tables.values().stream().map(TableProgress::status).toList();
  }

  /** CDC as soon as one table follows the stream, or none is left that will come to it. */
  synchronized MirrorPhase phase() {
    boolean isOneLive = false;
    boolean isOneComing = false;
    for (TableProgress table : tables.values()) {
      TableState state = table.status().state();
      isOneLive |= state == TableState.LIVE;
      isOneComing |= state == TableState.COPYING || state == TableState.COPIED;
    }
    return isOneLive || !isOneComing ? MirrorPhase.CDC : MirrorPhase.SNAPSHOT;
  }
}
