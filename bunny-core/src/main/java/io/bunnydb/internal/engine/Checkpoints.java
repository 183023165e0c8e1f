package io.bunnydb.internal.engine;

import io.bunnydb.MirrorException;
import io.bunnydb.internal.apply.Ownership;
import io.bunnydb.spi.Checkpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;

/** The mirror's checkpoint, read and written through the owned destination session. */
final class Checkpoints {
  private static final Duration HELPERS_END = Duration.ofSeconds(5);

  private final String mirror;
  private final OwnedDestination destination;

  Checkpoints(MirrorConfig config, OwnedDestination destination) {
    this.mirror = config.name();
    this.destination = destination;
  }

  /** The checkpoint; empty for a mirror that the store does not know. */
  Optional<Checkpoint> load() throws SQLException {
    Connection connection = destination.connection();
    Optional<Checkpoint> found = destination.store().load(mirror, connection);
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

  /**
   * The checkpoint of a mirror that was known before, when no helper of the last session can change
   * it any more: one whose connection broke may still be committing. What is to be written again as
   * a whole is read by this.
   */
  Checkpoint settled() throws SQLException {
    Ownership.awaitHelpers(destination.connection(), mirror, HELPERS_END);
    return require();
  }

  /** Writes the whole checkpoint and commits. */
  void save(Checkpoint checkpoint) throws SQLException {
    save(checkpoint, destination.connection());
  }

  /** Writes the whole checkpoint, and commits it with what was done in the session before. */
  void save(Checkpoint checkpoint, Connection session) throws SQLException {
    destination.store().save(checkpoint, session);
    session.commit();
  }

  /** Forgets the mirror. */
  void delete() throws SQLException {
    Connection connection = destination.connection();
    destination.store().delete(mirror, connection);
    connection.commit();
  }
}
