package io.bunnydb.spi;

import io.bunnydb.Lsn;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/**
 * Keeps the checkpoints of mirrors, durably unless it says otherwise.
 *
 * <p>Two kinds exist. A store that {@linkplain #joinsDestination joins the destination} writes
 * through the connection it is given, inside that connection's transaction: data and checkpoint
 * commit together, and a mirror is exactly once. Any other store commits for itself; Bunny calls it
 * after the destination has committed, so that after a crash some changes are applied a second
 * time: at least once, and without effect for every table that has a key. Two things can go wrong
 * in such a repetition, which only the first kind excludes: a repeated insert can meet a second
 * unique index of the destination, which pauses the mirror; and a row whose key changes in the
 * repetition, while a large value of it is unchanged and so not in the log, can be missing if its
 * new key was freed in the repetition too.
 *
 * <p>The {@linkplain TableCheckpoint#copyProgress progress of a copy} alone is given to such a
 * store before the destination commits what it tells of; it says which transaction that is.
 *
 * <p>Called by one thread per mirror, except {@link #saveTable} and {@link #load}, which the
 * threads that copy call at the same time, each with its own connection. A store may serve several
 * mirrors and must then be thread-safe.
 */
public interface CheckpointStore {

  /**
   * A store that forgets with the process; for tests and throw-away mirrors.
   *
   * @return a new, empty store
   */
  static CheckpointStore inMemory() {
    return new InMemoryCheckpointStore();
  }

  /** Whether this store writes inside the transaction of the connection it is given. */
  boolean joinsDestination();

  /**
   * Makes the caller the only one who may write a mirror's checkpoint. Called each time that a
   * process has become the mirror's owner, before {@link #load}.
   *
   * <p>A store that joins the destination need do nothing, unless what it made in an earlier
   * version is to be altered: it writes through sessions that nobody else can have while the mirror
   * is owned. Any other store is to refuse from then on what is written of this mirror through the
   * stores that were returned here before, with a {@link io.bunnydb.MirrorOwnedException}: a
   * process that was held up just before it wrote, and has lost the mirror meanwhile, would set the
   * position back. This default does not.
   *
   * @param mirror the mirror's name
   * @param destination a connection to the destination, with no transaction open
   * @return the store through which the owner writes; this one, unless it does more
   * @throws SQLException if it cannot be claimed
   */
  default CheckpointStore claim(String mirror, Connection destination) throws SQLException {
    return this;
  }

  /**
   * The checkpoint of a mirror.
   *
   * @param mirror the mirror's name
   * @param destination a connection to the destination; nothing may be created through it
   * @return the checkpoint as last saved; empty for an unknown mirror, or where the store has not
   *     been used yet
   * @throws SQLException if it cannot be read
   */
  Optional<Checkpoint> load(String mirror, Connection destination) throws SQLException;

  /**
   * The names of all mirrors that have a checkpoint here, in ascending order.
   *
   * @param destination a connection to the destination; nothing may be created through it
   * @return the names; empty where the store has not been used yet
   * @throws SQLException if they cannot be read
   */
  List<String> mirrors(Connection destination) throws SQLException;

  /**
   * Writes a whole checkpoint in the place of the mirror's old one. The first call also creates
   * what the store needs.
   *
   * @param checkpoint what to remember
   * @param destination a connection to the destination with a transaction open
   * @throws SQLException if it cannot be written
   */
  void save(Checkpoint checkpoint, Connection destination) throws SQLException;

  /**
   * Writes the position of a mirror that has a checkpoint; the frequent call.
   *
   * @param mirror the mirror's name
   * @param position the new position
   * @param destination a connection to the destination with a transaction open
   * @throws SQLException if it cannot be written, or if the mirror has no checkpoint
   */
  void advance(String mirror, Lsn position, Connection destination) throws SQLException;

  /**
   * Commits the destination's transaction and {@linkplain #advance writes the position} with it: in
   * that transaction, or after it by a store that commits for itself. A store that joins the
   * destination may do both in one round trip, which is what a small batch mostly takes its time
   * for.
   *
   * @param mirror the mirror's name
   * @param position the new position
   * @param destination a connection to the destination with a transaction open
   * @throws SQLException if the transaction cannot be committed, or the position not be written; of
   *     a store that joins the destination both or neither is done then, as a connection may break
   *     when the server has committed, unless it found that the mirror has no checkpoint any more
   */
  default void commit(String mirror, Lsn position, Connection destination) throws SQLException {
    if (joinsDestination()) {
      advance(mirror, position, destination);
      destination.commit();
    } else {
      destination.commit();
      advance(mirror, position, destination);
    }
  }

  /**
   * Writes the state of one table of a mirror that has a checkpoint, and nothing else.
   *
   * @param mirror the mirror's name
   * @param table the table, found by its mapping's source
   * @param destination a connection to the destination with a transaction open
   * @throws SQLException if it cannot be written, or if the checkpoint has no such table
   */
  void saveTable(String mirror, TableCheckpoint table, Connection destination) throws SQLException;

  /**
   * Forgets a mirror; does nothing for an unknown one. What {@link #save} created for all mirrors
   * is removed with the last of them.
   *
   * @param mirror the mirror's name
   * @param destination a connection to the destination with a transaction open
   * @throws SQLException if it cannot be removed
   */
  void delete(String mirror, Connection destination) throws SQLException;

  /**
   * The SQL that the next {@link #claim} or {@link #save} runs in the destination to make what it
   * needs there, rows aside; a plan shows it. Default: none.
   *
   * @param destination a connection to the destination; nothing may be created through it
   * @return the statements in their order; empty where nothing is missing
   * @throws SQLException if the destination cannot be asked
   */
  default List<String> statements(Connection destination) throws SQLException {
    return List.of();
  }

  /**
   * The SQL by which an administrator lets a role keep checkpoints in the destination, for what is
   * there now; shown where {@link #save} was refused for want of rights. Default: none.
   *
   * @param role the role's plain name
   * @param destination a connection to the destination
   * @return the statements in their order, names quoted
   * @throws SQLException if the destination cannot be asked
   */
  default List<String> grants(String role, Connection destination) throws SQLException {
    return List.of();
  }
}
