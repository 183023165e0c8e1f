package io.bunnydb.internal.engine;

import io.bunnydb.Lsn;
import io.bunnydb.PreflightException;
import io.bunnydb.TableMapping;
import io.bunnydb.TableState;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.source.ReplicationStream;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.SourceIdentity;
import io.bunnydb.spi.TableCheckpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * Accepts a new mirror, or another list of tables, or refuses it with every reason there is.
 * Nothing is created either way.
 */
final class Admission {
  private final MirrorContext context;
  private final MirrorConfig config;
  private final Checkpoints checkpoints;

  Admission(MirrorContext context, Checkpoints checkpoints) {
    this.context = context;
    this.config = context.config();
    this.checkpoints = checkpoints;
  }

  /**
   * Accepts the mirror as it was built.
   *
   * @return its first checkpoint, not saved yet
   * @throws PreflightException if it cannot work
   */
  Checkpoint admit(StopSignal stop) throws SQLException {
    refuse((source, destination) -> new Preflight(config, source, destination).problems());
    TableState state = config.options().initialSnapshot() ? TableState.COPYING : TableState.LIVE;
    List<TableCheckpoint> tables = new ArrayList<>();
    for (TableMapping table : config.tables()) {
      tables.add(new TableCheckpoint(table, state, Lsn.ZERO));
    }
    Checkpoint first =
        new Checkpoint(
            config.name(),
            identifySource(stop),
            config.slot(),
            config.publication(),
            Lsn.ZERO,
            false,
            null,
            tables);
    try {
      checkpoints.tryOut(first);
    } catch (SQLException e) {
      throw new PreflightException(
          config.name(),
          List.of(
              "the checkpoint cannot be kept on the destination: "
                  + e.getMessage()
                  + "; grant CREATE on the database, or make the store's tables beforehand"));
    }
    return first;
  }

  /**
   * Accepts another list of tables.
   *
   * @throws PreflightException if an added table cannot be mirrored
   */
  void admit(TableUpdate update) throws SQLException {
    refuse((source, destination) -> update.problems(config, source, destination));
  }

  /** Which source the mirror's connections reach now. */
  SourceIdentity identifySource(StopSignal stop) throws SQLException {
    try (ReplicationStream stream = ReplicationStream.connect(context.source(), stop)) {
      return stream.identify();
    }
  }

  /** Finds what stands against something, given a connection to either side, in autocommit mode. */
  private interface Check {
    List<String> problems(Connection source, Connection destination) throws SQLException;
  }

  private void refuse(Check check) throws SQLException {
    Connection source = context.control().get();
    Connection destination = context.destination().connection();
    List<String> problems;
    destination.setAutoCommit(true);
    try {
      problems = check.problems(source, destination);
    } finally {
      destination.setAutoCommit(false);
    }
    if (!problems.isEmpty()) {
      throw new PreflightException(config.name(), problems);
    }
  }
}
