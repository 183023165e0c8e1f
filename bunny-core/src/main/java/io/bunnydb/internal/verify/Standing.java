package io.bunnydb.internal.verify;

import io.bunnydb.Lsn;
import io.bunnydb.TableMapping;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;

/** Where a mirror stands while its tables are compared beside its work. Thread-safe. */
public interface Standing {
  /** Tells that a table does not follow the stream. */
  int NOT_FOLLOWING = -1;

  /** Something that writes on the destination. */
  @FunctionalInterface
  interface Writing {
    /** Writes, and commits or rolls back. */
    void run() throws SQLException, InterruptedException;
  }

  /**
   * Waits until everything before a position of the source is on the destination, in all tables
   * that follow the stream.
   *
   * @return whether that is so; it cannot come to be so while the mirror is paused
   */
  boolean awaitApplied(Lsn lsn, Duration patience);

  /**
   * A number that stays the same while a table follows the stream without a break; {@link
   * #NOT_FOLLOWING} while it does not, which begins before anything else is written to it.
   */
  int follows(TableMapping mapping);

  /**
   * Refuses a source that the mirror has left meanwhile for another server.
   *
   * @param source a connection that has led to the mirror's source
   * @throws SQLException if the mirror is not connected to that server now
   */
  void refuseOtherSource(Connection source) throws SQLException;

  /**
   * Has something written that is not in the way of a pause: none is under way when that returns.
   *
   * @return whether it was done; not while the mirror does not run
   */
  boolean write(Writing writing) throws SQLException, InterruptedException;
}
