package io.bunnydb.internal.catalog;

import io.bunnydb.ApplyException;
import io.bunnydb.CopyException;
import io.bunnydb.ErrorKind;
import io.bunnydb.MirrorException;
import io.bunnydb.MirrorOwnedException;
import io.bunnydb.PeerConnectionException;
import io.bunnydb.PreflightException;
import io.bunnydb.SlotLostException;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** The one place that says of which kind an error is, and so whether it passes with time. */
public final class ErrorKinds {
  private ErrorKinds() {}

  /** The kind of an error. */
  public static ErrorKind of(MirrorException error) {
    if (error instanceof MirrorOwnedException) {
      return ErrorKind.OWNED;
    }
    if (error instanceof SlotLostException) {
      return ErrorKind.SLOT_LOST;
    }
    if (error instanceof PreflightException) {
      return ErrorKind.REFUSED;
    }
    Throwable cause = error.getCause();
    if (cause == null) {
      // What Bunny found by itself: of a table, it does not fit.
      return error.table() == null ? ErrorKind.REFUSED : ErrorKind.SCHEMA;
    }
    boolean isOfAServer =
        error instanceof PeerConnectionException
            || error instanceof ApplyException
            || error instanceof CopyException
            || error.getClass() == MirrorException.class;
    return isOfAServer && cause instanceof SQLException
        ? ofSqlState(error.sqlState())
        : ErrorKind.INTERNAL;
  }

  /**
   * The kind of an error that a server or the driver reported ("PostgreSQL Error Codes" in the
   * PostgreSQL documentation). What is not known is taken for one that does not pass with time.
   */
  public static ErrorKind ofSqlState(@Nullable String sqlState) {
    if (sqlState == null || sqlState.length() != 5) {
      return ErrorKind.INTERNAL;
    }
    return switch (sqlState) {
      // Protocol violation.
      case "08P01" -> ErrorKind.INTERNAL;
      // The driver's word for a login that server and client cannot agree on; no such database.
      case "08004", "3D000", "57P04" -> ErrorKind.AUTHENTICATION;
      // Read only: a standby, which may be promoted, or the name may soon lead to the new primary.
      case "25006", "53300" -> ErrorKind.SERVER_BUSY;
      // The server ended a session that stood still, or whose transaction took too long.
      case "25P03", "25P04" -> ErrorKind.CONNECTION;
      // An integrity constraint, though in the class of rollbacks.
      case "40002" -> ErrorKind.CONSTRAINT;
      case "42501" -> ErrorKind.PRIVILEGE;
      case "55006", "55P03" -> ErrorKind.CONTENTION;
      // A file of the server that is not there, or that should not be.
      case "58P01", "58P02" -> ErrorKind.INTERNAL;
      default -> ofClass(sqlState.substring(0, 2));
    };
  }

  private static ErrorKind ofClass(String sqlClass) {
    return switch (sqlClass) {
      case "08" -> ErrorKind.CONNECTION;
      case "57" -> ErrorKind.SERVER_BUSY;
      // Rollback (serialization, deadlock); snapshot too old.
      case "40", "72" -> ErrorKind.CONTENTION;
      case "53", "58" -> ErrorKind.RESOURCES;
      case "28" -> ErrorKind.AUTHENTICATION;
      case "0L", "0P" -> ErrorKind.PRIVILEGE;
      // Not supported, dependent objects, schema name, syntax or name, prerequisite state.
      case "0A", "2B", "3F", "42", "55" -> ErrorKind.SCHEMA;
      // Integrity, triggers, routines (in SQL, external, PL/pgSQL), WITH CHECK OPTION.
      case "09", "23", "27", "2F", "38", "39", "44", "P0" -> ErrorKind.CONSTRAINT;
      // No data, case not found, cardinality, data, limits of what a row may hold.
      case "02", "20", "21", "22", "54" -> ErrorKind.DATA;
      default -> ErrorKind.INTERNAL;
    };
  }
}
