package io.bunnydb.pgoutput;

/**
 * A new row.
 *
 * <p>Valid until the decoder's next {@code wrap}. Not thread-safe.
 *
 * <p>"Insert" in "Logical Replication Message Formats" of the PostgreSQL documentation; the xid is
 * there in a stream only:
 *
 * <pre>
 *  +-----+- - - -+-------------+-----+-----------+
 *  | 'I' | xid   | relation id | 'N' | new tuple |
 *  +-----+- - - -+-------------+-----+-----------+
 *   Byte1  Int32   Int32         Byte1 Tuple
 * </pre>
 */
public final class Insert {

  private long xid;
  private long relationId;
  private final Tuple newTuple = new Tuple();

  Insert() {}

  void wrap(MessageReader reader, boolean inStream) {
    xid = inStream ? reader.unsigned32("xid") : 0;
    relationId = reader.unsigned32("relation id");
    byte marker = reader.int8("tuple marker");
    if (marker != 'N') {
      throw reader.unexpected("new tuple 'N'", marker);
    }
    newTuple.wrap(reader);
  }

  /** The transaction or subtransaction, unsigned 32 bits; 0 outside of a stream. */
  public long xid() {
    return xid;
  }

  /** The {@link Relation#id()}, unsigned 32 bits. */
  public long relationId() {
    return relationId;
  }

  /** The row; always the same cursor, where it was left. */
  public Tuple newTuple() {
    return newTuple;
  }
}
