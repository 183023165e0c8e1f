package io.bunnydb.internal.catalog;

import java.sql.Connection;
import java.sql.SQLException;

/**
 * How large a table is, with its partitions, as far as the server knows without reading it.
 *
 * @param rows the planner's count of rows
 * @param bytes size on disk, without indexes
 * @param isCounted whether the planner has a count of every part
 */
public record TableSize(long rows, long bytes, boolean isCounted) {

  /** The size of a table. */
  public static TableSize of(Connection connection, Table table) throws SQLException {
    return Sql.query(
            connection,
            """
            SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint,
                   coalesce(sum(pg_catalog.pg_table_size(c.oid)), 0)::bigint,
                   coalesce(bool_and(c.reltuples >= 0), true)
            FROM pg_catalog.pg_class c
            WHERE c.relkind <> 'p' AND (c.oid = CAST(? AS oid) OR c.oid IN
              (SELECT relid FROM pg_catalog.pg_partition_tree(CAST(? AS oid)::regclass)))
            """,
            row -> new TableSize(row.getLong(1), row.getLong(2), row.getBoolean(3)),
            table.oid(),
            table.oid())
        .get(0);
  }
}
