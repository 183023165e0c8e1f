package io.bunnydb.pgoutput;

/**
 * A row that is gone.
 *
 * <p>Valid until the decoder's next {@code wrap}. Not thread-safe.
 *
 * <p>"Delete" in "Logical Replication Message Formats" of the PostgreSQL documentation; the xid is
 * there in a stream only, the old tuple is the key ('K') or, with replica identity FULL, all of the
 * row ('O'):
 *
 * <pre>
 *  +-----+- - - -+-------------+------------+-----------+
 *  | 'D' | xid   | relation id | 'K' or 'O' | old tuple |
 *  +-----+- - - -+-------------+------------+-----------+
 *   Byte1  Int32   Int32         Byte1        Tuple
 * </pre>
 */
public final class Delete {

  private long xid;
  private long relationId;
  private OldTupleKind oldKind = OldTupleKind.KEY;
  private final Tuple oldTuple = new Tuple();

  Delete() {}

  void wrap(MessageReader reader, boolean inStream) {
    xid = inStream ? reader.unsigned32("xid") : 0;
    relationId = reader.unsigned32("relation id");
    byte marker = reader.int8("tuple marker");
    if (marker != 'K' && marker != 'O') {
      throw reader.unexpected("old key 'K' or old tuple 'O'", marker);
    }
    oldKind = marker == 'K' ? OldTupleKind.KEY : OldTupleKind.FULL;
    oldTuple.wrap(reader);
  }

  /** The transaction or subtransaction, unsigned 32 bits; 0 outside of a stream. */
  public long xid() {
    return xid;
  }

  /** The {@link Relation#id()}, unsigned 32 bits. */
  public long relationId() {
    return relationId;
  }

  /** {@link OldTupleKind#KEY} or {@link OldTupleKind#FULL}. */
  public OldTupleKind oldKind() {
    return oldKind;
  }

  /** The row as it was; always the same cursor, where it was left. */
  public Tuple oldTuple() {
    return oldTuple;
  }
}
