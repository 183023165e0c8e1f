package io.bunnydb.internal.verify;

import io.bunnydb.internal.catalog.Sql;
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

  /** All rows as they were looked at in one statement. */
  record Whole(Checksum checksum, String versions) {}

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
            range.parameters())
        .get(0);
  }

  /** Reads the key at a place of a range, counted from 0; null where the range is shorter. */
  @Nullable Key keyAt(KeyRange range, long place) throws SQLException {
    List<Key> found =
        Sql.query(
            connection,
            sql.keyAt(range, place),
            row -> Key.read(row, 1, sql.width()),
            range.parameters());
    return found.isEmpty() ? null : found.get(0);
  }

  /** Reads keys and contents of the first rows of a range, in the order of this side. */
  Map<Key, String> rows(KeyRange range, int limit) throws SQLException {
    Map<Key, String> rows = new LinkedHashMap<>();
    Sql.query(
        connection,
        sql.rows(range, limit),
        row -> rows.put(Key.read(row, 1, sql.width()), row.getString(sql.width() + 1)) == null,
        range.parameters());
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

  /** Looks at all rows. */
  Whole whole() throws SQLException {
    List<Long> tables = new ArrayList<>();
    Whole whole =
        Sql.query(
                connection,
                sql.whole(),
                row -> {
                  tables.add(row.getLong(4));
                  return new Whole(
                      new Checksum(row.getLong(1), row.getString(2)), row.getString(3));
                })
            .get(0);
    sql.refuseOther(tables.get(0));
    return whole;
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
