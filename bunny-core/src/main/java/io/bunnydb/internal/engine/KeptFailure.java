package io.bunnydb.internal.engine;

import io.bunnydb.ErrorKind;
import io.bunnydb.Lsn;
import io.bunnydb.MirrorException;
import io.bunnydb.MirrorFailure;
import io.bunnydb.TableName;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The failure that paused a mirror, as its checkpoint keeps it: a text that people can read, too.
 *
 * <pre>
 * [CONSTRAINT since 2026-11-26T08:21:03Z, at 0/1A2B, SQLSTATE 23505, table public.a] mirror 'm', table ...
 * </pre>
 *
 * @param error what those who wait are told
 * @param failure what the status shows
 */
record KeptFailure(MirrorException error, MirrorFailure failure) {
  private static final Pattern TEXT =
      Pattern.compile(
          "(?s)\\[([A-Z_]+) since ([^,\\]]+)(?:, at ([0-9A-F/]+))?(?:, SQLSTATE (\\w{5}))?"
              + "(?:, table ((?:\"[^\"]*\"|[^\"\\]])+))?] (.*)");

  /** The text to keep. */
  static String toText(MirrorFailure failure) {
    return "["
        + failure.kind()
        + " since "
        + failure.since()
        + (failure.lsn() == null ? "" : ", at " + failure.lsn())
        + (failure.sqlState() == null ? "" : ", SQLSTATE " + failure.sqlState())
        + (failure.table() == null ? "" : ", table " + failure.table())
        + "] "
        + failure.message();
  }

  /**
   * Reads a text that was kept; of one in another form, the words alone are known.
   *
   * @param start stands for the time that such a text does not tell
   */
  static KeptFailure read(String mirror, String text, Instant start) {
    Matcher matcher = TEXT.matcher(text);
    if (matcher.matches()) {
      try {
        return of(
            mirror,
            matcher.group(6),
            ErrorKind.valueOf(matcher.group(1)),
            Instant.parse(matcher.group(2)),
            matcher.group(3) == null ? null : Lsn.parse(matcher.group(3)),
            matcher.group(4),
            matcher.group(5) == null ? null : TableName.parse(matcher.group(5)));
      } catch (IllegalArgumentException | DateTimeException e) {
        // A later Bunny may have kinds that this one does not know.
        return of(mirror, matcher.group(6), ErrorKind.REFUSED, start, null, null, null);
      }
    }
    return of(mirror, text, ErrorKind.REFUSED, start, null, null, null);
  }

  private static KeptFailure of(
      String mirror,
      String words,
      ErrorKind kind,
      Instant since,
      @Nullable Lsn lsn,
      @Nullable String sqlState,
      @Nullable TableName table) {
    MirrorException error =
        new MirrorException(mirror, "paused by an error before this start: " + words, null);
    return new KeptFailure(
        error,
        new MirrorFailure(
            kind, String.valueOf(error.getMessage()), table, lsn, sqlState, since, 1, null));
  }
}
