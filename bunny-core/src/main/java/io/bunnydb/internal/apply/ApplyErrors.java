package io.bunnydb.internal.apply;

import io.bunnydb.ApplyException;
import io.bunnydb.Lsn;
import java.sql.BatchUpdateException;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** Says why the destination refused a change, and what helps. */
final class ApplyErrors {
  private ApplyErrors() {}

  static ApplyException refused(
      String mirror, @Nullable DestinationTable target, long commitLsn, SQLException e) {
    SQLException cause = e;
    if (e instanceof BatchUpdateException && e.getNextException() != null) {
      cause = e.getNextException();
    }
    return new ApplyException(
        mirror,
        target == null ? null : target.name(),
        new Lsn(commitLsn),
        describe(cause) + "; " + cure(cause, target),
        cause);
  }

  /** The server's words without the detail, which shows values of the row. */
  private static String describe(SQLException e) {
    ServerErrorMessage message = e instanceof PSQLException p ? p.getServerErrorMessage() : null;
    if (message == null || message.getMessage() == null) {
      return String.valueOf(e.getMessage());
    }
    return message.getMessage()
        + (message.getConstraint() == null ? "" : " (constraint " + message.getConstraint() + ")")
        + (message.getColumn() == null ? "" : " (column " + message.getColumn() + ")");
  }

  private static String cure(SQLException e, @Nullable DestinationTable target) {
    String state = e.getSQLState() == null ? "" : e.getSQLState();
    return switch (state) {
      case "23505" ->
          "the destination has a row with this key that the source does not know"
              + (target == null ? "" : " (key columns " + target.keySql() + ")")
              + (target != null && target.overwrites
                  ? "; remove it, or the constraint if the source has none such, then resume"
                  : "; remove it, or choose onExistingRow(OVERWRITE), then resume");
      case StatementRun.NO_DATA -> "put it back, or choose onMissingRow(CONTINUE), then resume";
      case "23502", "23503", "23514", "23P01" ->
          "relax the destination's constraint or mend its rows, then resume";
      case "42P10" ->
          "the destination table lacks "
              + (target == null ? "a unique index" : "a unique index over " + target.keySql())
              + "; add it, then resume";
      case "42501" -> "grant the missing right on the destination, then resume";
      case "42P01", "42703" -> "mend the destination table, then resume";
      case "0A000" -> "remove what on the destination depends on the table, then resume";
      default -> state.startsWith("22") ? "widen the column's type, then resume" : "see the cause";
    };
  }
}
