package io.bunnydb.internal.verify;

import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.snapshot.PageRange;
import java.math.BigInteger;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One side's rows of a table, asked over one connection. Used by one thread. */
final class Side {
  private final Connection connection;
  private final RowsSql sql;

  /** How many rows, and their checksum. */
  record Checksum(long rows, String content) {}

  /**
   * A row as it was looked at.
   *
   * @param content digest of the mirrored columns
   * @param version what only this version of the row has: each change of a row makes another
   * @param isUntouched whether no other transaction had changed, deleted or locked it, be it one
   *     that has not ended
   */
  record Found(String content, String version, boolean isUntouched) {}

  /** Rows as they were looked at in one statement: those that were there. */
  record Look(Map<Key, Found> rows) {

    /** The content of a row; null where it was not there. */
    @Nullable String content(Key key) {
      Found found = rows.get(key);
      return found == null ? null : found.content;
    }

    /** The version of a row; null where it was not there. */
    @Nullable String version(Key key) {
      Found found = rows.get(key);
      return found == null ? null : found.version;
    }

    /** Whether a row was there and nobody had touched it. */
    boolean isUntouched(Key key) {
      Found found = rows.get(key);
      return found != null && found.isUntouched;
    }
  }

  /**
   * Rows as they were looked at together.
   *
   * @param versions checksum of their versions
   */
  record Whole(Checksum checksum, String versions) {
    /** No rows. */
    static final Whole NOTHING = new Whole(new Checksum(0, ""), "");

    /** These rows and others. */
    Whole plus(Whole other) {
      return new Whole(
          new Checksum(
              checksum.rows + other.checksum.rows, sum(checksum.content, other.checksum.content)),
          sum(versions, other.versions));
    }

    private static String sum(String a, String b) {
      if (a.isEmpty() || b.isEmpty()) {
        return a + b;
      }
      String[] left = a.split(" ", 2);
      String[] right = b.split(" ", 2);
      return new BigInteger(left[0]).add(new BigInteger(right[0]))
          + " "
          + new BigInteger(left[1]).add(new BigInteger(right[1]));
    }
  }

  Side(Connection connection, RowsSql sql) {
    this.connection = connection;
    this.sql = sql;
  }

  /** The connection. */
  Connection connection() {
    return connection;
  }

  /** Reads a range's checksum. */
  Checksum checksum(KeyRange range) throws SQLException {
    return Sql.query(
            connection,
            sql.checksum(range),
            row -> new Checksum(row.getLong(1), row.getString(2)),
            sql.parameters(range))
        .get(0);
  }

  /** Reads the key at a place of a range, counted from 0; null where the range is shorter. */
  @Nullable Key keyAt(KeyRange range, long place) throws SQLException {
    List<Key> found =
        Sql.query(
            connection,
            sql.keyAt(range, place),
            row -> {
              sql.requireWithin(row.getBoolean(sql.width() + 1));
              return Key.read(row, 1, sql.width());
            },
            sql.parametersOfKeys(range));
    return found.isEmpty() ? null : found.get(0);
  }

  /** Reads keys and contents of the first rows of a range, in the order of this side. */
  Map<Key, String> rows(KeyRange range, int limit) throws SQLException {
    Map<Key, String> rows = new LinkedHashMap<>();
    Sql.query(
        connection,
        sql.rows(range, limit),
        row -> {
          sql.requireWithin(row.getBoolean(sql.width() + 2));
          Key key = Key.read(row, 1, sql.width());
          return rows.put(key, row.getString(sql.width() + 1)) == null;
        },
        sql.parametersOfKeys(range));
    return rows;
  }

  /** Looks at rows; there is at least one key. */
  Look look(List<Key> keys) throws SQLException {
    Map<Key, Found> rows = new HashMap<>();
    List<Long> tables =
        Sql.query(
            connection,
            sql.look(),
            row -> {
              String content = row.getString(2);
              if (content != null) {
                Key key = keys.get((int) row.getLong(1) - 1);
                rows.put(key, new Found(content, row.getString(3), row.getBoolean(4)));
              }
              return row.getLong(5);
            },
            Key.columns(keys, sql.width()));
    sql.refuseOther(tables.get(0));
    return new Look(rows);
  }

  /** What is read from now on is of one moment, until {@link #endReading}. */
  void beginReading() throws SQLException {
    connection.setAutoCommit(false);
    Sql.execute(connection, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
  }

  /** Ends that, if it has begun and the connection still stands. */
  void endReading() throws SQLException {
    if (!connection.isClosed() && !connection.getAutoCommit()) {
      connection.rollback();
      connection.setAutoCommit(true);
    }
  }

  /** Keeps the table as it is while it is read; gives the number of its pages. */
  long lockedPages() throws SQLException {
    Sql.execute(connection, sql.lock());
    return Sql.query(connection, sql.pages(), row -> row.getLong(1)).get(0);
  }

  /** Looks at the rows of some pages. */
  Whole pages(PageRange range) throws SQLException {
    List<Long> tables = new ArrayList<>();
    Whole read =
        Sql.query(
                connection,
                sql.pages(range),
                row -> {
                  tables.add(row.getLong(4));
                  return new Whole(
                      new Checksum(row.getLong(1), row.getString(2)), row.getString(3));
                })
            .get(0);
    sql.refuseOther(tables.get(0));
    return read;
  }

  /** Whether another session waits for a lock that this one holds. */
  boolean isWaitedFor() throws SQLException {
    return Sql.queryBoolean(
        connection,
        """
        SELECT EXISTS
          (SELECT FROM pg_catalog.pg_locks w
           WHERE NOT w.granted
             AND pg_catalog.pg_backend_pid() = ANY (pg_catalog.pg_blocking_pids(w.pid)))
        """);
  }

  /** Refuses a table that was put in the place of the one that is compared. */
  void refuseOther() throws SQLException {
    sql.refuseOther(
        Sql.query(connection, "SELECT " + sql.tableOid(), row -> row.getLong(1)).get(0));
  }

  /**
   * Which transactions are writing now, all of them; asked in autocommit mode. A snapshot does not
   * list transactions that are younger than the last one that has ended, so one younger than all of
   * them begins and ends before. It has written nothing, and waits for no disk and no standby.
   */
  Snapshot writers() throws SQLException {
    Sql.queryText(connection, "SELECT pg_catalog.pg_current_xact_id()");
    return snapshot();
  }

  /** Which transactions are writing now, of those that are older than one that has ended. */
  Snapshot snapshot() throws SQLException {
    return Snapshot.parse(
        String.valueOf(Sql.queryText(connection, "SELECT pg_catalog.pg_current_snapshot()::text")));
  }
}
