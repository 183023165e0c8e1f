package io.bunnydb.internal.engine;

import io.bunnydb.spi.Checkpoint;
import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * A checkpoint that is written and taken back, to see whether it could be.
 *
 * @param config what the builder was told
 * @param destination a connection to the destination, in autocommit mode
 */
record CheckpointTrial(MirrorConfig config, Connection destination) {

  /** What speaks against writing it; null for nothing, and for a store that takes nothing back. */
  @Nullable SQLException refusal(Checkpoint checkpoint) throws SQLException {
    if (!config.store().joinsDestination()) {
      return null;
    }
    destination.setAutoCommit(false);
    try {
      config.store().save(checkpoint, destination);
      return null;
    } catch (SQLException e) {
      return e;
    } finally {
      destination.rollback();
      destination.setAutoCommit(true);
    }
  }
}
