package io.bunnydb.internal.engine;

import io.bunnydb.ErrorKind;
import io.bunnydb.Lsn;
import io.bunnydb.TableName;
import io.bunnydb.TableState;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.ErrorKinds;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.schema.ConstraintNote;
import io.bunnydb.internal.schema.ConstraintScope;
import io.bunnydb.internal.schema.SourceConstraint;
import io.bunnydb.internal.schema.SourceConstraint.Reference;
import io.bunnydb.internal.schema.TableConstraint;
import io.bunnydb.internal.source.MirroredTable;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.TableCheckpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Makes the check and foreign-key constraints of tables that Bunny made, once their rows suit them:
 * when all tables are of one state of the source, and everything is applied that had committed when
 * the constraints were read there. They are made NOT VALID by the applying session, between two of
 * its transactions; that the rows suit them is then proved beside the stream, by {@link
 * ConstraintValidation}.
 *
 * <p>Lives as long as a session follows the stream. Used by the applying thread.
 */
final class LateConstraints {
  // A key is held up by whoever has written to either of its tables, and has not committed.
  private static final String LOCK_TIMEOUT = "SET LOCAL lock_timeout = '1s'";
  private static final long FIRST_WAIT_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final long LONGEST_WAIT_NANOS = TimeUnit.MINUTES.toNanos(10);

  // To validate holds up nobody, unlike to make.
  private static final long EAGERNESS = 20;

  private final MirrorContext context;
  private final Connection destination;
  private final ConstraintValidation validation;

  // By the destination table; what waits for a lock is tried again.
  private Map<TableName, List<TableConstraint>> wanted = new LinkedHashMap<>();
  private final Map<TableName, List<String>> gone = new HashMap<>();
  private Lsn due = Lsn.ZERO;
  private long nextAttemptNanos = System.nanoTime();
  private long waitNanos = FIRST_WAIT_NANOS;

  private LateConstraints(
      MirrorContext context, Connection destination, ConstraintValidation validation) {
    this.context = context;
    this.destination = destination;
    this.validation = validation;
  }

  /**
   * Finds out which are to be made, and when.
   *
   * @param checkpoint where the stream begins; nothing is to be made before all tables have joined
   * @param tables the checkpoint's tables, as they are on the source
   * @param destination the session that owns the mirror, with no transaction open
   * @param stop ends the work
   */
  static LateConstraints look(
      MirrorContext context,
      Checkpoint checkpoint,
      List<MirroredTable> tables,
      Connection source,
      Connection destination,
      StopSignal stop)
      throws SQLException {
    LateConstraints found =
        new LateConstraints(
            context, destination, new ConstraintValidation(context, destination, stop));
    if (Joining.isJoined(checkpoint)) {
      Map<TableName, ConstraintNote> notes =
          ConstraintNote.read(destination, context.config().name());
      destination.commit();
      if (!notes.isEmpty()) {
        found.readSource(checkpoint, tables, source, notes);
      }
    }
    return found;
  }

  private void readSource(
      Checkpoint checkpoint,
      List<MirroredTable> tables,
      Connection source,
      Map<TableName, ConstraintNote> notes)
      throws SQLException {
    Map<Long, MirroredTable> byOid = new HashMap<>();
    Set<Long> live = new HashSet<>();
    for (int i = 0; i < tables.size(); i++) {
      TableCheckpoint known = checkpoint.tables().get(i);
      byOid.put(tables.get(i).table().oid(), tables.get(i));
      if (known.state() == TableState.LIVE) {
        live.add(tables.get(i).table().oid());
        due = Lsn.max(due, known.from());
      }
    }
    ConstraintScope scope =
        new ConstraintScope(
            byOid,
            destination.getMetaData().getDatabaseMajorVersion(),
            context.destination().areTriggersSilent(),
            !context.destination().store().joinsDestination(),
            context.config().options().schema().hasForeignKeys());
    for (MirroredTable table : tables) {
      ConstraintNote note = notes.get(table.mapping().destination());
      if (note != null && live.contains(table.table().oid())) {
        readTable(table, note, scope, live, source);
      }
    }
    if (!wanted.isEmpty()) {
      due = Lsn.max(due, Catalog.logEndToReach(source));
      context.progress().want(due);
    }
  }

  private void readTable(
      MirroredTable table,
      ConstraintNote note,
      ConstraintScope scope,
      Set<Long> live,
      Connection source)
      throws SQLException {
    TableName target = table.mapping().destination();
    List<SourceConstraint> noted = SourceConstraint.of(source, table.table().oid());
    List<String> unseen = note.names();
    noted.removeIf(c -> !unseen.remove(c.name()) || refersToOneSetAside(c, scope, live));
    ConstraintScope.Selection found = scope.select(noted, table);
    found
        .leftOut()
        .forEach(
            (name, obstacle) ->
                context.constraints().leavesOut(table.table().name(), name, obstacle));
    List<TableConstraint> mine = new ArrayList<>(found.made());
    mine.removeIf(context.constraints()::isRefused);
    if (!mine.isEmpty() || !unseen.isEmpty()) {
      wanted.put(target, mine);
      gone.put(target, unseen);
    }
  }

