package io.bunnydb.pgoutput;

/**
 * Where the transaction came from, when the source itself got it by replication. A transaction may
 * have several.
 *
 * <p>Valid until the decoder's next {@code wrap}. Not thread-safe.
 *
 * <p>"Origin" in "Logical Replication Message Formats" of the PostgreSQL documentation:
 *
 * <pre>
 *   0     1             9
 *  +-----+-------------+---------+
 *  | 'O' | commit LSN  | name \0 |
 *  +-----+-------------+---------+
 *   Byte1  Int64         String
 * </pre>
 */
public final class Origin {

  private long commitLsn;
  private final StringField name = new StringField();

  Origin() {}

  void wrap(MessageReader reader) {
    commitLsn = reader.int64("commit LSN");
    name.wrap(reader, "origin name");
  }

  /** The LSN of the commit on the origin server, unsigned; 0 where that is not known. */
  public long commitLsn() {
    return commitLsn;
  }

  /**
   * The name of the origin, in a new string.
   *
   * @throws PgOutputException if the bytes are not UTF-8
   */
  public String name() {
    return name.value();
  }
}
