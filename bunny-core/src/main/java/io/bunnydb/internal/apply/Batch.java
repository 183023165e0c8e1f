package io.bunnydb.internal.apply;

import io.bunnydb.Lsn;
import java.util.Arrays;

/**
 * Messages of the stream, in their order: one or more whole source transactions, or a piece of one
 * that is larger than a batch.
 *
 * <p>The messages lie one behind the other in one array, as the decoder takes them. Not
 * thread-safe; the {@link BatchExchange} hands it from thread to thread.
 */
public final class Batch {
  private byte[] bytes;
  private int[] offsets = new int[1024];
  private int count;
  private int transactions;
  private long firstCommitMicros;
  private Lsn position = Lsn.ZERO;
  private boolean isContinuation;
  private boolean endsBetweenTransactions = true;

  /**
   * An empty batch.
   *
   * @param initialBytes how many bytes it holds before it grows
   */
  public Batch(int initialBytes) {
    bytes = new byte[initialBytes];
  }

  /** Copies a message behind the others. */
  public void append(byte[] from, int offset, int length) {
    int end = byteCount();
    if (end + length > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(end + length, bytes.length * 2));
    }
    if (count + 2 > offsets.length) {
      offsets = Arrays.copyOf(offsets, offsets.length * 2);
    }
    System.arraycopy(from, offset, bytes, end, length);
    count++;
    offsets[count] = end + length;
  }

  /** Notes that a transaction begins. */
  public void begin(long commitMicros) {
    if (firstCommitMicros == 0) {
      firstCommitMicros = commitMicros;
    }
    endsBetweenTransactions = false;
  }

  /** Notes that a transaction is whole. */
  public void commit(Lsn end) {
    transactions++;
    position = end;
    endsBetweenTransactions = true;
  }

  /** Notes that there is nothing to apply before a position. */
  public void passOver(Lsn end) {
    position = end;
  }

  /** Notes that the batch begins in the midst of a transaction. */
  public void continueTransaction() {
    isContinuation = true;
    endsBetweenTransactions = false;
  }

  /** Whether it begins in the midst of a transaction. */
  public boolean isContinuation() {
    return isContinuation;
  }

  /** Empties the batch, keeping its memory. */
  public void clear() {
    count = 0;
    transactions = 0;
    firstCommitMicros = 0;
    position = Lsn.ZERO;
    isContinuation = false;
    endsBetweenTransactions = true;
  }

  /** How many bytes the messages have together. */
  public int byteCount() {
    return offsets[count];
  }

  /** How many bytes it can hold before it grows. */
  public int capacity() {
    return bytes.length;
  }

  /** How many messages there are. */
  public int messageCount() {
    return count;
  }

  /** The array that holds the messages. */
  public byte[] bytes() {
    return bytes;
  }

  /** Where a message begins. */
  public int offset(int message) {
    return offsets[message];
  }

  /** How many bytes a message has. */
  public int length(int message) {
    return offsets[message + 1] - offsets[message];
  }

  /** How many transactions end in this batch. */
  public int transactions() {
    return transactions;
  }

  /** Commit time of the first transaction that begins here, microseconds since 1970; 0 if none. */
  public long firstCommitMicros() {
    return firstCommitMicros;
  }

  /** Where the last whole transaction ends. */
  public Lsn position() {
    return position;
  }

  /** Whether it ends between two transactions. */
  public boolean endsBetweenTransactions() {
    return endsBetweenTransactions;
  }
}
