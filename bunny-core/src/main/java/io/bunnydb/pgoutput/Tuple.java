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

  private static final int HEAD = 5; // bytes in front of a value: kind and length

  // The first four bytes of a value shorter than 256 bytes, the lowest byte first.
  private static final int SHORT_TEXT = 't';
  private static final int SHORT_BINARY = 'b';

  // In place of a length:
  private static final int NULL = -1;
  private static final int UNCHANGED = -2;
  private static final int MALFORMED = -3;

  private byte[] bytes = new byte[0];
  private int start;
  private int columnCount;
  private int[] offsets = new int[16]; // where the value of each column begins, if it has one
  private int[] lengths = new int[16]; // how long it is, or NULL or UNCHANGED
  private int index = -1;

  Tuple() {}

  /** Checks the whole tuple, and notes where its values lie. */
  void wrap(MessageReader reader) {
    int count = reader.count16("column count");
    if (count > offsets.length) {
      offsets = new int[count];
      lengths = new int[count];
    }
    bytes = reader.bytes();
    start = reader.start();
    columnCount = count;
    rewind();
    int end = scan(bytes, reader.position(), reader.limit(), count, offsets, lengths);
    if (end < 0) {
      throw refuse(reader, count);
    }
    reader.position(end);
  }

  /**
   * Finds the values; gives the index behind the last column, or -1 if they are malformed.
   *
   * <p>Where a column begins is known when the length of the one before is, so the processor waits
   * for each. That of a short value is a single byte, which it has sooner than four in another
   * order.
   */
  private static int scan(
      byte[] bytes, int from, int limit, int count, int[] offsets, int[] lengths) {
    int last = limit - HEAD; // where a value's kind may stand
    int at = from;
    for (int i = 0; i < count; i++) {
      int head = at <= last ? MessageReader.int32LittleEndian(bytes, at) : 0;
      if (head == SHORT_TEXT || head == SHORT_BINARY) {
        int length = bytes[at + HEAD - 1] & 0xFF;
        at += HEAD;
        offsets[i] = at;
        lengths[i] = length;
        at += length; // beyond the limit? The next column or the end finds out
      } else {
        int length = length(bytes, at, limit);
        if (length == MALFORMED) {
          return -1;
        }
        lengths[i] = length;
        if (length >= 0) {
          at += HEAD;
          offsets[i] = at;
          at += length;
        } else {
          at++;
        }
      }
    }
    return at <= limit ? at : -1;
  }

  /** The length of a column's value, or what stands in its place. */
  private static int length(byte[] bytes, int at, int limit) {
    if (at >= limit) {
      return MALFORMED;
    }
    byte kind = bytes[at];
    if (kind == 't' || kind == 'b') {
      int room = limit - at - HEAD;
      if (room < 0) {
        return MALFORMED;
      }
      int length = MessageReader.int32(bytes, at + 1);
      return length >= 0 && length <= room ? length : MALFORMED;
    }
    return kind == 'n' ? NULL : kind == 'u' ? UNCHANGED : MALFORMED;
  }

  /** Reads once more the columns that {@link #scan} found malformed, to say where and why. */
  private static PgOutputException refuse(MessageReader reader, int count) {
    for (int i = 0; i < count; i++) {
      byte kind = reader.int8("column kind");
      switch (kind) {
        case 't', 'b' -> reader.skip(reader.count32("value length"), "value");
        case 'n', 'u' -> {}
        default -> {
          return reader.unexpected("column kind 'n', 'u', 't' or 'b'", kind);
        }
      }
    }
    throw new AssertionError("no fault in " + count + " columns that were found malformed");
  }

  /** The number of columns, at least 0. */
  public int columnCount() {
    return columnCount;
  }

  /** Goes back in front of the first column. */
  public void rewind() {
    index = -1;
  }

  /** Moves to the next column; false behind the last. */
  public boolean next() {
    int next = index + 1;
    if (next < columnCount) {
      index = next;
      return true;
    }
    index = columnCount;
    return false;
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
    int at = index;
    if (at < 0 || at >= columnCount) {
      throw noColumn();
    }
    int length = lengths[at];
    if (length >= 0) {
      return bytes[offsets[at] - HEAD] == 't' ? ValueKind.TEXT : ValueKind.BINARY;
    }
    return length == UNCHANGED ? ValueKind.UNCHANGED : ValueKind.NULL;
  }

  /** Whether the current column has a value, that is, {@code TEXT} or {@code BINARY}. */
  public boolean hasValue() {
    int at = index;
    return at >= 0 && at < columnCount && lengths[at] >= 0;
  }

  /**
   * The length of the current value in bytes.
   *
   * @throws IllegalStateException if the cursor stands on no column or that has no value
   */
  public int length() {
    return lengths[current()];
  }

  /**
   * Copies the current value.
   *
   * @return the number of bytes copied, that is {@link #length()}
   * @throws IllegalStateException if the cursor stands on no column or that has no value
   * @throws IndexOutOfBoundsException if the destination has no room for it
   */
  public int copy(byte[] destination, int destinationOffset) {
    int at = current();
    int length = lengths[at];
    System.arraycopy(bytes, offsets[at], destination, destinationOffset, length);
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
    return offsets[current()];
  }

  /**
   * The current value read as UTF-8, in a new string. That fits {@code TEXT} on a connection whose
   * {@code client_encoding} is UTF8, as pgjdbc makes it.
   *
   * @throws IllegalStateException if the cursor stands on no column or that has no value
   * @throws PgOutputException if the bytes are not UTF-8
   */
  public String string() {
    int at = current();
    return MessageReader.string(bytes, offsets[at], lengths[at], start);
  }

  /** The current column, which must have a value. */
  private int current() {
    int at = index;
    if (at < 0 || at >= columnCount || lengths[at] < 0) {
      throw noValue();
    }
    return at;
  }

  private IllegalStateException noValue() {
    return index < 0 || index >= columnCount
        ? noColumn()
        : new IllegalStateException("column " + index + " is " + kind() + " and has no value");
  }

  private IllegalStateException noColumn() {
    return new IllegalStateException(
        "the cursor stands on no column: "
            + (index < 0 ? "next() was not called" : "next() returned false"));
  }
}
