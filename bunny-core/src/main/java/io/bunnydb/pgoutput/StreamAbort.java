package io.bunnydb.pgoutput;

/**
 * A transaction that was sent in pieces, or a subtransaction of one, is rolled back.
 *
 * <p>Valid until the decoder's next {@code wrap}. Not thread-safe.
 *
 * <p>"Stream Abort" in "Logical Replication Message Formats" of the PostgreSQL documentation; LSN
 * and time are there if the option {@code streaming} is {@code parallel}, which needs protocol
 * version 4:
 *
 * <pre>
 *   0     1        5        9             17            25
 *  +-----+--------+--------+- - - - - - -+- - - - - - -+
 *  | 'A' | xid    | subxid | abort LSN   | abort time  |
 *  +-----+--------+--------+- - - - - - -+- - - - - - -+
 *   Byte1  Int32    Int32    Int64         Int64
 * </pre>
 */
public final class StreamAbort {

  private long xid;
  private long subxid;
  private boolean hasAbortInfo;
  private long abortLsn;
  private long abortTimeMicros;

  StreamAbort() {}

  void wrap(MessageReader reader, boolean mayHaveAbortInfo) {
    xid = reader.unsigned32("xid");
    subxid = reader.unsigned32("subxid");
    hasAbortInfo = mayHaveAbortInfo && reader.remaining() > 0;
    abortLsn = hasAbortInfo ? reader.int64("abort LSN") : 0;
    abortTimeMicros = hasAbortInfo ? reader.int64("abort time") : 0;
  }

  /** The transaction, unsigned 32 bits. */
  public long xid() {
    return xid;
  }

  /** What is rolled back, unsigned 32 bits: a subtransaction, or {@link #xid()} for all of it. */
  public long subxid() {
    return subxid;
  }

  /** Whether the message says when and where the abort took place. */
  public boolean hasAbortInfo() {
    return hasAbortInfo;
  }

  /**
   * The LSN of the abort record, unsigned.
   *
   * @throws IllegalStateException if the message does not say
   */
  public long abortLsn() {
    requireAbortInfo();
    return abortLsn;
  }

  /**
   * When it was rolled back, in microseconds since 2000-01-01 UTC.
   *
   * @throws IllegalStateException if the message does not say
   */
  public long abortTimeMicros() {
    requireAbortInfo();
    return abortTimeMicros;
  }

  /**
   * When it was rolled back, in microseconds since 1970-01-01 UTC.
   *
   * @throws IllegalStateException if the message does not say
   */
  public long abortTimeUnixMicros() {
    return PgEpoch.toUnixMicros(abortTimeMicros());
  }

  private void requireAbortInfo() {
    if (!hasAbortInfo) {
      throw new IllegalStateException("the Stream Abort has no LSN and time: see hasAbortInfo()");
    }
  }
}