  private static boolean refersToOneSetAside(
      SourceConstraint constraint, ConstraintScope scope, Set<Long> live) {
    Reference reference = constraint.reference();
    return reference != null
        && scope.tables().containsKey(reference.oid())
        && !live.contains(reference.oid());
  }

  /**
   * Makes what is due.
   *
   * @param position everything before it is applied and committed, and no transaction is open
   */
  void reached(Lsn position) throws SQLException {
    if (wanted.isEmpty()
        || position.isBefore(due)
        || System.nanoTime() - nextAttemptNanos < 0
        || validation.isUnderWay()) {
      return;
    }
    Map<TableName, List<TableConstraint>> locked = new LinkedHashMap<>();
    List<TableConstraint> added = new ArrayList<>();
    for (Map.Entry<TableName, List<TableConstraint>> entry : wanted.entrySet()) {
      // One lock is waited for, not one after the other.
      if (!locked.isEmpty() || !make(entry.getKey(), entry.getValue(), added)) {
        locked.put(entry.getKey(), entry.getValue());
      }
    }
    wanted = locked;
    nextAttemptNanos = System.nanoTime() + waitNanos;
    waitNanos = Math.min(2 * waitNanos, LONGEST_WAIT_NANOS);
    validation.begin(added);
  }

  /** Makes those of one table in one transaction; gives whether its lock could be had. */
  private boolean make(
      TableName table, List<TableConstraint> constraints, List<TableConstraint> added)
      throws SQLException {
    String mirror = context.config().name();
    List<TableConstraint> toValidate = new ArrayList<>();
    List<TableConstraint> dropped = new ArrayList<>();
    List<String> made = new ArrayList<>();
    List<String> done = new ArrayList<>(gone.getOrDefault(table, List.of()));
    try {
      Sql.execute(destination, LOCK_TIMEOUT);
      Map<String, Boolean> there = validityByName(table);
      ConstraintNote note =
          ConstraintNote.read(destination, mirror).getOrDefault(table, ConstraintNote.NONE);
      for (TableConstraint constraint : constraints) {
        Boolean isValid = there.get(constraint.name());
        if (isValid == null && note.made().contains(constraint.name())) {
          dropped.add(constraint);
          done.add(constraint.name());
          continue;
        }
        if (isValid == null) {
          if (context.constraints().isRefused(constraint) || !add(constraint)) {
            continue;
          }
          made.add(constraint.name());
        }
        if (constraint.isToValidate() && !Boolean.TRUE.equals(isValid)) {
          toValidate.add(constraint);
        } else {
          done.add(constraint.name());
        }
      }
      List<String> validating = toValidate.stream().map(TableConstraint::name).toList();
      ConstraintNote.update(destination, table, mirror, validating, done);
      destination.commit();
    } catch (SQLException e) {
      ErrorKind kind = ErrorKinds.ofSqlState(e.getSQLState());
      if (kind.passesWithTime() && kind != ErrorKind.CONTENTION) {
        throw e;
      }
      destination.rollback();
      if (kind != ErrorKind.CONTENTION) {
        constraints.forEach(constraint -> context.constraints().refuses(constraint, e));
      }
      return kind != ErrorKind.CONTENTION;
    }
    added.addAll(toValidate);
    dropped.forEach(context.constraints()::findsDropped);
    if (!made.isEmpty()) {
      context.constraints().makes(table, made);
    }
    return true;
  }

  private boolean add(TableConstraint constraint) throws SQLException {
    Savepoint before = destination.setSavepoint();
    try {
      Sql.execute(destination, constraint.addSql());
    } catch (SQLException e) {
      if (ErrorKinds.ofSqlState(e.getSQLState()).passesWithTime()) {
        throw e;
      }
      destination.rollback(before);
      context.constraints().refuses(constraint, e);
      return false;
    }
    destination.releaseSavepoint(before);
    return true;
  }

  private Map<String, Boolean> validityByName(TableName table) throws SQLException {
    Map<String, Boolean> found = new HashMap<>();
    Sql.query(
        destination,
        """
        SELECT k.conname, k.convalidated
        FROM pg_catalog.pg_constraint k
        JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = ? AND c.relname = ?
        """,
        row -> found.put(row.getString(1), row.getBoolean(2)) == null,
        table.schema(),
        table.name());
    return found;
  }

  /** Gives up the validation of tables that are about to be emptied; it is tried again later. */
  void makeWay(Collection<TableName> emptied) {
    List<TableConstraint> givenUp = validation.makeWay(emptied);
    for (TableConstraint constraint : givenUp) {
      wanted.computeIfAbsent(constraint.table(), table -> new ArrayList<>()).add(constraint);
    }
    if (!givenUp.isEmpty()) {
      nextAttemptNanos = System.nanoTime() + waitNanos / EAGERNESS;
    }
  }

  /** Ends what is under way; the next session goes on with it. */
  void end() {
    validation.end();
  }
}
