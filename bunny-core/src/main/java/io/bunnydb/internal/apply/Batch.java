package io.bunnydb.internal.apply;

import io.bunnydb.Lsn;
import java.util.Arrays;

/**
 * Messages of the stream, in their order: one or more whole source transactions, a piece of one
 * that is larger than a batch, or a piece of one that is in progress on the source.
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
  private long lastCommitMicros;
  private Lsn position = Lsn.ZERO;
  private boolean isContinuation;
  private boolean endsBetweenTransactions = true;
  private long xid;
  private Lsn firstLsn = Lsn.ZERO;
  private boolean isRolledBack;

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

  /** Notes whose messages these are: a transaction in progress, or 0 for whole transactions. */
  void of(long transaction) {
    xid = transaction;
  }

  /** The transaction in progress that these are messages of; 0 for whole transactions. */
  public long xid() {
    return xid;
  }

  /** Notes where the log has a change of the transaction in progress; the first call counts. */
  public void hasChangeAt(Lsn lsn) {
    if (firstLsn.equals(Lsn.ZERO)) {
      firstLsn = lsn;
    }
  }

  /** A position in the log that lies before the commit of the transaction in progress. */
  Lsn firstLsn() {
    return firstLsn;
  }

  /** Notes that the transaction in progress was rolled back. */
  public void rollBack() {
    isRolledBack = true;
  }

  /** Whether the transaction in progress was rolled back, and so is to be forgotten. */
  boolean isRolledBack() {
    return isRolledBack;
  }

  /** Notes that a transaction begins, or that the one in progress commits. */
  public void begin(long commitMicros) {
    if (firstCommitMicros == 0) {
      firstCommitMicros = commitMicros;
    }
    lastCommitMicros = commitMicros;
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
    lastCommitMicros = 0;
    position = Lsn.ZERO;
    isContinuation = false;
    endsBetweenTransactions = true;
    xid = 0;
    firstLsn = Lsn.ZERO;
    isRolledBack = false;
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

  /** Commit time of the last transaction that begins here, microseconds since 1970; 0 if none. */
  public long lastCommitMicros() {
    return lastCommitMicros;
  }

  /** Where the last whole transaction ends; zero if none does. */
  public Lsn position() {
    return position;
  }

  /** Whether it ends between two transactions; a piece of one in progress always does. */
  public boolean endsBetweenTransactions() {
    return endsBetweenTransactions;
  }

  /** Whether the destination commits when this is applied, at {@link #position}. */
  public boolean isToCommit() {
    return endsBetweenTransactions && !position.equals(Lsn.ZERO);
  }
}
