package io.bunnydb.internal.apply;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;

/**
 * A {@code COPY ... FROM STDIN} in binary form, which differs from the stream's tuples in little: a
 * value has no kind before its length. Big-endian ("COPY", section File Formats, in the PostgreSQL
 * documentation):
 *
 * <pre>
 *   0           11      15          19
 *  +-----------+-------+-----------+----------+-----+----------+
 *  | signature | flags | extension | rows ... |     | -1 int16 |
 *  +-----------+-------+-----------+----------+-----+----------+
 *  each row: columns int16 | for each column: length int32, -1 for NULL | bytes
 * </pre>
 */
final class CopyBinary extends CopyRows {
  private static final byte[] SIGNATURE =
      "PGCOPY\n\u00ff\r\n\0".getBytes(StandardCharsets.ISO_8859_1);
  private static final int NULL = -1;
  private static final short END = -1;
  private static final int PIECE_BYTES = 32 << 10;

  private final short columns;

  /**
   * Begins the command.
   *
   * @param columns how many columns a row has
   */
  CopyBinary(Connection destination, String sql, int columns) throws SQLException {
    super(destination, sql);
    this.columns = (short) columns;
    put(SIGNATURE, 0, SIGNATURE.length);
    putInt(0);
    putInt(0);
  }

  @Override
  void beginRow() {
    putShort(columns);
  }

  @Override
  void value(byte[] from, int offset, int size) throws SQLException {
    putInt(size);
    // Large values go to the server in pieces, so that none is held a second time.
    int end = offset + size;
    for (int piece = offset; piece < end; piece += PIECE_BYTES) {
      put(from, piece, Math.min(end - piece, PIECE_BYTES));
      flushIfFull();
    }
  }

  @Override
  void nullValue() {
    putInt(NULL);
  }

  @Override
  void endRow() throws SQLException {
    flushIfFull();
  }

  @Override
  void finish() {
    putShort(END);
  }

  private void put(byte[] from, int offset, int size) {
    System.arraycopy(from, offset, reserve(size), length(), size);
    length(length() + size);
  }

  private void putInt(int value) {
    ByteBuffer.wrap(reserve(Integer.BYTES)).putInt(length(), value);
    length(length() + Integer.BYTES);
  }

  private void putShort(short value) {
    ByteBuffer.wrap(reserve(Short.BYTES)).putShort(length(), value);
    length(length() + Short.BYTES);
  }
}
