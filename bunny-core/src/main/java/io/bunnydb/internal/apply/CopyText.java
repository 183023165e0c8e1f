package io.bunnydb.internal.apply;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/**
 * A {@code COPY ... FROM STDIN} in text form: columns divided by tabs, rows by line feeds, NULL as
 * backslash-N, special characters escaped by a backslash ("COPY", section File Formats, in the
 * PostgreSQL documentation). Values go from the batch to the driver as bytes.
 *
 * <p>The connection can do nothing else until {@link #end} or {@link #cancel}. Used by one thread.
 */
final class CopyText {
  private static final int FLUSH_BYTES = 64 << 10;
  private static final int PIECE_BYTES = 32 << 10;
  private static final byte[] NULL = "\\N".getBytes(StandardCharsets.US_ASCII);

  private final CopyIn copy;
  private byte[] buffer = new byte[8 << 10];
  private int length;
  private boolean isRowBegun;

  /** Begins the command. */
  CopyText(Connection destination, String sql) throws SQLException {
    copy = destination.unwrap(PGConnection.class).getCopyAPI().copyIn(sql);
  }

  /** Adds a value to the row. */
  void value(byte[] from, int offset, int size) throws SQLException {
    divide();
    putEscaped(from, offset, size);
  }

  /** Adds a NULL to the row. */
  void nullValue() {
    divide();
    reserve(NULL.length);
    System.arraycopy(NULL, 0, buffer, length, NULL.length);
    length += NULL.length;
  }

  /** Ends the row. */
  void endRow() throws SQLException {
    put((byte) '\n');
    isRowBegun = false;
    if (length >= FLUSH_BYTES) {
      flush();
    }
  }

  /** Ends the command; gives the number of rows that the server took, negative if unknown. */
  long end() throws SQLException {
    flush();
    return copy.endCopy();
  }

  /** Breaks the command off, if it has not ended. */
  void cancel() throws SQLException {
    if (copy.isActive()) {
      copy.cancelCopy();
    }
  }

  private void divide() {
    if (isRowBegun) {
      put((byte) '\t');
    }
    isRowBegun = true;
  }

  /** Large values go to the server in pieces, so that none is held a second time. */
  private void putEscaped(byte[] from, int offset, int size) throws SQLException {
    int end = offset + size;
    for (int piece = offset; piece < end; piece += PIECE_BYTES) {
      putPiece(from, piece, Math.min(end, piece + PIECE_BYTES));
      if (length >= FLUSH_BYTES) {
        flush();
      }
    }
  }

  private void putPiece(byte[] from, int start, int end) {
    reserve(2 * (end - start));
    int at = length;
    byte[] to = buffer;
    for (int i = start; i < end; i++) {
      byte b = from[i];
      if (b == '\\' || b == '\n' || b == '\r' || b == '\t') {
        to[at++] = '\\';
        to[at++] = escaped(b);
      } else {
        to[at++] = b;
      }
    }
    length = at;
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
    reserve(1);
    buffer[length++] = b;
  }

  private void reserve(int more) {
    if (buffer.length - length < more) {
      buffer = Arrays.copyOf(buffer, Math.max(Math.addExact(length, more), buffer.length * 2));
    }
  }

  private void flush() throws SQLException {
    copy.writeToCopy(buffer, 0, length);
    length = 0;
  }
}
