package io.bunnydb.pgoutput;

/**
 * A prepared transaction is rolled back.
 *
 * <p>Valid until the decoder's next {@code wrap}. Not thread-safe.
 *
 * <p>"Rollback Prepared" in "Logical Replication Message Formats" of the PostgreSQL documentation:
 *
 * <pre>
 *   0     1       2                 10                 18
 *  +-----+-------+-----------------+------------------+
 *  | 'r' | flags | prepare end LSN | rollback end LSN |
 *  +-----+-------+-----------------+------------------+
 *   Byte1  Int8    Int64             Int64               flags: always 0
 *
 *   18             26              34       38
 *  +--------------+---------------+--------+---------+
 *  | prepare time | rollback time | xid    | gid \0  |
 *  +--------------+---------------+--------+---------+
 *   Int64          Int64           Int32    String
 * </pre>
 */
public final class RollbackPrepared {

  private long prepareEndLsn;
  private long rollbackEndLsn;
  private long prepareTimeMicros;
  private long rollbackTimeMicros;
  private long xid;
  private final StringField gid = new StringField();

  RollbackPrepared() {}

  void wrap(MessageReader reader) {
    reader.flags(0, "flags");
    prepareEndLsn = reader.int64("prepare end LSN");
    rollbackEndLsn = reader.int64("rollback end LSN");
    prepareTimeMicros = reader.int64("prepare time");
    rollbackTimeMicros = reader.int64("rollback time");
    xid = reader.unsigned32("xid");
    gid.wrap(reader, "gid");
  }

  /** The LSN behind the prepare record, unsigned. */
  public long prepareEndLsn() {
    return prepareEndLsn;
  }

  /** The LSN behind the rollback record, unsigned: the one to acknowledge. */
  public long rollbackEndLsn() {
    return rollbackEndLsn;
  }

  /** When the transaction was prepared, in microseconds since 2000-01-01 UTC. */
  public long prepareTimeMicros() {
    return prepareTimeMicros;
  }

  /** When the transaction was prepared, in microseconds since 1970-01-01 UTC. */
  public long prepareTimeUnixMicros() {
    return PgEpoch.toUnixMicros(prepareTimeMicros);
  }

  /** When the transaction was rolled back, in microseconds since 2000-01-01 UTC. */
  public long rollbackTimeMicros() {
    return rollbackTimeMicros;
  }

  /** When the transaction was rolled back, in microseconds since 1970-01-01 UTC. */
  public long rollbackTimeUnixMicros() {
    return PgEpoch.toUnixMicros(rollbackTimeMicros);
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
