package io.bunnydb.spi;

import io.bunnydb.Lsn;
import io.bunnydb.TableName;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A store that forgets with the process. Thread-safe. */
final class InMemoryCheckpointStore implements CheckpointStore {
  private final Map<String, Checkpoint> checkpoints = new TreeMap<>();

  @Override
  public boolean joinsDestination() {
    return false;
  }

  @Override
  public synchronized Optional<Checkpoint> load(String mirror, Connection destination) {
    return Optional.ofNullable(checkpoints.get(mirror));
  }

  @Override
  public synchronized List<String> mirrors(Connection destination) {
    return List.copyOf(checkpoints.keySet());
  }

  @Override
  public synchronized void save(Checkpoint checkpoint, Connection destination) {
    checkpoints.put(checkpoint.mirror(), checkpoint);
  }

  @Override
  public synchronized void advance(String mirror, Lsn position, Connection destination)
      throws SQLException {
    checkpoints.put(mirror, saved(mirror).withPosition(position));
  }

  @Override
  public synchronized void saveTable(String mirror, TableCheckpoint table, Connection destination)
      throws SQLException {
    Checkpoint old = saved(mirror);
    List<TableCheckpoint> tables = new ArrayList<>(old.tables());
    tables.set(place(old, table.mapping().source()), table);
    checkpoints.put(mirror, old.withTables(tables));
  }

  @Override
  public synchronized void delete(String mirror, Connection destination) {
    checkpoints.remove(mirror);
  }

  private Checkpoint saved(String mirror) throws SQLException {
    Checkpoint checkpoint = checkpoints.get(mirror);
    if (checkpoint == null) {
      throw new SQLException("mirror " + mirror + " has no checkpoint");
    }
    return checkpoint;
  }

  private static int place(Checkpoint checkpoint, TableName source) throws SQLException {
    for (int i = 0; i < checkpoint.tables().size(); i++) {
      if (checkpoint.tables().get(i).mapping().source().equals(source)) {
        return i;
      }
    }
    throw new SQLException(
        "mirror " + checkpoint.mirror() + " has no checkpoint of table " + source);
  }
}
