package io.bunnydb.internal.engine;

import io.bunnydb.ApplyException;
import io.bunnydb.CopyException;
import io.bunnydb.MirrorException;
import io.bunnydb.MirrorFailure;
import io.bunnydb.TableErrorPolicy;
import io.bunnydb.TableName;
import io.bunnydb.TableState;
import io.bunnydb.internal.catalog.ErrorKinds;
import io.bunnydb.spi.Checkpoint;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Set;

/**
 * Sets a table aside that an error keeps from going on, where the policy says so, so that the next
 * session goes on without it. Used by the mirror's thread, between two sessions.
 */
final class Quarantine {
  private final MirrorContext context;
  private final Checkpoints checkpoints;

  Quarantine(MirrorContext context, Checkpoints checkpoints) {
    this.context = context;
    this.checkpoints = checkpoints;
  }

  /** Whether an error is one table's own, and that table is to be set aside for it. */
  boolean takes(MirrorException error) {
    boolean isOfTable =
        error.table() != null
            && (error instanceof ApplyException || error instanceof CopyException);
    return isOfTable
        && context.config().options().operation().tableError() == TableErrorPolicy.QUARANTINE
        && switch (ErrorKinds.of(error)) {
          case SCHEMA, CONSTRAINT, DATA -> true;
          // These pass with time, are the mirror's, are given back without a copy, or may be a
          // fault of Bunny's.
          case CONNECTION,
              SERVER_BUSY,
              CONTENTION,
              RESOURCES,
              OWNED,
              AUTHENTICATION,
              PRIVILEGE,
              SLOT_LOST,
              REFUSED,
              INTERNAL ->
              false;
        };
  }

  /**
   * Sets the error's table aside.
   *
   * @throws SQLException if that cannot be noted; nothing was changed
   */
  void admit(MirrorException error) throws SQLException {
    TableName table = error.table();
    if (table == null) {
      throw new IllegalArgumentException("an error of no table", error);
    }
    String message =
        error.getMessage()
            + "; table "
            + table
            + " is quarantined, the others go on; mend the cause, then resync("
            + table
            + ") copies it again"
            + new ForeignKeyNeighbours(context).sentence(Set.of(table));
    MirrorFailure failure =
        new MirrorFailure(
            ErrorKinds.of(error),
            message,
            table,
            error.lsn(),
            error.sqlState(),
            Instant.now(),
            1,
            null);
    Checkpoint quarantined =
        SettingAside.quarantine(checkpoints.settled(), table, KeptFailure.toText(failure));
    checkpoints.save(quarantined);
    context.tables().follow(quarantined);
    context.lifecycle().error(null);
    boolean isLast =
        quarantined.tables().stream().allMatch(t -> t.state() == TableState.QUARANTINED);
    context
        .events()
        .error(
            message + (isLast ? "; it was the last, and the mirror goes on without any" : ""),
            Faults.details(failure));
    context.lifecycle().tellOfError(error);
  }
}
