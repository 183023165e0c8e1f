package io.bunnydb.mirror;

import io.bunnydb.Lsn;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.CheckpointStore;
import io.bunnydb.spi.TableCheckpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/** A store that has another one do its work, until a test has it fail. */
abstract class DelegatingStore implements CheckpointStore {
  private final CheckpointStore store;

  DelegatingStore(CheckpointStore store) {
    this.store = store;
  }

  @Override
  public boolean joinsDestination() {
    return store.joinsDestination();
  }

  @Override
  public Optional<Checkpoint> load(String mirror, Connection destination) throws SQLException {
    return store.load(mirror, destination);
  }

  @Override
  public List<String> mirrors(Connection destination) throws SQLException {
    return store.mirrors(destination);
  }

  @Override
  public void save(Checkpoint checkpoint, Connection destination) throws SQLException {
    store.save(checkpoint, destination);
  }

  @Override
  public void advance(String mirror, Lsn position, Connection destination) throws SQLException {
    store.advance(mirror, position, destination);
  }

  @Override
  public void saveTable(String mirror, TableCheckpoint table, Connection destination)
      throws SQLException {
    store.saveTable(mirror, table, destination);
  }

  @Override
  public void delete(String mirror, Connection destination) throws SQLException {
    store.delete(mirror, destination);
  }

  /** What it throws when it has lost its connection. */
  static SQLException outOfReach() {
    return new SQLException("the store is out of reach, as the test wants it", "08006");
  }
}
