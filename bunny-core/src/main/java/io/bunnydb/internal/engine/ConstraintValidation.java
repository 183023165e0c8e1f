package io.bunnydb.internal.engine;

import io.bunnydb.PeerConnectionException;
import io.bunnydb.internal.apply.Ownership;
import io.bunnydb.internal.apply.WriterSettings;
import io.bunnydb.internal.catalog.ErrorKinds;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.catalog.StopSignal.StoppedException;
import io.bunnydb.internal.schema.ConstraintNote;
import io.bunnydb.internal.schema.TableConstraint;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds the rows of tables against constraints that were made NOT VALID, one after the other, on a
 * thread and a connection of its own: rows are written meanwhile, and each moment that the server
 * looks at is one of the source. Used by the applying thread.
 */
final class ConstraintValidation {
  private static final Logger LOG = LoggerFactory.getLogger(ConstraintValidation.class);

  private final MirrorContext context;
  private final Connection owner;
  private final StopSignal stop = new StopSignal();
  private final StopSignal sessionStop;
  private @Nullable Thread thread;

  /**
   * Begins nothing yet.
   *
   * @param owner the session that owns the mirror
   * @param sessionStop ends the work, too
   */
  ConstraintValidation(MirrorContext context, Connection owner, StopSignal sessionStop) {
    this.context = context;
    this.owner = owner;
    this.sessionStop = sessionStop;
  }

  /** Whether it is at work. */
  boolean isUnderWay() {
    return thread != null && thread.isAlive();
  }

  /** Begins with some constraints; nothing else may be under way. */
  void begin(List<TableConstraint> constraints) throws SQLException {
    if (constraints.isEmpty()) {
      return;
    }
    int ownerPid = owner.unwrap(PGConnection.class).getBackendPID();
    sessionStop.onStop(stop::stop);
    thread =
        Session.startThread(
            context.config().name(), "constraints", () -> run(List.copyOf(constraints), ownerPid));
  }

  /** Stops it, and returns when it has ended. */
  void end() throws InterruptedException {
    Thread running = thread;
    while (running != null && running.isAlive()) {
      stop.stop();
      running.join(100);
    }
  }

  private void run(List<TableConstraint> constraints, int ownerPid) {
    try (Connection session = context.destinationPeer().open("constraints")) {
      try {
        stop.guard(session);
        WriterSettings.prepare(session);
        // Unlike the stream, it reads whole tables.
        Sql.execute(session, "SET enable_hashjoin = on; SET enable_mergejoin = on");
        session.setAutoCommit(false);
        for (TableConstraint constraint : constraints) {
          validate(session, constraint, ownerPid);
        }
      } finally {
        stop.release(session);
      }
    } catch (StoppedException e) {
      LOG.debug("mirror '{}': constraints are left NOT VALID", context.config().name(), e);
    } catch (SQLException | PeerConnectionException e) {
      if (!stop.isStopped()) {
        context.note("constraints are not validated yet, the next session tries again; " + e);
      }
    }
  }

  private void validate(Connection session, TableConstraint constraint, int ownerPid)
      throws SQLException {
    stop.check();
    String mirror = context.config().name();
    Ownership.joinAsHelper(session, mirror, ownerPid);
    try {
      Sql.execute(session, constraint.validateSql());
      ConstraintNote.remove(session, constraint.table(), mirror, List.of(constraint.name()));
      session.commit();
    } catch (SQLException e) {
      stop.check();
      if (ErrorKinds.ofSqlState(e.getSQLState()).passesWithTime()) {
        throw e;
      }
      session.rollback();
      if (constraint.isCheck()) {
        drop(session, constraint, ownerPid, e);
      } else {
        context.constraints().leavesInvalid(constraint, e);
      }
      return;
    }
    context.constraints().validates(constraint);
  }

  /** A check that the source's rows do not suit would refuse the next of them. */
  private void drop(Connection session, TableConstraint constraint, int ownerPid, SQLException why)
      throws SQLException {
    String mirror = context.config().name();
    Ownership.joinAsHelper(session, mirror, ownerPid);
    Sql.execute(session, "SET LOCAL lock_timeout = '1s'");
    Sql.execute(session, constraint.dropSql());
    ConstraintNote.remove(session, constraint.table(), mirror, List.of(constraint.name()));
    session.commit();
    context.constraints().drops(constraint, why);
  }
}
