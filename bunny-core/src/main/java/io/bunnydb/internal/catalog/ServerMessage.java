package io.bunnydb.internal.catalog;

import java.sql.SQLException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** A server's words, without those that show values of a row. */
public final class ServerMessage {
  // Of the data exceptions that quote what they could not read; "encoding "UTF8"" is not such.
  private static final Pattern STATE_THAT_QUOTES = Pattern.compile("22(?!021|P05).*");
  private static final Pattern QUOTED = Pattern.compile("(?s)\".*\"");

  private ServerMessage() {}

  /** The message without its detail and without what it quotes of a row. */
  public static String of(SQLException error) {
    ServerErrorMessage message =
        error instanceof PSQLException p ? p.getServerErrorMessage() : null;
    String words =
        message == null || message.getMessage() == null
            ? String.valueOf(error.getMessage())
            : message.getMessage()
                + (message.getConstraint() == null
                    ? ""
                    : " (constraint " + message.getConstraint() + ")")
                + (message.getColumn() == null ? "" : " (column " + message.getColumn() + ")");
    return withoutValues(error.getSQLState(), words);
  }

  /** The words of an error, its quotations replaced where they may be values. */
  static String withoutValues(@Nullable String sqlState, String words) {
    return sqlState != null && STATE_THAT_QUOTES.matcher(sqlState).matches()
        ? QUOTED.matcher(words).replaceAll("\"...\"")
        : words;
  }
}
