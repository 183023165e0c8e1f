package io.bunnydb.internal.engine;

import io.bunnydb.TableName;
import io.bunnydb.TableState;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.TableCheckpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which destination tables other mirrors write to. A copy empties its table, and would delete their
 * rows. Known of those whose checkpoints are in the destination alone: a store elsewhere does not
 * tell which destination a mirror has. Used by one thread.
 */
final class OtherMirrors {
  private final MirrorConfig config;
  private final Connection destination;
  private @Nullable Map<TableName, Writer> writers;

  /**
   * A mirror that writes to a table.
   *
   * @param mirror its name
   * @param isCopying whether its copy is yet to come
   */
  record Writer(String mirror, boolean isCopying) {}

  /** Others than the one that is configured; the store is asked when a table is. */
  OtherMirrors(MirrorConfig config, Connection destination) {
    this.config = config;
    this.destination = destination;
  }

  /** Another mirror that writes to a destination table; null where none does. */
  @Nullable Writer of(TableName table) throws SQLException {
    Map<TableName, Writer> known = writers;
    if (known == null) {
      known = config.store().joinsDestination() ? read() : Map.of();
      writers = known;
    }
    return known.get(table);
  }

  private Map<TableName, Writer> read() throws SQLException {
    Map<TableName, Writer> found = new HashMap<>();
    for (String mirror : config.store().mirrors(destination)) {
      Checkpoint checkpoint =
          mirror.equals(config.name())
              ? null
              : config.store().load(mirror, destination).orElse(null);
      if (checkpoint != null) {
        for (TableCheckpoint table : checkpoint.tables()) {
          boolean isCopying = table.state() == TableState.COPYING;
          found.merge(
              table.mapping().destination(),
              new Writer(mirror, isCopying),
              (one, other) -> one.isCopying() ? one : other);
        }
      }
    }
    return found;
  }
}
