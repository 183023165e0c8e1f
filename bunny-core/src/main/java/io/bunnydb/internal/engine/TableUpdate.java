package io.bunnydb.internal.engine;

import io.bunnydb.Lsn;
import io.bunnydb.ResyncStrategy;
import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.TableState;
import io.bunnydb.internal.catalog.PeerConnector;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.TableCheckpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The step from one list of tables to another.
 *
 * @param result the checkpoint with the new list
 * @param added the mappings that are new or changed, and so are to be copied
 * @param owned destination tables of changed mappings, whose rows the copy may replace
 */
record TableUpdate(Checkpoint result, List<TableMapping> added, Set<TableName> owned) {

  static TableUpdate of(Checkpoint checkpoint, List<TableMapping> tables) {
    Map<TableName, TableCheckpoint> known = new HashMap<>();
    checkpoint.tables().forEach(t -> known.put(t.mapping().source(), t));
    List<TableCheckpoint> result = new ArrayList<>();
    List<TableMapping> added = new ArrayList<>();
    Set<TableName> owned = new HashSet<>();
    for (TableMapping table : tables) {
      TableCheckpoint old = known.get(table.source());
      if (old != null && old.mapping().hasSameRowsAs(table)) {
        result.add(old.withMapping(table));
        continue;
      }
      result.add(new TableCheckpoint(table, TableState.COPYING, Lsn.ZERO));
      added.add(table);
      if (old != null && old.mapping().destination().equals(table.destination())) {
        owned.add(table.destination());
      }
    }
    return new TableUpdate(checkpoint.withTables(result), added, owned);
  }

  /** The step by which some tables of a checkpoint count as removed and added again. */
  static TableUpdate anew(Checkpoint checkpoint, Set<TableName> tables) {
    List<TableCheckpoint> result = new ArrayList<>();
    List<TableMapping> added = new ArrayList<>();
    Set<TableName> owned = new HashSet<>();
    for (TableCheckpoint table : checkpoint.tables()) {
      TableMapping mapping = table.mapping();
      if (tables.contains(mapping.source())) {
        result.add(new TableCheckpoint(mapping, TableState.COPYING, Lsn.ZERO));
        added.add(mapping);
        owned.add(mapping.destination());
      } else {
        result.add(table);
      }
    }
    return new TableUpdate(checkpoint.withTables(result), added, owned);
  }

  /** The step by which all tables of a checkpoint do. */
  static TableUpdate anew(Checkpoint checkpoint) {
    return anew(checkpoint, all(checkpoint));
  }

  /**
   * The step from a checkpoint by which tables are copied again; all of them where none is named.
   */
  static TableUpdate resync(Checkpoint checkpoint, ResyncStrategy strategy, Set<TableName> named) {
    Set<TableName> tables = named.isEmpty() ? all(checkpoint) : named;
    return switch (strategy) {
      case TRUNCATE -> anew(checkpoint, tables);
      case SWAP -> beside(checkpoint, tables);
    };
  }

  private static Set<TableName> all(Checkpoint checkpoint) {
    Set<TableName> all = new HashSet<>();
    checkpoint.tables().forEach(table -> all.add(table.mapping().source()));
    return all;
  }

  /**
   * The step by which some tables get shadows, whose copies are to take the place of their rows. A
   * swap that is under way begins anew, so that all of it comes at once.
   */
  static TableUpdate beside(Checkpoint checkpoint, Set<TableName> tables) {
    List<TableCheckpoint> result = new ArrayList<>();
    List<TableMapping> added = new ArrayList<>();
    Set<TableName> owned = new HashSet<>();
    for (TableCheckpoint table : checkpoint.tables()) {
      TableMapping mapping = table.mapping();
      if (tables.contains(mapping.source()) || table.shadow() != null) {
        result.add(SwapRules.begin(table));
        added.add(mapping);
        owned.add(mapping.destination());
      } else {
        result.add(table);
      }
    }
    return new TableUpdate(checkpoint.withTables(result), added, owned);
  }

  /** Checks the added tables. */
  Findings check(MirrorConfig config, Connection source, Connection destination)
      throws SQLException {
    Findings findings = new Findings();
    if (!added.isEmpty()) {
      String ownStream =
          new PeerConnector(config.name(), config.source()).applicationName("stream");
      new ServerCapacity(source).checkReplication(false, true, ownStream, findings);
    }
    TablePreflight tables =
        new TablePreflight(config, source, destination, findings, new PlannedSql());
    tables.checkHierarchies(result.tables().stream().map(TableCheckpoint::mapping).toList());
    tables.check(added, true, owned);
    List<TableCheckpoint> shadowed =
        result.tables().stream()
            .filter(table -> table.shadow() != null && added.contains(table.mapping()))
            .toList();
    new ShadowPreflight(config, source, destination, findings).check(result, shadowed);
    return findings;
  }
}
