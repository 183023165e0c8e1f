package io.bunnydb.internal.engine;

import io.bunnydb.ApplyException;
import io.bunnydb.CopyException;
import io.bunnydb.MirrorException;
import io.bunnydb.MirrorOwnedException;
import io.bunnydb.PeerConnectionException;
import io.bunnydb.internal.apply.BatchExchange.ExchangeFailedException;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** Decides what an error means to a mirror: whether it passes with time. */
final class Faults {
  private Faults() {}

  /** The error as a user sees it. */
  static MirrorException describe(String mirror, Throwable error) {
    Throwable real =
        error instanceof ExchangeFailedException && error.getCause() != null
            ? error.getCause()
            : error;
    if (real instanceof MirrorException known) {
      return known;
    }
    if (real instanceof SQLException sql) {
      return new MirrorException(mirror, sql.getMessage() + cure(sql), sql);
    }
    return new MirrorException(mirror, "an unexpected error, please report it: " + real, real);
  }

  /** What to do about an error of the stream itself; empty where its own words must do. */
  private static String cure(SQLException error) {
    // Character not in repertoire, untranslatable character.
    return "22021".equals(error.getSQLState()) || "22P05".equals(error.getSQLState())
        ? "; the source holds a value that cannot be sent as UTF-8, and its log cannot be read past"
            + " it: mend the value, drop() the mirror and start it anew"
        : "";
  }

  /**
   * Whether to try again: connections, restarts, deadlocks, lack of room and locks pass; what the
   * data, the schema or the rights forbid does not.
   */
  static boolean isTransient(MirrorException error) {
    if (error instanceof MirrorOwnedException) {
      return true;
    }
    boolean canPass =
        error instanceof PeerConnectionException
            || error instanceof ApplyException
            || error instanceof CopyException
            || error.getClass() == MirrorException.class;
    return canPass && isTransient(error.sqlState());
  }

  // "PostgreSQL Error Codes" in the PostgreSQL documentation.
  private static boolean isTransient(@Nullable String sqlState) {
    if (sqlState == null || sqlState.length() != 5) {
      return false;
    }
    return switch (sqlState.substring(0, 2)) {
      // Rollback (serialization, deadlock), resources, system error.
      case "40", "53", "58" -> true;
      // Connection, but for the protocol being violated.
      case "08" -> !sqlState.equals("08P01");
      // Operator intervention: cancelled, shut down, crashed, starting up; not: database dropped.
      case "57" -> !sqlState.equals("57P04");
      // A standby, which may be promoted, or the name may soon lead to the new primary.
      case "25" -> sqlState.equals("25006");
      // Object in use, lock not available.
      case "55" -> sqlState.equals("55006") || sqlState.equals("55P03");
      default -> false;
    };
  }
}
