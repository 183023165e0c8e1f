package io.bunnydb.internal.apply;

import java.sql.SQLException;
import java.util.Arrays;

/** Changes of one kind to one table, in their order, that go to the server together. */
abstract sealed class Run permits InsertRun, StatementRun {
  final DestinationTable target;

  // Commit positions of the changes' transactions, to say later which of them failed.
  private long[] lsns = new long[64];
  private int count;

  Run(DestinationTable target) {
    this.target = target;
  }

  /** Notes a change; gives its number, from 0. */
  final int note(long lsn) {
    if (count == lsns.length) {
      lsns = Arrays.copyOf(lsns, count * 2);
    }
    lsns[count] = lsn;
    return count++;
  }

  final int count() {
    return count;
  }

  /** Commit position of a change; of the first where the number is none. */
  final long lsn(int change) {
    return lsns[change >= 0 && change < count ? change : 0];
  }

  /** Sends what is not sent yet and waits for the server's answer; the run cannot be used again. */
  abstract void finish() throws SQLException;

  /** Frees what the run holds, after {@link #finish} or a failure. */
  abstract void close() throws SQLException;

  /** The number of the change at which the server failed; -1 if the error does not tell. */
  abstract int failedChange(SQLException error);
}
