package io.bunnydb.internal.engine;

import io.bunnydb.ErrorKind;
import io.bunnydb.MirrorException;
import io.bunnydb.MirrorFailure;
import io.bunnydb.internal.apply.BatchExchange.ExchangeFailedException;
import io.bunnydb.internal.catalog.ErrorKinds;
import io.bunnydb.internal.catalog.ServerMessage;
import java.sql.SQLException;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Tells errors to a user; {@link ErrorKinds} decides what they mean to the mirror. */
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
      return new MirrorException(mirror, ServerMessage.of(sql) + cure(sql), sql);
    }
    return new MirrorException(mirror, "an unexpected error, please report it: " + real, real);
  }

  /** What to do about an error of the stream or of a commit; empty where its own words must do. */
  private static String cure(SQLException error) {
    return switch (String.valueOf(error.getSQLState())) {
      case "22021", "22P05" ->
          "; the source holds a value that cannot be sent as UTF-8, and its log cannot be read past"
              + " it: mend the value, drop() the mirror and start it anew";
      case "53100" -> "; make room on that server's disk, it is tried again by itself";
      case "42501" -> "; grant the missing right, then resume";
      default -> "";
    };
  }

  /** The error's text without the mirror's name. */
  static String sentence(MirrorException error) {
    String name = "mirror '" + error.mirror() + "': ";
    String text = String.valueOf(error.getMessage());
    return text.startsWith(name) ? text.substring(name.length()) : text;
  }

  /** Whether to try again. */
  static boolean isTransient(MirrorException error) {
    return ErrorKinds.of(error).passesWithTime();
  }

  /** An error with what is known of the attempts that it ended. */
  static MirrorFailure failure(
      MirrorException error, Instant since, int attempts, @Nullable Instant nextAttempt) {
    return new MirrorFailure(
        ErrorKinds.of(error),
        String.valueOf(error.getMessage()),
        error.table(),
        error.lsn(),
        error.sqlState(),
        since,
        attempts,
        nextAttempt);
  }

  /** A failure for the event log. */
  static Map<String, String> details(MirrorFailure failure) {
    Map<String, String> details = new HashMap<>();
    details.put("kind", failure.kind().name());
    details.put("attempts", Integer.toString(failure.attempts()));
    put(details, "table", failure.table());
    put(details, "lsn", failure.lsn());
    put(details, "sqlState", failure.sqlState());
    put(details, "nextAttempt", failure.nextAttempt());
    return details;
  }

  private static void put(Map<String, String> details, String name, @Nullable Object value) {
    if (value != null) {
      details.put(name, value.toString());
    }
  }

  /** Whether a pause by this outlives the handle; a new one may come with the right password. */
  static boolean isToRemember(ErrorKind kind) {
    return kind != ErrorKind.AUTHENTICATION;
  }
}
