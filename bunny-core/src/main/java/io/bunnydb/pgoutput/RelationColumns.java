package io.bunnydb.pgoutput;

/**
 * A cursor over the columns of a {@link Relation}, in the order of its tuples.
 *
 * <p>It starts in front of the first column; {@link #next()} moves on, {@link #rewind()} goes back.
 * Valid until the decoder's next {@code wrap}. Not thread-safe.
 *
 * <p>"Relation" in "Logical Replication Message Formats" of the PostgreSQL documentation; each
 * column:
 *
 * <pre>
 *   0       1           n            n+4
 *  +-------+-----------+------------+---------------+
 *  | flags | name \0   | type OID   | type modifier |
 *  +-------+-----------+------------+---------------+
 *   Int8    String      Int32        Int32            flags: 1 = part of the key
 * </pre>
 */
public final class RelationColumns {

  private static final int KEY = 1;

  private byte[] bytes = new byte[0];
  private int start;
  private int columnsOffset;
  private int columnCount;

  private int index = -1;
  private int nextOffset;
  private int nameOffset;
  private int nameLength;

  RelationColumns() {}

  /** Reads, and so checks, all columns. */
  void wrap(MessageReader reader) {
    int count = reader.count16("column count");
    bytes = reader.bytes();
    start = reader.start();
    columnsOffset = reader.position();
    columnCount = count;
    for (int i = 0; i < count; i++) {
      reader.flags(KEY, "column flags");
      reader.skipString("column name");
      reader.skip(4, "column type OID");
      reader.skip(4, "column type modifier");
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
  }

  /** Moves to the next column; false behind the last. */
  public boolean next() {
    if (index + 1 >= columnCount) {
      index = columnCount;
      return false;
    }
    index++;
    nameOffset = nextOffset + 1;
    int end = nameOffset;
    while (bytes[end] != 0) {
      end++;
    }
    nameLength = end - nameOffset;
    nextOffset = end + 1 + 8;
    return true;
  }

  /** The number of the current column, from 0; -1 in front of the first. */
  public int index() {
    return index;
  }

  /**
   * Whether the current column belongs to the replica identity. With {@link ReplicaIdentity#FULL}
   * every column does.
   *
   * @throws IllegalStateException if the cursor stands on no column
   */
  public boolean isKey() {
    requireColumn();
    return (bytes[nameOffset - 1] & KEY) != 0;
  }

  /**
   * The name of the current column, as it stands in the catalog (not quoted), in a new string.
   *
   * @throws IllegalStateException if the cursor stands on no column
   * @throws PgOutputException if the bytes are not UTF-8
   */
  public String name() {
    requireColumn();
    return MessageReader.string(bytes, nameOffset, nameLength, start);
  }

  /**
   * The OID of the current column's type, unsigned 32 bits.
   *
   * @throws IllegalStateException if the cursor stands on no column
   */
  public long typeOid() {
    requireColumn();
    return MessageReader.int32(bytes, nextOffset - 8) & 0xFFFF_FFFFL;
  }

  /**
   * The {@code atttypmod} of the current column, such as a length limit; -1 for none.
   *
   * @throws IllegalStateException if the cursor stands on no column
   */
  public int typeModifier() {
    requireColumn();
    return MessageReader.int32(bytes, nextOffset - 4);
  }

  private void requireColumn() {
    if (index < 0 || index >= columnCount) {
      throw new IllegalStateException(
          "the cursor stands on no column: "
              + (index < 0 ? "next() was not called" : "next() returned false"));
    }
  }
}
