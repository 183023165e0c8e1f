package io.bunnydb.internal.engine;

import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.ServerMessage;
import io.bunnydb.internal.schema.TableConstraint;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Tells of the constraints that follow a mirror's tables: of those that are made, and once of each
 * that is not. Knows which the destination has refused, as these are not to be tried by every
 * session. Thread-safe.
 */
final class ConstraintReports {
  private final String mirror;
  private final EventLog events;
  private final Set<List<String>> leftOut = new HashSet<>();
  private final Set<List<String>> refused = new HashSet<>();

  ConstraintReports(String mirror, EventLog events) {
    this.mirror = mirror;
    this.events = events;
  }

  /** Lets what was refused be tried again. */
  synchronized void forgetRefusals() {
    refused.clear();
  }

  /** Whether the destination has refused a constraint, and nobody has asked to try again. */
  synchronized boolean isRefused(TableConstraint constraint) {
    return refused.contains(key(constraint.table(), constraint.name()));
  }

  /** Tells once that a constraint of a source table is not made. */
  synchronized void leavesOut(TableName table, String constraint, String reason) {
    if (leftOut.add(List.of(table.toString(), constraint, reason))) {
      events.info(
          mirror,
          sentence(table, constraint, reason),
          Map.of("table", table.toString(), "constraint", constraint));
    }
  }

  /** Why the destination is without a constraint of a source table. */
  static String sentence(TableName table, String constraint, String reason) {
    return "constraint "
        + constraint
        + " of "
        + table
        + " is not made on the destination: "
        + reason;
  }

  /** Tells that constraints were made. */
  void makes(TableName table, Collection<String> constraints) {
    events.info(
        mirror,
        "destination table " + table + " has got the constraints " + String.join(", ", constraints),
        Map.of("destinationTable", table.toString()));
  }

  /** Tells that the rows that were there suit a constraint. */
  void validates(TableConstraint constraint) {
    events.info(mirror, named(constraint) + " is validated", details(constraint));
  }

  /** Tells that a constraint was made before, and is not to be made again. */
  void findsDropped(TableConstraint constraint) {
    events.info(
        mirror,
        named(constraint) + " was dropped there after it had been made, and is not made again",
        details(constraint));
  }

  /** Tells that a constraint could not be made, and keeps it from being tried again. */
  void refuses(TableConstraint constraint, SQLException e) {
    refuse(
        constraint,
        "destination table "
            + constraint.table()
            + " does without constraint "
            + constraint.name()
            + ": "
            + cause(e)
            + "; mend the cause, then pause and resume, which tries again: "
            + constraint.addSql());
  }

  /** Tells that a check was dropped, and keeps it from being tried again. */
  void drops(TableConstraint constraint, SQLException e) {
    refuse(
        constraint,
        named(constraint)
            + " is dropped again, as rows of the source do not suit it there: "
            + cause(e));
  }

  /** Tells that rows do not suit a foreign key, and keeps it from being tried again. */
  void leavesInvalid(TableConstraint constraint, SQLException e) {
    refuse(
        constraint,
        named(constraint)
            + " stays NOT VALID: "
            + cause(e)
            + "; mend the rows, on the source if it has such, then pause and resume, which tries"
            + " again: "
            + constraint.validateSql());
  }

  private void refuse(TableConstraint constraint, String what) {
    synchronized (this) {
      refused.add(key(constraint.table(), constraint.name()));
    }
    events.warn(mirror, what, details(constraint));
  }

  private static String named(TableConstraint constraint) {
    return "constraint " + constraint.name() + " of destination table " + constraint.table();
  }

  private static String cause(SQLException e) {
    return ServerMessage.of(e) + " [SQLSTATE " + e.getSQLState() + "]";
  }

  private static List<String> key(TableName table, String constraint) {
    return List.of(table.toString(), constraint);
  }

  private static Map<String, String> details(TableConstraint constraint) {
    return Map.of(
        "destinationTable", constraint.table().toString(), "constraint", constraint.name());
  }
}
