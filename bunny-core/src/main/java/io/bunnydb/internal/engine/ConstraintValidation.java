package io.bunnydb.internal.engine;

import io.bunnydb.PeerConnectionException;
import io.bunnydb.TableName;
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
import java.util.ArrayList;
import java.util.Collection;
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

  private static final String UNDEFINED_OBJECT = "42704";

  private final MirrorContext context;
  private final Connection owner;
  private final StopSignal sessionStop;

  // The first is the one that is at work; guarded by this.
  private final List<TableConstraint> left = new ArrayList<>();
  private StopSignal stop = new StopSignal();
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
    synchronized (this) {
      left.clear();
      left.addAll(constraints);
    }
    StopSignal mine = new StopSignal();
    stop = mine;
    sessionStop.onStop(mine::stop);
    thread = Session.startThread(context.config().name(), "constraints", () -> run(mine, ownerPid));
  }

  /**
   * Sees to it that no lock on tables is held that are to be emptied, for which their TRUNCATE
   * would wait as long as rows are read.
   *
   * @return the constraints that are not validated now
   */
  List<TableConstraint> makeWay(Collection<TableName> emptied) {
    if (!isUnderWay()) {
      return List.of();
    }
    boolean isInTheWay;
    List<TableConstraint> givenUp = new ArrayList<>();
    synchronized (this) {
      isInTheWay = !left.isEmpty() && left.get(0).concerns(emptied);
      if (!isInTheWay) {
        left.stream().filter(constraint -> constraint.concerns(emptied)).forEach(givenUp::add);
        left.removeAll(givenUp);
      }
    }
    if (isInTheWay) {
      end();
      synchronized (this) {
        givenUp.addAll(left);
        left.clear();
      }
    }
    return givenUp;
  }

  /** Stops it, and returns when it has ended. */
  void end() {
    Thread running = thread;
    boolean isInterrupted = false;
    while (running != null && running.isAlive()) {
      stop.stop();
      try {
        running.join(100);
      } catch (InterruptedException e) {
        isInterrupted = true;
      }
    }
    if (isInterrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized @Nullable TableConstraint next() {
    return left.isEmpty() ? null : left.get(0);
  }

  private synchronized void ends(TableConstraint constraint) {
    left.remove(constraint);
  }

  private void run(StopSignal mine, int ownerPid) {
    try (Connection session = context.destinationPeer().open("constraints")) {
      try {
        mine.guard(session);
        WriterSettings.prepare(session);
        // Unlike the stream, it reads whole tables.
        WriterSettings.readWholeTables(session);
        session.setAutoCommit(false);
        for (TableConstraint each = next(); each != null; each = next()) {
          validate(session, each, mine, ownerPid);
          ends(each);
        }
      } finally {
        mine.release(session);
      }
    } catch (StoppedException e) {
      LOG.debug("mirror '{}': constraints are left NOT VALID", context.config().name(), e);
    } catch (SQLException | PeerConnectionException e) {
      if (!mine.isStopped()) {
        context.note("constraints are not validated yet, the next session tries again; " + e);
      }
    }
  }

  private void validate(
      Connection session, TableConstraint constraint, StopSignal mine, int ownerPid)
      throws SQLException {
    mine.check();
    String mirror = context.config().name();
    Ownership.joinAsHelper(session, mirror, ownerPid);
    try {
      Sql.execute(session, constraint.validateSql());
      takeOff(session, constraint);
    } catch (SQLException e) {
      mine.check();
      if (ErrorKinds.ofSqlState(e.getSQLState()).passesWithTime()) {
        throw e;
      }
      session.rollback();
      doWithout(session, constraint, ownerPid, e);
      return;
    }
    context.constraints().validates(constraint);
  }

  private void doWithout(
      Connection session, TableConstraint constraint, int ownerPid, SQLException why)
      throws SQLException {
    boolean isDropped = UNDEFINED_OBJECT.equals(why.getSQLState());
    if (!isDropped && !constraint.isCheck()) {
      context.constraints().leavesInvalid(constraint, why);
      return;
    }
    Ownership.joinAsHelper(session, context.config().name(), ownerPid);
    if (!isDropped) {
      // A check that the source's rows do not suit would refuse the next of them.
      Sql.execute(session, "SET LOCAL lock_timeout = '1s'");
      Sql.execute(session, constraint.dropSql());
    }
    takeOff(session, constraint);
    if (isDropped) {
      context.constraints().findsDropped(constraint);
    } else {
      context.constraints().drops(constraint, why);
    }
  }

  /** Takes a constraint off the note, and commits. */
  private void takeOff(Connection session, TableConstraint constraint) throws SQLException {
    ConstraintNote.update(
        session,
        constraint.table(),
        context.config().name(),
        List.of(),
        List.of(constraint.name()));
    session.commit();
  }
}
