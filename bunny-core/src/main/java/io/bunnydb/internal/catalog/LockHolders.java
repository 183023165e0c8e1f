package io.bunnydb.internal.catalog;

import io.bunnydb.TableName;
import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** Who uses a table, and so keeps others from altering it. */
public final class LockHolders {
  // Asked when the wait is over, about which pg_blocking_pids tells nothing any more.
  private static final String HOLDERS =
      """
      SELECT pg_catalog.string_agg(
               CASE WHEN l.pid IS NULL THEN 'a prepared transaction'
                    ELSE pg_catalog.format('pid %s ("%s", %s, since %s)', l.pid, a.application_name,
                           coalesce(a.state, 'not to be seen'),
                           coalesce(pg_catalog.date_trunc('second', a.xact_start)::text, 'unknown'))
               END, ', ' ORDER BY a.xact_start)
      FROM (SELECT DISTINCT pid FROM pg_catalog.pg_locks
            WHERE locktype = 'relation' AND granted
              AND relation = pg_catalog.to_regclass(CAST(? AS text))
              AND database = (SELECT oid FROM pg_catalog.pg_database
                              WHERE datname = pg_catalog.current_database())
              AND pid IS DISTINCT FROM pg_catalog.pg_backend_pid()) l
      LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
      """;

  private LockHolders() {}

  /** The sessions that hold a lock of a table, but for the one that is asked; null for none. */
  public static @Nullable String of(Connection connection, TableName table) throws SQLException {
    return Sql.queryText(connection, HOLDERS, table.toSql());
  }
}
