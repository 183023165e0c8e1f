package io.bunnydb.internal.engine;

import io.bunnydb.Lsn;
import io.bunnydb.internal.apply.Batch;
import java.time.InstantSource;

/**
 * How far the stream has come, written by the receiving and the applying thread, read by any.
 *
 * <p>Thread-safe: every number stands for itself.
 */
final class Progress {
  private final InstantSource clock;
  private volatile Lsn applied = Lsn.ZERO;
  private volatile Lsn received = Lsn.ZERO;
  private volatile Lsn wanted = Lsn.ZERO;
  private volatile Lsn backlogEnd = Lsn.ZERO;
  private volatile boolean isBacklogReceived;
  private volatile boolean areAllJoined;
  private volatile long transactions;
  private volatile long batches;
  private volatile long pendingSinceMicros;

  // What is outstanding was not before this; a commit that is applied is older than those after it.
  private volatile long outstandingSinceMillis;

  Progress(InstantSource clock) {
    this.clock = clock;
    this.outstandingSinceMillis = clock.millis();
  }

  /** Notes where the stream begins, and whether tables are still to be copied or joined. */
  void begins(Lsn position, boolean allJoined) {
    applied = position;
    received = position;
    isBacklogReceived = false;
    areAllJoined = allJoined;
    pendingSinceMicros = 0;
  }

  /** Notes that the tables are others, some to be copied or joined maybe, from a position on. */
  void tablesChange(Lsn position, boolean allJoined) {
    if (position.equals(applied)) {
      areAllJoined = allJoined;
    } else {
      begins(position, allJoined);
    }
  }

  /** Notes where the source's log ended when the stream began: what lies before is a backlog. */
  void streams(Lsn end) {
    backlogEnd = end;
  }

  /** Notes the end of a transaction that has arrived. */
  void received(Lsn end) {
    received = end;
  }

  /**
   * Notes that nothing waits to be received at this moment.
   *
   * @param heard the last position that the source named
   */
  void idle(Lsn heard) {
    if (!Lsn.max(heard, received).isBefore(backlogEnd)) {
      isBacklogReceived = true;
    }
    noteIfCaughtUp();
  }

  private void noteIfCaughtUp() {
    if (isCaughtUp()) {
      outstandingSinceMillis = clock.millis();
    }
  }

  /** A source that is still reading its log for a backlog is silent as one that is idle. */
  boolean isCaughtUp() {
    return isBacklogReceived && !applied.isBefore(received);
  }

  /** Notes that a batch is being applied. */
  void applying(Batch batch) {
    if (batch.firstCommitMicros() != 0 && pendingSinceMicros == 0) {
      pendingSinceMicros = batch.firstCommitMicros();
    }
  }

  /**
   * Notes that a batch is committed.
   *
   * @param wholeTransactions how many source transactions that made whole, in pieces before too
   */
  @SuppressWarnings("NonAtomicVolatileUpdate") // one thread writes
  void applied(Batch batch, int wholeTransactions) {
    applied = batch.position();
    if (wholeTransactions > 0) {
      transactions += wholeTransactions;
      batches++;
      // The source's clock may be ahead.
      long committed = Math.min(clock.millis(), batch.lastCommitMicros() / 1000);
      outstandingSinceMillis = Math.max(outstandingSinceMillis, committed);
    }
    pendingSinceMicros = 0;
    noteIfCaughtUp();
  }

  /** Everything before this position is on the destination, in every table that is live. */
  Lsn applied() {
    return applied;
  }

  /** Whether no table is to be copied or joined; some may be set aside. */
  boolean areAllJoined() {
    return areAllJoined;
  }

  /** Whether everything before a position is on the destination, in every table. */
  boolean isApplied(Lsn lsn) {
    return areAllJoined && !applied.isBefore(lsn);
  }

  /** Asks for a position to be noted as soon as it is passed, though nothing happened before it. */
  synchronized void want(Lsn lsn) {
    wanted = Lsn.max(wanted, lsn);
  }

  /** The last position that somebody waits for. */
  Lsn wanted() {
    return wanted;
  }

  /** Source transactions applied so far. */
  long transactions() {
    return transactions;
  }

  /** Destination transactions by which that was done. */
  long batches() {
    return batches;
  }

  /**
   * Age in seconds of the oldest change that is not applied.
   *
   * @param end the end of the source's log
   * @param isCurrent whether that was read just now
   * @param isStreaming whether the stream runs, so that what is not received does not matter
   */
  double lagSeconds(Lsn end, boolean isCurrent, boolean isStreaming) {
    long now = clock.millis();
    long pendingSince = pendingSinceMicros;
    if (pendingSince != 0) {
      return Math.max(0, now - pendingSince / 1000) / 1000.0;
    }
    if (isCurrent && !applied.isBefore(end)) {
      outstandingSinceMillis = now;
      return 0;
    }
    boolean isNothingPending = isStreaming && areAllJoined && isCaughtUp();
    return isNothingPending ? 0 : Math.max(0, now - outstandingSinceMillis) / 1000.0;
  }
}
