package io.bunnydb.internal.apply;

import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import org.postgresql.copy.CopyIn;

/**
 * A {@code COPY ... FROM STDIN} in text form: columns divided by tabs, rows by line feeds, NULL as
 * backslash-N, special characters escaped by a backslash ("COPY", section File Formats, in the
 * PostgreSQL documentation).
 */
public final class CopyText extends CopyRows {
  private static final int PIECE_BYTES = 32 << 10;
  private static final byte[] NULL = "\\N".getBytes(StandardCharsets.US_ASCII);

  private boolean isRowBegun;

  /**
   * Begins.
   *
   * @param copy the command, which takes text form
   */
  public CopyText(CopyIn copy) {
    super(copy);
  }

  @Override
  public void beginRow() {
    isRowBegun = false;
  }

  @Override
  public void value(byte[] from, int offset, int size) throws SQLException {
    divide();
    // Large values go to the server in pieces, so that none is held a second time.
    int end = offset + size;
    for (int piece = offset; piece < end; piece += PIECE_BYTES) {
      putEscaped(from, piece, Math.min(end, piece + PIECE_BYTES));
      flushIfFull();
    }
  }

  @Override
  public void nullValue() {
    divide();
    System.arraycopy(NULL, 0, reserve(NULL.length), length(), NULL.length);
    length(length() + NULL.length);
  }

  @Override
  public void endRow() throws SQLException {
    put((byte) '\n');
    flushIfFull();
  }

  @Override
  void finish() {
    // The driver's end of the command is the end of the rows.
  }

  private void divide() {
    if (isRowBegun) {
      put((byte) '\t');
    }
    isRowBegun = true;
  }

  private void putEscaped(byte[] from, int start, int end) {
    byte[] to = reserve(2 * (end - start));
    int at = length();
    for (int i = start; i < end; i++) {
      byte b = from[i];
      if (b == '\\' || b == '\n' || b == '\r' || b == '\t') {
        to[at++] = '\\';
        to[at++] = escaped(b);
      } else {
        to[at++] = b;
      }
    }
    length(at);
  }

  private static byte escaped(byte b) {
    return switch (b) {
      case '\n' -> 'n';
      case '\r' -> 'r';
      case '\t' -> 't';
      default -> b;
    };
  }

  private void put(byte b) {
    reserve(1)[length()] = b;
    length(length() + 1);
  }
}
