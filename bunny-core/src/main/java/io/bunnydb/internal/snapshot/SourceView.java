package io.bunnydb.internal.snapshot;

import io.bunnydb.internal.catalog.Column;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.List;

/**
 * The source as one worker sees it, under the snapshot. Used by one thread.
 *
 * @param connection a session with the snapshot's transaction open
 */
record SourceView(Connection connection) {
  private static final String SERIALIZATION_FAILURE = "40001";

  // Where nothing is known: rows of 64 bytes.
  private static final String PAGES =
      """
      SELECT pg_catalog.pg_relation_size(c.oid)
               / pg_catalog.current_setting('block_size')::bigint,
             CASE WHEN c.reltuples > 0 AND c.relpages > 0 THEN c.reltuples / c.relpages
                  ELSE pg_catalog.current_setting('block_size')::bigint / 64 END
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_am a ON a.oid = c.relam
      WHERE c.oid = CAST(? AS oid) AND c.relkind = 'r' AND a.amname = 'heap'
      """;

  // Of a table that is neither partitioned nor a partition, pg_partition_tree gives nothing.
  private static final String BYTES =
      """
      SELECT coalesce(sum(pg_catalog.pg_table_size(t.oid::regclass)), 0)::bigint
      FROM (SELECT CAST(? AS oid) AS oid
            UNION SELECT relid::oid
            FROM pg_catalog.pg_partition_tree(CAST(CAST(? AS oid) AS regclass))) t
      """;

  /** Reads something of a table. */
  @FunctionalInterface
  interface Reading<T> {
    /** What was read. */
    T read() throws SQLException;
  }

  /**
   * Reads while the table cannot be rewritten, and lets go of it then, so that it is not locked for
   * as long as the others take.
   *
   * @throws SQLException also where it was rewritten since the snapshot was taken
   */
  <T> T locked(Table table, Reading<T> reading) throws SQLException {
    Savepoint before = connection.setSavepoint();
    lockAgainstRewrite(table);
    T result = reading.read();
    connection.rollback(before);
    connection.releaseSavepoint(before); // else the next one stands within it
    return result;
  }

  /** How to divide a table; other tables than plain heaps are not divided. */
  List<PageRange> ranges(Table table, long rowsPerRange) throws SQLException {
    List<List<PageRange>> divided =
        Sql.query(
            connection,
            PAGES,
            row ->
                PageRange.split(
                    row.getLong(1), Math.max(1, (long) (rowsPerRange / row.getDouble(2)))),
            table.oid());
    return divided.isEmpty() ? List.of(PageRange.WHOLE) : divided.get(0);
  }

  /** What the snapshot shows. */
  Visibility shown() throws SQLException {
    return Visibility.parse(
        String.valueOf(Sql.queryText(connection, "SELECT pg_catalog.pg_current_snapshot()::text")));
  }

  /** The room that a table's rows take on the source's disk, in bytes, without indexes. */
  long bytes(Table table) throws SQLException {
    return Sql.query(connection, BYTES, row -> row.getLong(1), table.oid(), table.oid()).get(0);
  }

  /**
   * An ALTER TABLE that rewrites the table leaves nothing for snapshots taken before it to see, and
   * any rewrite moves rows to other pages. From here on it cannot happen any more; if it has,
   * another snapshot is needed.
   */
  private void lockAgainstRewrite(Table table) throws SQLException {
    Sql.execute(connection, "LOCK TABLE " + table.toSql() + " IN ACCESS SHARE MODE");
    refuseOther(table);
    refuseOtherColumns(table);
    boolean isRewritten =
        Sql.queryBoolean(
            connection,
            """
            SELECT count(*) > 0 FROM pg_catalog.pg_class c
            WHERE (c.relfilenode <> pg_catalog.pg_relation_filenode(c.oid)
                OR (c.relkind = 'r' AND pg_catalog.pg_relation_filenode(c.oid) IS NULL))
              AND (c.oid = CAST(? AS oid)
              OR c.oid IN (SELECT relid FROM pg_catalog.pg_partition_tree(CAST(? AS oid)::regclass)))
            """,
            table.oid(),
            table.oid());
    if (isRewritten) {
      throw new SQLException(
          "the table was rewritten after the snapshot was taken; it is copied under a new one",
          SERIALIZATION_FAILURE);
    }
  }

  /**
   * A column that was added before the snapshot, but after the table was looked up, would be
   * missing: the stream has only what was written to it later.
   */
  private void refuseOtherColumns(Table table) throws SQLException {
    List<String> present =
        Sql.query(
            connection,
            """
            SELECT attname FROM pg_catalog.pg_attribute
            WHERE attrelid = CAST(? AS oid) AND attnum > 0 AND NOT attisdropped ORDER BY attnum
            """,
            row -> row.getString(1),
            table.oid());
    if (!present.equals(table.columns().stream().map(Column::name).toList())) {
      throw new SQLException(
          "the table got other columns after the mirror looked it up; it is tried again",
          SERIALIZATION_FAILURE);
    }
  }

  /**
   * Another table may have taken the name since, and what the snapshot shows of that is not the
   * source. The catalog's tables show the names as of the snapshot; to_regclass finds the table
   * that was just locked.
   */
  private void refuseOther(Table table) throws SQLException {
    boolean isIt =
        Sql.queryBoolean(
            connection,
            "SELECT pg_catalog.to_regclass(?)::oid = CAST(? AS oid)",
            table.name().toSql(),
            table.oid());
    if (!isIt) {
      throw new SQLException(
          "the table was renamed, dropped or made anew after the mirror looked it up; it is tried again",
          SERIALIZATION_FAILURE);
    }
  }
}
