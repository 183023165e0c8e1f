package io.bunnydb.pgoutput;

/**
 * A prepared transaction is committed.
 *
 * <p>Valid until the decoder's next {@code wrap}. Not thread-safe.
 *
 * <p>"Commit Prepared" in "Logical Replication Message Formats" of the PostgreSQL documentation:
 *
 * <pre>
 *   0     1       2            10         18             26       30
 *  +-----+-------+------------+----------+--------------+--------+---------+
 *  | 'K' | flags | commit LSN | end LSN  | commit time  | xid    | gid \0  |
 *  +-----+-------+------------+----------+--------------+--------+---------+
 *   Byte1  Int8    Int64        Int64      Int64          Int32    String     flags: always 0
 * </pre>
 */
public final class CommitPrepared {

  private long commitLsn;
  private long endLsn;
  private long commitTimeMicros;
  private long xid;
  private final StringField gid = new StringField();

  CommitPrepared() {}

  void wrap(MessageReader reader) {
    reader.flags(0, "flags");
    commitLsn = reader.int64("commit LSN");
    endLsn = reader.int64("end LSN");
    commitTimeMicros = reader.int64("commit time");
    xid = reader.unsigned32("xid");
    gid.wrap(reader, "gid");
  }

  /** The LSN of the commit record, unsigned. */
  public long commitLsn() {
    return commitLsn;
  }

  /** The LSN behind the commit record, unsigned: the one to acknowledge. */
  public long endLsn() {
    return endLsn;
  }

  /** When the transaction was committed, in microseconds since 2000-01-01 UTC. */
  public long commitTimeMicros() {
    return commitTimeMicros;
  }

  /** When the transaction was committed, in microseconds since 1970-01-01 UTC. */
  public long commitTimeUnixMicros() {
    return PgEpoch.toUnixMicros(commitTimeMicros);
  }

  /** The transaction, unsigned 32 bits. */
  public long xid() {
    return xid;
  }

  /**
   * The name given in PREPARE TRANSACTION, in a new string.
   *
   * @throws PgOutputException if the bytes are not UTF-8
   */
  public String gid() {
    return gid.value();
  }
}
