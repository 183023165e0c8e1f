package io.bunnydb.pgoutput;

/**
 * A changed row.
 *
 * <p>Valid until the decoder's next {@code wrap}. Not thread-safe.
 *
 * <p>"Update" in "Logical Replication Message Formats" of the PostgreSQL documentation; the xid is
 * there in a stream only, the old tuple if the relation's key changed ('K') or its replica identity
 * is FULL ('O'):
 *
 * <pre>
 *  +-----+- - - -+-------------+- - - - - - +- - - - - -+-----+-----------+
 *  | 'U' | xid   | relation id | 'K' or 'O' | old tuple | 'N' | new tuple |
 *  +-----+- - - -+-------------+- - - - - - +- - - - - -+-----+-----------+
 *   Byte1  Int32   Int32         Byte1        Tuple       Byte1 Tuple
 * </pre>
 */
public final class Update {

  private long xid;
  private long relationId;
  private OldTupleKind oldKind = OldTupleKind.NONE;
  private final Tuple oldTuple = new Tuple();
  private final Tuple newTuple = new Tuple();

  Update() {}

  void wrap(MessageReader reader, boolean inStream) {
    xid = inStream ? reader.unsigned32("xid") : 0;
    relationId = reader.unsigned32("relation id");
    oldKind = OldTupleKind.NONE;
    byte marker = reader.int8("tuple marker");
    if (marker == 'K' || marker == 'O') {
      oldKind = marker == 'K' ? OldTupleKind.KEY : OldTupleKind.FULL;
      oldTuple.wrap(reader);
      marker = reader.int8("tuple marker");
      if (marker != 'N') {
        throw reader.unexpected("new tuple 'N'", marker);
      }
    } else if (marker != 'N') {
      throw reader.unexpected("old key 'K', old tuple 'O' or new tuple 'N'", marker);
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

  /** What the message says of the row as it was. */
  public OldTupleKind oldKind() {
    return oldKind;
  }

  /** Whether there is an {@link #oldTuple()}. */
  public boolean hasOldTuple() {
    return oldKind != OldTupleKind.NONE;
  }

  /**
   * The row as it was; always the same cursor, where it was left.
   *
   * @throws IllegalStateException if there is none
   */
  public Tuple oldTuple() {
    if (oldKind == OldTupleKind.NONE) {
      throw new IllegalStateException("the Update has no old tuple: see hasOldTuple()");
    }
    return oldTuple;
  }

  /** The row as it is; always the same cursor, where it was left. */
  public Tuple newTuple() {
    return newTuple;
  }
}
