package io.bunnydb.internal.apply;

import io.bunnydb.Lsn;
import io.bunnydb.internal.catalog.Sql;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Tells which of the mirror's commits are on the destination's disk, so that they may be
 * acknowledged.
 *
 * <p>A commit need not be waited for where it holds the checkpoint as well: a crash of the server
 * then loses both together, and what is lost comes again ("Asynchronous Commit" in the PostgreSQL
 * documentation). The server writes its log some tenths of a second later by itself, and tells how
 * far it has come. Each commit is waited for, and durable at once, where the checkpoint lies
 * elsewhere, where the server has synchronous standbys, of which the position of its own disk tells
 * nothing, or where it does not tell that position.
 *
 * <p>Used by the applying thread.
 */
public final class Durability {
  // SQLSTATEs of a server that does not tell how far its log is on disk: a service whose storage is
  // its own, a right that was revoked, a function that is not there.
  private static final Set<String> NOT_TOLD = Set.of("0A000", "42501", "42883");
  private static final long ASK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Connection session;
  private final boolean isDeferred;
  private Lsn committed;
  private Lsn durable;

  // A commit, and the end of the destination's log when it was in there.
  private Lsn asked;
  private Lsn askedEnd = Lsn.ZERO;
  private long markedNanos;
  private long askedNanos;

  private Durability(Connection session, boolean isDeferred, Lsn position) {
    this.session = session;
    this.isDeferred = isDeferred;
    committed = position;
    durable = position;
    asked = position;
  }

  /**
   * Makes the position durable, by whomever it was committed, and then begins to defer commits
   * where that is safe, until {@link #end}.
   *
   * @param session the applying session, not in autocommit mode and with no transaction open
   * @param mayDefer whether a lost commit takes the checkpoint along, and the user allows it
   * @param position the position of the checkpoint
   */
  public static Durability begin(Connection session, boolean mayDefer, Lsn position)
      throws SQLException {
    boolean isDeferred = mayDefer && canDefer(session);
    // The last session may have been broken off before it did.
    WriterSettings.waitForCommits(session);
    session.commit();
    flush(session);
    Durability durability = new Durability(session, isDeferred, position);
    durability.defer(session);
    session.commit();
    return durability;
  }

  /** Has a session of the mirror not wait for its commits, where that is safe. */
  public void defer(Connection writing) throws SQLException {
    if (isDeferred) {
      Sql.execute(writing, "SET synchronous_commit = off");
    }
  }

  private static boolean canDefer(Connection session) throws SQLException {
    try {
      return !log(session).hasStandbys();
    } catch (SQLException e) {
      if (NOT_TOLD.contains(e.getSQLState())) {
        session.rollback();
        return false;
      }
      throw e;
    }
  }

  /** Notes that everything before a position of the source is committed. */
  public void committed(Lsn position) {
    committed = position;
    if (!isDeferred) {
      durable = position;
    }
  }

  /** Whether there are commits of which it is not known yet that they are durable. */
  public boolean isPending() {
    return !durable.equals(committed);
  }

  /**
   * Everything before this position of the source is on the destination's disk. Asks the server, in
   * the session's transaction, every tenth of a second at the most.
   *
   * @param isInTransaction whether a transaction is open, and to be left so
   * @throws SQLException if the server has got a synchronous standby meanwhile; then the session is
   *     to begin anew
   */
  public Lsn durable(boolean isInTransaction) throws SQLException {
    if (isPending() && System.nanoTime() - askedNanos >= ASK_NANOS) {
      ask();
      if (!isInTransaction) {
        session.commit();
        if (isPending() && System.nanoTime() - markedNanos >= PATIENCE_NANOS) {
          flushNow();
        }
      }
    }
    return durable;
  }

  /**
   * The server's log may end with what it is in no hurry to write, such as an unfinished record of
   * another session.
   */
  private void flushNow() throws SQLException {
    Sql.execute(session, "SET LOCAL synchronous_commit = local");
    flush(session);
    durable = committed;
    mark(Lsn.ZERO);
  }

  private void mark(Lsn end) {
    asked = committed;
    askedEnd = end;
    markedNanos = System.nanoTime();
  }

  private void ask() throws SQLException {
    Log log = log(session);
    if (log.hasStandbys()) {
      throw new SQLException(
          "the destination has got a synchronous standby (synchronous_standby_names); each commit"
              + " is to wait for it from now on",
          "08006");
    }
    askedNanos = System.nanoTime();
    if (!log.flushed().isBefore(askedEnd)) {
      durable = asked;
      mark(log.end());
      if (!log.flushed().isBefore(askedEnd)) {
        durable = committed;
      }
    }
  }

  /** Makes everything durable, and defers no more; with no transaction open, before and after. */
  public void end() throws SQLException {
    if (!isDeferred) {
      return;
    }
    WriterSettings.waitForCommits(session);
    session.commit();
    if (isPending()) {
      // Not by standbys, which may be away; the next to begin waits for these.
      flushNow();
    }
  }

  /** Waits until everything committed so far is durable. */
  private static void flush(Connection session) throws SQLException {
    // A commit waits for the disk only where its transaction has written to the log.
    Sql.execute(session, "SELECT pg_catalog.pg_logical_emit_message(true, 'bunny', '')");
    session.commit();
  }

  /**
   * The state of the destination's log.
   *
   * @param end where it ends, in memory
   * @param flushed where it ends on disk
   * @param hasStandbys whether commits wait for other servers
   */
  private record Log(Lsn end, Lsn flushed, boolean hasStandbys) {}

  private static Log log(Connection session) throws SQLException {
    List<Log> rows =
        Sql.query(
            session,
            """
            SELECT pg_catalog.pg_current_wal_insert_lsn(), pg_catalog.pg_current_wal_flush_lsn(),
                   pg_catalog.current_setting('synchronous_standby_names') <> ''
            """,
            row -> new Log(lsn(row.getString(1)), lsn(row.getString(2)), row.getBoolean(3)));
    return rows.get(0);
  }

  private static Lsn lsn(@Nullable String text) {
    return Lsn.parse(String.valueOf(text));
  }
}
