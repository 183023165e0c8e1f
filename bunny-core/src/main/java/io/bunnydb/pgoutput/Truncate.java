package io.bunnydb.pgoutput;

import java.util.Objects;

/**
 * Relations that were emptied together.
 *
 * <p>Valid until the decoder's next {@code wrap}. Not thread-safe.
 *
 * <p>"Truncate" in "Logical Replication Message Formats" of the PostgreSQL documentation; the xid
 * is there in a stream only:
 *
 * <pre>
 *  +-----+- - - -+--------+---------+------------------+
 *  | 'T' | xid   | count  | options | relation ids ... |
 *  +-----+- - - -+--------+---------+------------------+
 *   Byte1  Int32   Int32    Int8      Int32 each
 *                           1 = CASCADE, 2 = RESTART IDENTITY
 * </pre>
 */
public final class Truncate {

  private static final int CASCADE = 1;
  private static final int RESTART_IDENTITY = 2;

  private long xid;
  private int relationCount;
  private int options;
  private byte[] bytes = new byte[0];
  private int relationsOffset;

  Truncate() {}

  void wrap(MessageReader reader, boolean inStream) {
    xid = inStream ? reader.unsigned32("xid") : 0;
    int count = reader.count32("relation count");
    options = reader.flags(CASCADE | RESTART_IDENTITY, "options");
    if (count != reader.remaining() / 4) {
      throw reader.failure(
          "expected " + count + " relation ids, found " + reader.remaining() + " bytes",
          reader.position());
    }
    relationCount = count;
    bytes = reader.bytes();
    relationsOffset = reader.position();
    reader.skip(count * 4, "relation ids");
  }

  /** The transaction or subtransaction, unsigned 32 bits; 0 outside of a stream. */
  public long xid() {
    return xid;
  }

  /** The number of relations, at least 0. */
  public int relationCount() {
    return relationCount;
  }

  /**
   * The {@link Relation#id()} of one relation, unsigned 32 bits.
   *
   * @param index from 0 to {@link #relationCount()} - 1
   * @throws IndexOutOfBoundsException if the index is outside of that
   */
  public long relationId(int index) {
    Objects.checkIndex(index, relationCount);
    return MessageReader.int32(bytes, relationsOffset + 4 * index) & 0xFFFF_FFFFL;
  }

  /** Whether the statement said CASCADE. */
  public boolean isCascade() {
    return (options & CASCADE) != 0;
  }

  /** Whether the statement said RESTART IDENTITY. */
  public boolean isRestartIdentity() {
    return (options & RESTART_IDENTITY) != 0;
  }
}
