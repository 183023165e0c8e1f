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

/**
 * The failure that paused a mirror, or quarantined a table, as the checkpoint keeps it: a text that
 * people can read, too.
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
    MirrorFailure noted = parse(text, start);
    MirrorException error =
        new MirrorException(
            mirror, "paused by an error before this start: " + noted.message(), null);
    return new KeptFailure(
        error,
        new MirrorFailure(
            noted.kind(),
            String.valueOf(error.getMessage()),
            noted.table(),
            noted.lsn(),
            noted.sqlState(),
            noted.since(),
            1,
            null));
  }

  /**
   * Reads a text that was kept as the failure that it was; of one in another form, the words alone
   * are known.
   *
   * @param start stands for the time that such a text does not tell
   */
  static MirrorFailure parse(String text, Instant start) {
    Matcher matcher = TEXT.matcher(text);
    if (matcher.matches()) {
      try {
        return new MirrorFailure(
            ErrorKind.valueOf(matcher.group(1)),
            matcher.group(6),
            matcher.group(5) == null ? null : TableName.parse(matcher.group(5)),
            matcher.group(3) == null ? null : Lsn.parse(matcher.group(3)),
            matcher.group(4),
            Instant.parse(matcher.group(2)),
            1,
            null);
      } catch (IllegalArgumentException | DateTimeException e) {
        // A later Bunny may have kinds that this one does not know.
        return ofWords(matcher.group(6), start);
      }
    }
    return ofWords(text, start);
  }

  private static MirrorFailure ofWords(String words, Instant start) {
    return new MirrorFailure(ErrorKind.REFUSED, words, null, null, null, start, 1, null);
  }
}
