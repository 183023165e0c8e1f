package io.bunnydb.pgoutput;

/**
 * A transaction that is prepared starts; its changes follow, and then {@link Prepare}.
 *
 * <p>Valid until the decoder's next {@code wrap}. Not thread-safe.
 *
 * <p>"Begin Prepare" in "Logical Replication Message Formats" of the PostgreSQL documentation:
 *
 * <pre>
 *   0     1             9          17              25       29
 *  +-----+-------------+----------+---------------+--------+---------+
 *  | 'b' | prepare LSN | end LSN  | prepare time  | xid    | gid \0  |
 *  +-----+-------------+----------+---------------+--------+---------+
 *   Byte1  Int64         Int64      Int64           Int32    String
 * </pre>
 */
public final class BeginPrepare {

  private long prepareLsn;
  private long endLsn;
  private long prepareTimeMicros;
  private long xid;
  private final StringField gid = new StringField();

  BeginPrepare() {}

  void wrap(MessageReader reader) {
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
