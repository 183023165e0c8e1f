package io.bunnydb.pgoutput;

/**
 * A piece of a transaction in progress; its changes follow, and then Stream Stop.
 *
 * <p>Valid until the decoder's next {@code wrap}. Not thread-safe.
 *
 * <p>"Stream Start" in "Logical Replication Message Formats" of the PostgreSQL documentation:
 *
 * <pre>
 *   0     1        5       6
 *  +-----+--------+-------+
 *  | 'S' | xid    | first |
 *  +-----+--------+-------+
 *   Byte1  Int32    Int8    1 = the first piece of this transaction
 * </pre>
 */
public final class StreamStart {

  private long xid;
  private boolean isFirst;

  StreamStart() {}

  void wrap(MessageReader reader) {
    xid = reader.unsigned32("xid");
    isFirst = reader.flags(1, "first segment") == 1;
  }

  /** The transaction, unsigned 32 bits. */
  public long xid() {
    return xid;
  }

  /** Whether this is the first piece of the transaction. */
  public boolean isFirst() {
    return isFirst;
  }
}
