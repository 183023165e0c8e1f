package io.bunnydb.pgoutput;

/**
 * The transaction of the last {@link Begin} is committed.
 *
 * <p>Valid until the decoder's next {@code wrap}. Not thread-safe.
 *
 * <p>"Commit" in "Logical Replication Message Formats" of the PostgreSQL documentation:
 *
 * <pre>
 *   0     1       2            10         18             26
 *  +-----+-------+------------+----------+--------------+
 *  | 'C' | flags | commit LSN | end LSN  | commit time  |
 *  +-----+-------+------------+----------+--------------+
 *   Byte1  Int8    Int64        Int64      Int64           flags: always 0
 * </pre>
 */
public final class Commit {

  private long commitLsn;
  private long endLsn;
  private long commitTimeMicros;

  Commit() {}

  void wrap(MessageReader reader) {
    reader.flags(0, "flags");
    commitLsn = reader.int64("commit LSN");
    endLsn = reader.int64("end LSN");
    commitTimeMicros = reader.int64("commit time");
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
}
