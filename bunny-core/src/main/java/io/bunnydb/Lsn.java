package io.bunnydb;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A log sequence number: a byte position in the source's write-ahead log.
 *
 * <p>Immutable. The 64 bits are unsigned, as in PostgreSQL ("pg_lsn Type" in the PostgreSQL
 * documentation); {@link #compareTo} and {@link #bytesSince} treat them so.
 *
 * @param value the position in bytes, unsigned
 */
public record Lsn(long value) implements Comparable<Lsn> {

  /** The position that no record has: {@code 0/0}. */
  public static final Lsn ZERO = new Lsn(0);

  private static final Pattern TEXT = Pattern.compile("([0-9A-Fa-f]{1,8})/([0-9A-Fa-f]{1,8})");

  /**
   * Reads PostgreSQL's text form.
   *
   * @param text two hexadecimal halves divided by a slash, such as {@code 16/B374D848}
   * @return the position
   * @throws IllegalArgumentException if the text is anything else
   */
  public static Lsn parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "not an LSN (expected a form such as 16/B374D848): " + text);
    }
    long high = Long.parseLong(matcher.group(1), 16);
    long low = Long.parseLong(matcher.group(2), 16);
    return new Lsn(high << 32 | low);
  }

  /** Whether this position lies before the other. */
  public boolean isBefore(Lsn other) {
    return compareTo(other) < 0;
  }

  /** Whether this position lies behind the other. */
  public boolean isAfter(Lsn other) {
    return compareTo(other) > 0;
  }

  /** The smaller of two positions. */
  public static Lsn min(Lsn a, Lsn b) {
    return a.isBefore(b) ? a : b;
  }

  /** The larger of two positions. */
  public static Lsn max(Lsn a, Lsn b) {
    return a.isAfter(b) ? a : b;
  }

  /** Bytes of log from the other position to this one; 0 where the other is not before this. */
  public long bytesSince(Lsn other) {
    return isAfter(other) ? value - other.value : 0;
  }

  @Override
  public int compareTo(Lsn other) {
    return Long.compareUnsigned(value, other.value);
  }

  /** PostgreSQL's text form, such as {@code 16/B374D848}. */
  @Override
  public String toString() {
    return Long.toHexString(value >>> 32).toUpperCase(java.util.Locale.ROOT)
        + "/"
        + Long.toHexString(value & 0xFFFF_FFFFL).toUpperCase(java.util.Locale.ROOT);
  }
}
