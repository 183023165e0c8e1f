package io.bunnydb.pgoutput;

/**
 * A transaction starts; its changes follow, and then {@link Commit}.
 *
 * <p>Valid until the decoder's next {@code wrap}. Not thread-safe.
 *
 * <p>"Begin" in "Logical Replication Message Formats" of the PostgreSQL documentation:
 *
 * <pre>
 *   0     1            9              17       21
 *  +-----+------------+--------------+--------+
 *  | 'B' | final LSN  | commit time  | xid    |
 *  +-----+------------+--------------+--------+
 *   Byte1  Int64        Int64          Int32
 * </pre>
 */
public final class Begin {

  private long finalLsn;
  private long commitTimeMicros;
  private long xid;

  Begin() {}

  void wrap(MessageReader reader) {
    finalLsn = reader.int64("final LSN");
    commitTimeMicros = reader.int64("commit time");
    xid = reader.unsigned32("xid");
  }

  /** The LSN of the transaction's commit record, unsigned; equal to {@link Commit#commitLsn()}. */
  public long finalLsn() {
    return finalLsn;
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
}
