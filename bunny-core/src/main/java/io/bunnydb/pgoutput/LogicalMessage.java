package io.bunnydb.pgoutput;

/**
 * Bytes written by {@code pg_logical_emit_message}; sent only if the option {@code messages} is on.
 *
 * <p>The content is to be had in four forms: its {@link #length()}, a {@link #copy}, a view of the
 * wrapped array ({@link #bytes()}, {@link #contentOffset()}, {@link #length()}) and a {@link
 * #string()}; only the last allocates. Valid until the decoder's next {@code wrap}. Not
 * thread-safe.
 *
 * <p>"Message" in "Logical Replication Message Formats" of the PostgreSQL documentation; the xid is
 * there in a stream only:
 *
 * <pre>
 *  +-----+- - - -+-------+--------+-----------+--------+---------+
 *  | 'M' | xid   | flags | LSN    | prefix \0 | length | content |
 *  +-----+- - - -+-------+--------+-----------+--------+---------+
 *   Byte1  Int32   Int8    Int64    String      Int32    bytes
 *                  1 = transactional
 * </pre>
 */
public final class LogicalMessage {

  private static final int TRANSACTIONAL = 1;

  private long xid;
  private boolean isTransactional;
  private long lsn;
  private final StringField prefix = new StringField();
  private byte[] bytes = new byte[0];
  private int start;
  private int contentOffset;
  private int length;

  LogicalMessage() {}

  void wrap(MessageReader reader, boolean inStream) {
    xid = inStream ? reader.unsigned32("xid") : 0;
    isTransactional = reader.flags(TRANSACTIONAL, "flags") == TRANSACTIONAL;
    lsn = reader.int64("LSN");
    prefix.wrap(reader, "prefix");
    length = reader.count32("content length");
    bytes = reader.bytes();
    start = reader.start();
    contentOffset = reader.position();
    reader.skip(length, "content");
  }

  /** The transaction or subtransaction, unsigned 32 bits; 0 outside of a stream. */
  public long xid() {
    return xid;
  }

  /** Whether the message belongs to a transaction; otherwise it may stand outside of any. */
  public boolean isTransactional() {
    return isTransactional;
  }

  /** The LSN of the message, unsigned. */
  public long lsn() {
    return lsn;
  }

  /**
   * The prefix, in a new string.
   *
   * @throws PgOutputException if the bytes are not UTF-8
   */
  public String prefix() {
    return prefix.value();
  }

  /** The length of the content in bytes. */
  public int length() {
    return length;
  }

  /**
   * Copies the content.
   *
   * @return the number of bytes copied, that is {@link #length()}
   * @throws IndexOutOfBoundsException if the destination has no room for it
   */
  public int copy(byte[] destination, int destinationOffset) {
    System.arraycopy(bytes, contentOffset, destination, destinationOffset, length);
    return length;
  }

  /** The wrapped array itself, not a copy; to be read only. */
  public byte[] bytes() {
    return bytes;
  }

  /** Index in {@link #bytes()} of the content's first byte. */
  public int contentOffset() {
    return contentOffset;
  }

  /**
   * The content read as UTF-8, in a new string.
   *
   * @throws PgOutputException if the bytes are not UTF-8
   */
  public String string() {
    return MessageReader.string(bytes, contentOffset, length, start);
  }
}
