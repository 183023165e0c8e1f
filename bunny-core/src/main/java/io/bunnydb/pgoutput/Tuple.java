package io.bunnydb.pgoutput;

/**
 * A cursor over the columns of one row, in the order of the {@link Relation} sent before it.
 *
 * <p>It starts in front of the first column; {@link #next()} moves on, {@link #rewind()} goes back.
 * The value of the current column is to be had in four forms: its {@link #length()}, a {@link
 * #copy}, a view of the wrapped array ({@link #bytes()}, {@link #valueOffset()}, {@link #length()})
 * and a {@link #string()}; only the last allocates. Valid until the decoder's next {@code wrap}.
 * Not thread-safe.
 *
 * <p>"TupleData" in "Logical Replication Message Formats" of the PostgreSQL documentation:
 *
 * <pre>
 *   0        2
 *  +--------+---------------------------------------+
 *  | count  | columns ...                           |
 *  +--------+---------------------------------------+
 *   Int16
 *
 *  each column, one of
 *  +-----+     +-----+     +-----+--------+---------+     +-----+--------+---------+
 *  | 'n' |     | 'u' |     | 't' | length | text    |     | 'b' | length | binary  |
 *  +-----+     +-----+     +-----+--------+---------+     +-----+--------+---------+
 *   NULL      unchanged     Byte1  Int32    bytes           Byte1  Int32    bytes
 * </pre>
 */
public final class Tuple {

  private static final int NO_VALUE = -1;

  private byte[] bytes = new byte[0];
  private int start;
  private int columnsOffset;
  private int columnCount;

  private int index = -1;
  private int nextOffset;
  private byte code;
  private int valueOffset;
  private int length = NO_VALUE;

  Tuple() {}

  /** Reads, and so checks, the whole tuple. */
  void wrap(MessageReader reader) {
    int count = reader.count16("column count");
    bytes = reader.bytes();
    start = reader.start();
    columnsOffset = reader.position();
    columnCount = count;
    for (int i = 0; i < count; i++) {
      byte column = reader.int8("column kind");
      switch (column) {
        case 't', 'b' -> reader.skip(reader.count32("value length"), "value");
        case 'n', 'u' -> {}
        default -> throw reader.unexpected("column kind 'n', 'u', 't' or 'b'", column);
      }
    }
    rewind();
  }

  /** The number of columns, at least 0. */
  public int columnCount() {
    return columnCount;
  }

  /** Goes back in front of the first column. */
  public void rewind() {
    index = -1;
    nextOffset = columnsOffset;
    length = NO_VALUE;
  }

  /** Moves to the next column; false behind the last. */
  public boolean next() {
    if (index + 1 >= columnCount) {
      index = columnCount;
      length = NO_VALUE;
      return false;
    }
    index++;
    int offset = nextOffset;
    code = bytes[offset];
    if (code == 't' || code == 'b') {
      length = MessageReader.int32(bytes, offset + 1);
      valueOffset = offset + 5;
      nextOffset = valueOffset + length;
    } else {
      length = NO_VALUE;
      nextOffset = offset + 1;
    }
    return true;
  }

  /** The number of the current column, from 0; -1 in front of the first. */
  public int index() {
    return index;
  }

  /**
   * How the current column is carried.
   *
   * @throws IllegalStateException if the cursor stands on no column
   */
  public ValueKind kind() {
    if (index < 0 || index >= columnCount) {
      throw noColumn();
    }
    return switch (code) {
      case 't' -> ValueKind.TEXT;
      case 'b' -> ValueKind.BINARY;
      case 'u' -> ValueKind.UNCHANGED;
      default -> ValueKind.NULL;
    };
  }

  /** Whether the current column has a value, that is, {@code TEXT} or {@code BINARY}. */
  public boolean hasValue() {
    return length != NO_VALUE;
  }

  /**
   * The length of the current value in bytes.
   *
   * @throws IllegalStateException if the cursor stands on no column or that has no value
   */
  public int length() {
    requireValue();
    return length;
  }

  /**
   * Copies the current value.
   *
   * @return the number of bytes copied, that is {@link #length()}
   * @throws IllegalStateException if the cursor stands on no column or that has no value
   * @throws IndexOutOfBoundsException if the destination has no room for it
   */
  public int copy(byte[] destination, int destinationOffset) {
    requireValue();
    System.arraycopy(bytes, valueOffset, destination, destinationOffset, length);
    return length;
  }

  /** The wrapped array itself, not a copy; to be read only. */
  public byte[] bytes() {
    return bytes;
  }

  /**
   * Index in {@link #bytes()} of the current value's first byte.
   *
   * @throws IllegalStateException if the cursor stands on no column or that has no value
   */
  public int valueOffset() {
    requireValue();
    return valueOffset;
  }

  /**
   * The current value read as UTF-8, in a new string. That fits {@code TEXT} on a connection whose
   * {@code client_encoding} is UTF8, as pgjdbc makes it.
   *
   * @throws IllegalStateException if the cursor stands on no column or that has no value
   * @throws PgOutputException if the bytes are not UTF-8
   */
  public String string() {
    requireValue();
    return MessageReader.string(bytes, valueOffset, length, start);
  }

  private void requireValue() {
    if (length == NO_VALUE) {
      throw index < 0 || index >= columnCount
          ? noColumn()
          : new IllegalStateException("column " + index + " is " + kind() + " and has no value");
    }
  }

  private IllegalStateException noColumn() {
    return new IllegalStateException(
        "the cursor stands on no column: "
            + (index < 0 ? "next() was not called" : "next() returned false"));
  }
}
