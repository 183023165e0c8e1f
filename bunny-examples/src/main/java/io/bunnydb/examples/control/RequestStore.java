package io.bunnydb.examples.control;

import io.bunnydb.Lsn;
import io.bunnydb.jdbc.JdbcCheckpointStore;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.CheckpointStore;
import io.bunnydb.spi.TableCheckpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The checkpoint store in the destination, for one mirror, which keeps the request that made the
 * mirror beside its checkpoint: in the same transaction, so that neither is ever without the other.
 *
 * <p>Thread-safe.
 */
final class RequestStore implements CheckpointStore {
  private final CheckpointStore checkpoints = JdbcCheckpointStore.inDestination();
  private final CreateRequest request;

  RequestStore(CreateRequest request) {
    this.request = request;
  }

  @Override
  public boolean joinsDestination() {
    return checkpoints.joinsDestination();
  }

  @Override
  public CheckpointStore claim(String mirror, Connection destination) throws SQLException {
    checkpoints.claim(mirror, destination);
    return this;
  }

  @Override
  public Optional<Checkpoint> load(String mirror, Connection destination) throws SQLException {
    return checkpoints.load(mirror, destination);
  }

  @Override
  public List<String> mirrors(Connection destination) throws SQLException {
    return checkpoints.mirrors(destination);
  }

  @Override
  public void save(Checkpoint checkpoint, Connection destination) throws SQLException {
    // First, as it makes the schema and keeps it from being dropped until the transaction ends.
    checkpoints.save(checkpoint, destination);
    RequestTable.keep(destination, checkpoint.mirror(), request.toJson());
  }

  @Override
  public void advance(String mirror, Lsn position, Connection destination) throws SQLException {
    checkpoints.advance(mirror, position, destination);
  }

  @Override
  public void commit(String mirror, Lsn position, Connection destination) throws SQLException {
    checkpoints.commit(mirror, position, destination);
  }

  @Override
  public void saveTable(String mirror, TableCheckpoint table, Connection destination)
      throws SQLException {
    checkpoints.saveTable(mirror, table, destination);
  }

  @Override
  public void delete(String mirror, Connection destination) throws SQLException {
    // First, as behind it nobody else is writing in the schema.
    checkpoints.delete(mirror, destination);
    RequestTable.forget(destination, mirror);
  }

  @Override
  public List<String> statements(Connection destination) throws SQLException {
    List<String> statements = new ArrayList<>(checkpoints.statements(destination));
    statements.addAll(RequestTable.missing(destination));
    return statements;
  }

  @Override
  public List<String> grants(String role, Connection destination) throws SQLException {
    List<String> grants = new ArrayList<>(checkpoints.grants(role, destination));
    if (RequestTable.exists(destination)) {
      grants.add(
          "GRANT SELECT, INSERT, UPDATE, DELETE ON bunny.control_mirror TO \""
              + role.replace("\"", "\"\"")
              + '"');
    }
    return grants;
  }
}
