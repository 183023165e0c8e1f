package io.bunnydb.internal.apply;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.ArrayList;
import java.util.List;

/**
 * The subtransactions of a transaction that is applied while it is in progress on the source. Any
 * of them can still be rolled back there, with everything that came after its first change; so a
 * savepoint stands before that.
 *
 * <p>Used by one thread.
 */
final class Subtransactions {
  private static final int MOST = 100;

  private final Connection session;
  private final BatchWriter writer;
  private final Relations relations;
  private final List<Begun> begun = new ArrayList<>();
  private long transaction;
  private long current;

  private record Begun(long xid, Savepoint savepoint, Relations.Mark mark) {}

  Subtransactions(Connection session, BatchWriter writer, Relations relations) {
    this.session = session;
    this.writer = writer;
    this.relations = relations;
  }

  /** Takes what follows for a transaction in progress; without this, nothing is. */
  void begin(long xid) {
    transaction = xid;
    current = xid;
  }

  /**
   * Notes whose message follows.
   *
   * @param xid the transaction or subtransaction
   * @throws SQLException if there are too many
   */
  void enter(long xid) throws SQLException {
    if (xid == current) {
      return;
    }
    current = xid;
    if (xid == transaction || find(xid) >= 0) {
      return;
    }
    if (begun.size() == MOST) {
      throw new SQLException("transaction " + transaction + " has too many subtransactions");
    }
    writer.finish();
    begun.add(new Begun(xid, session.setSavepoint(), relations.mark()));
  }

  /** Undoes a subtransaction, if it has changed something. */
  void rollBack(long xid) throws SQLException {
    int number = find(xid);
    if (number >= 0) {
      writer.discard();
      session.rollback(begun.get(number).savepoint);
      relations.backTo(begun.get(number).mark);
      backTo(number);
    }
  }

  /** How many have begun and were not rolled back. */
  int count() {
    return begun.size();
  }

  /** Forgets those that began since there were so many. */
  void backTo(int count) {
    begun.subList(count, begun.size()).clear();
    current = transaction;
  }

  private int find(long xid) {
    for (int i = begun.size() - 1; i >= 0; i--) {
      if (begun.get(i).xid == xid) {
        return i;
      }
    }
    return -1;
  }
}
