package io.bunnydb.pgoutput;

/**
 * Bytes that are not the message they claim to be: an unknown byte, a short buffer, a wrong count.
 *
 * <p>The text says what was expected, what was found and where; it never holds a column's value.
 */
public final class PgOutputException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final int offset;

  PgOutputException(String message, int offset) {
    super(message + " at offset " + offset);
    this.offset = offset;
  }

  /** Where the fault lies, in bytes from the start of the message; its kind byte has offset 0. */
  public int offset() {
    return offset;
  }
}
