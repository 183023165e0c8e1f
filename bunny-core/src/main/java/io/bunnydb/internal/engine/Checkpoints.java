package io.bunnydb.internal.engine;

import io.bunnydb.Lsn;
import io.bunnydb.MirrorException;
import io.bunnydb.TableState;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.CheckpointStore;
import io.bunnydb.spi.TableCheckpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The mirror's checkpoint, read and written through the owned destination session. */
final class Checkpoints {
  private final String mirror;
  private final CheckpointStore store;
  private final OwnedDestination destination;

  Checkpoints(MirrorConfig config, OwnedDestination destination) {
    this.mirror = config.name();
    this.store = config.store();
    this.destination = destination;
  }

  /** The checkpoint; empty for a mirror that the store does not know. */
  Optional<Checkpoint> load() throws SQLException {
    Connection connection = destination.connection();
    Optional<Checkpoint> found = store.load(mirror, connection);
    connection.rollback();
    return found;
  }

  /** The checkpoint of a mirror that was known before. */
  Checkpoint require() throws SQLException {
    return load()
        .orElseThrow(
            () ->
                new MirrorException(
                    mirror,
                    "its checkpoint is gone from the store; drop() the mirror and start it anew",
                    null));
  }

  /** Writes the whole checkpoint and commits. */
  void save(Checkpoint checkpoint) throws SQLException {
    Connection connection = destination.connection();
    store.save(checkpoint, connection);
    connection.commit();
  }

  /** Tries whether a checkpoint could be written, and takes it back. */
  void tryOut(Checkpoint checkpoint) throws SQLException {
    Connection connection = destination.connection();
    try {
      if (store.joinsDestination()) {
        store.save(checkpoint, connection);
      }
    } finally {
      connection.rollback();
    }
  }

  /** Forgets the mirror. */
  void delete() throws SQLException {
    Connection connection = destination.connection();
    store.delete(mirror, connection);
    connection.commit();
  }

  /**
   * Joins the copied tables to the stream, if no table is still to be copied: the stream goes back
   * to the oldest of their snapshots, and every other table passes over what it has already.
   *
   * @return the joined checkpoint; the same one where there is nothing to join
   */
  static Checkpoint join(Checkpoint checkpoint) {
    if (checkpoint.hasTableIn(TableState.COPYING) || !checkpoint.hasTableIn(TableState.COPIED)) {
      return checkpoint;
    }
    List<TableCheckpoint> tables = new ArrayList<>();
    for (TableCheckpoint table : checkpoint.tables()) {
      Lsn from = table.from();
      if (table.state() == TableState.LIVE) {
        from = Lsn.max(from, checkpoint.position());
      }
      tables.add(table.withState(TableState.LIVE, from));
    }
    return checkpoint.withPosition(earliestNeeded(checkpoint)).withTables(tables);
  }

  /** Whether every table follows the stream, so that the position holds for all of them. */
  static boolean isJoined(Checkpoint checkpoint) {
    return !checkpoint.hasTableIn(TableState.COPYING) && !checkpoint.hasTableIn(TableState.COPIED);
  }

  /** The position from which on the source must still have every change. */
  static Lsn earliestNeeded(Checkpoint checkpoint) {
    Lsn earliest = checkpoint.position();
    for (TableCheckpoint table : checkpoint.tables()) {
      if (table.state() == TableState.COPIED) {
        earliest = Lsn.min(earliest, table.from());
      }
    }
    return earliest;
  }
}
