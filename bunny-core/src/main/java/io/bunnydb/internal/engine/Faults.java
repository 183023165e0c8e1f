package io.bunnydb.internal.engine;

import io.bunnydb.ApplyException;
import io.bunnydb.CopyException;
import io.bunnydb.MirrorException;
import io.bunnydb.MirrorOwnedException;
import io.bunnydb.PeerConnectionException;
import io.bunnydb.internal.apply.BatchExchange.ExchangeFailedException;
import io.bunnydb.internal.catalog.SqlState;
import java.sql.SQLException;

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

  /** Whether to try again. */
  static boolean isTransient(MirrorException error) {
    if (error instanceof MirrorOwnedException) {
      return true;
    }
    boolean canPass =
        error instanceof PeerConnectionException
            || error instanceof ApplyException
            || error instanceof CopyException
            || error.getClass() == MirrorException.class;
    return canPass && SqlState.isTransient(error.sqlState());
  }
}
