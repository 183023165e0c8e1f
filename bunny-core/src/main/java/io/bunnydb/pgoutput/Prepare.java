package io.bunnydb.pgoutput;

/**
 * A transaction is prepared: that of the last {@link BeginPrepare}, or one that was sent in pieces.
 *
 * <p>Valid until the decoder's next {@code wrap}. Not thread-safe.
 *
 * <p>"Prepare" and "Stream Prepare" in "Logical Replication Message Formats" of the PostgreSQL
 * documentation:
 *
 * <pre>
 *   0     1       2             10         18              26       30
 *  +-----+-------+-------------+----------+---------------+--------+---------+
 *  | 'P' | flags | prepare LSN | end LSN  | prepare time  | xid    | gid \0  |
 *  | 'p' |       |             |          |               |        |         |
 *  +-----+-------+-------------+----------+---------------+--------+---------+
 *   Byte1  Int8    Int64         Int64      Int64           Int32    String     flags: always 0
 * </pre>
 */
public final class Prepare {

  private long prepareLsn;
  private long endLsn;
  private long prepareTimeMicros;
  private long xid;
  private final StringField gid = new StringField();

  Prepare() {}

  void wrap(MessageReader reader) {
    reader.flags(0, "flags");
    prepareLsn = reader.int64("prepare LSN");
    endLsn = reader.int64("end LSN");
    prepareTimeMicros = reader.int64("prepare time");
    xid = reader.unsigned32("xid");
    gid.wrap(reader, "gid");
  }

  /** The LSN of the prepare record, unsigned. */
  public long prepareLsn() {
    return prepareLsn;
  }

  /** The LSN behind the prepare record, unsigned. */
  public long endLsn() {
    return endLsn;
  }

  /** When the transaction was prepared, in microseconds since 2000-01-01 UTC. */
  public long prepareTimeMicros() {
    return prepareTimeMicros;
  }

  /** When the transaction was prepared, in microseconds since 1970-01-01 UTC. */
  public long prepareTimeUnixMicros() {
    return PgEpoch.toUnixMicros(prepareTimeMicros);
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
