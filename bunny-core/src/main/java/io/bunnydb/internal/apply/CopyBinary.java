package io.bunnydb.internal.apply;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import org.postgresql.copy.CopyIn;

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
public final class CopyBinary extends CopyRows {
  private static final VarHandle INT16 =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle INT32 =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
  private static final byte[] SIGNATURE =
      "PGCOPY\n\u00ff\r\n\0".getBytes(StandardCharsets.ISO_8859_1);
  private static final int NULL = -1;
  private static final short END = -1;
  private static final int PIECE_BYTES = 32 << 10;

  private final short columns;

  /**
   * Begins with the signature.
   *
   * @param copy the command, which takes binary form
   * @param columns how many columns a row has
   */
  public CopyBinary(CopyIn copy, int columns) {
    super(copy);
    this.columns = (short) columns;
    put(SIGNATURE, 0, SIGNATURE.length);
    putInt(0);
    putInt(0);
  }

  @Override
  public void beginRow() {
    putShort(columns);
  }

  @Override
  public void value(byte[] from, int offset, int size) throws SQLException {
    if (size > PIECE_BYTES) {
      largeValue(from, offset, size);
      return;
    }
    byte[] to = reserve(Integer.BYTES + size);
    int at = length();
    INT32.set(to, at, size);
    System.arraycopy(from, offset, to, at + Integer.BYTES, size);
    length(at + Integer.BYTES + size);
  }

  /** Goes to the server in pieces, so that it is not held a second time. */
  private void largeValue(byte[] from, int offset, int size) throws SQLException {
    putInt(size);
    int end = offset + size;
    for (int piece = offset; piece < end; piece += PIECE_BYTES) {
      put(from, piece, Math.min(end - piece, PIECE_BYTES));
      flushIfFull();
    }
  }

  @Override
  public void nullValue() {
    putInt(NULL);
  }

  @Override
  public void endRow() throws SQLException {
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
    INT32.set(reserve(Integer.BYTES), length(), value);
    length(length() + Integer.BYTES);
  }

  private void putShort(short value) {
    INT16.set(reserve(Short.BYTES), length(), value);
    length(length() + Short.BYTES);
  }
}
