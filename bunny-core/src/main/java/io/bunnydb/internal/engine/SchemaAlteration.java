package io.bunnydb.internal.engine;

import io.bunnydb.ErrorKind;
import io.bunnydb.Lsn;
import io.bunnydb.MirrorState;
import io.bunnydb.SchemaChange;
import io.bunnydb.SchemaChange.Outcome;
import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.ErrorKinds;
import io.bunnydb.internal.catalog.LockHolders;
import io.bunnydb.internal.catalog.ServerMessage;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.catalog.StopSignal.StoppedException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Changes of destination tables that are made while no row is in flight, each in a transaction of
 * its own. Used by one thread after the other.
 */
final class SchemaAlteration {
  private static final Logger LOG = LoggerFactory.getLogger(SchemaAlteration.class);
  private static final String UNDEFINED_COLUMN = "42703";
  private static final String REFUSED = "the destination refused it: ";
  private static final String NOT_THERE =
      "its column could not be added; see to that, then call again";
  private static final String OVERTAKEN = "another command came first; call again";
  private static final String IN_USE = "the table is in use";

  private final List<SchemaChange> changes;
  private final Lsn needed;
  private final Patience patience;
  private final Map<String, SchemaChange> outcomes = new HashMap<>();

  /** How long tables that are in use are waited for, while the stream stands still. */
  enum Patience {
    /** Of somebody who waits for it, too. */
    OF_A_CALL(3, 5000, 5000),
    /** Of the mirror by itself, which tries again later. */
    OF_THE_MIRROR(1, 2000, 100);

    private final int attempts;
    private final int millis;
    private final int furtherMillis;

    Patience(int attempts, int millis, int furtherMillis) {
      this.attempts = attempts;
      this.millis = millis;
      this.furtherMillis = furtherMillis;
    }
  }

  /**
   * Changes to make.
   *
   * @param changes that nothing stands against but the position
   * @param needed they are made if everything before this position of the source is applied
   */
  SchemaAlteration(List<SchemaChange> changes, Lsn needed, Patience patience) {
    this.changes = changes;
    this.needed = needed;
    this.patience = patience;
  }

  /** Changes that suit the rows on the way as well as those after them. */
  static SchemaAlteration now(List<SchemaChange> changes, Patience patience) {
    return new SchemaAlteration(changes, Lsn.ZERO, patience);
  }

  /** Whether a change was tried, and the destination did not let it be made. */
  static boolean isRefused(SchemaChange change) {
    return change.reason() != null && change.reason().startsWith(REFUSED);
  }

  /** Whether a change was tried, and its table was in use. */
  static boolean isLocked(SchemaChange change) {
    return change.reason() != null && change.reason().startsWith(IN_USE);
  }

  /** Whether there is nothing to make. */
  boolean isEmpty() {
    return changes.isEmpty();
  }

  /** What has become of a change, if it is among these. */
  SchemaChange outcome(SchemaChange change) {
    if (!changes.contains(change)) {
      return change;
    }
    return outcomes.getOrDefault(change.sql(), change.with(change.outcome(), OVERTAKEN));
  }

  /**
   * Makes them in the state that is for it; afterwards the mirror is what it was.
   *
   * @throws SQLException if the destination cannot be reached, or does not serve; what was made
   *     before stays
   */
  void run(MirrorContext context, Checkpoints checkpoints, StopSignal stop) throws SQLException {
    Lifecycle lifecycle = context.lifecycle();
    MirrorState before = lifecycle.state();
    lifecycle.moveIfPossible(MirrorState.SYNCING_SCHEMA);
    if (lifecycle.state() != MirrorState.SYNCING_SCHEMA) {
      // A pause, or the end, came first.
      return;
    }
    try {
      run(context.destination().connection(), checkpoints.require().position(), stop);
    } finally {
      lifecycle.moveIfPossible(before);
    }
  }

  /**
   * Makes them, one after the other; what the destination refuses is left to a person.
   *
   * @param destination the session that owns the mirror, not in autocommit mode
   * @param applied the position in the checkpoint
   */
  private void run(Connection destination, Lsn applied, StopSignal stop) throws SQLException {
    if (applied.isBefore(needed)) {
      changes.forEach(change -> outcomes.put(change.sql(), change));
      return;
    }
    try {
      stop.guard(destination);
      Map<TableName, String> inUse = new HashMap<>();
      for (SchemaChange change : changes) {
        // Columns come in their order; and once is long enough to keep others waiting.
        String reason = inUse.get(change.table());
        int millis = inUse.isEmpty() ? patience.millis : patience.furtherMillis;
        SchemaChange made =
            reason == null
                ? make(destination, change, millis, stop)
                : change.with(change.outcome(), reason);
        outcomes.put(change.sql(), made);
        if (isLocked(made)) {
          inUse.putIfAbsent(change.table(), String.valueOf(made.reason()));
        }
      }
    } catch (StoppedException e) {
      LOG.debug("the changes that are left are not made", e);
    } finally {
      stop.release(destination);
      Session.rollBack(destination);
    }
  }

  private SchemaChange make(
      Connection destination, SchemaChange change, int millis, StopSignal stop)
      throws SQLException {
    for (int attempt = 1; ; attempt++) {
      stop.check();
      try {
        Sql.execute(destination, "SET LOCAL lock_timeout = " + millis);
        // What was applied before and not waited for becomes durable by it.
        Sql.execute(destination, "SET LOCAL synchronous_commit = on");
        Sql.execute(destination, change.sql());
        destination.commit();
        return change.with(
            Outcome.APPLIED, change.outcome() == Outcome.DUE ? change.reason() : null);
      } catch (SQLException e) {
        stop.check();
        ErrorKind kind = ErrorKinds.ofSqlState(e.getSQLState());
        boolean isLocked = kind == ErrorKind.CONTENTION;
        if (kind.passesWithTime() && !isLocked) {
          throw e;
        }
        destination.rollback();
        if (change.outcome() == Outcome.WAITS && UNDEFINED_COLUMN.equals(e.getSQLState())) {
          return change.with(Outcome.WAITS, NOT_THERE);
        }
        if (!isLocked) {
          return change.with(Outcome.BY_HAND, refusal(e));
        }
        if (attempt == patience.attempts) {
          return change.with(change.outcome(), inUse(destination, change.table()));
        }
      }
    }
  }

  private static String inUse(Connection destination, TableName table) throws SQLException {
    String holders = LockHolders.of(destination, table);
    destination.rollback();
    return IN_USE
        + (holders == null ? "" : " by " + holders)
        + "; call again when no long query reads it";
  }

  private static String refusal(SQLException e) {
    return REFUSED
        + ServerMessage.of(e)
        + " [SQLSTATE "
        + e.getSQLState()
        + "]; see to that, then call again or run it";
  }
}
