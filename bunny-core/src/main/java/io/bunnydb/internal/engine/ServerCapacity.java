package io.bunnydb.internal.engine;

import io.bunnydb.internal.catalog.Sql;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/**
 * Checks whether a server has room for what a mirror needs there.
 *
 * @param connection a connection to the server
 */
record ServerCapacity(Connection connection) {
  // Backends of others show no type to a role without rights; what is of no database serves none.
  private static final String FREE_CONNECTIONS =
      """
      SELECT pg_catalog.current_setting('max_connections')::bigint
             - CASE WHEN (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)
                 THEN 0
                 ELSE pg_catalog.current_setting('superuser_reserved_connections')::bigint
                   + coalesce(pg_catalog.current_setting('reserved_connections', true), '0')::bigint
                 END
             - (SELECT count(*) FROM pg_catalog.pg_stat_activity
                WHERE datid IS NOT NULL AND usesysid IS NOT NULL
                  AND coalesce(backend_type, 'client backend') = 'client backend')
      """;

  /** Adds a sentence with its cure if the server has not so many connections left. */
  void checkConnections(String side, int needed, List<String> problems) throws SQLException {
    long free = Sql.query(connection, FREE_CONNECTIONS, row -> row.getLong(1)).get(0);
    if (free < needed) {
      problems.add(
          "the "
              + side
              + " has "
              + Math.max(0, free)
              + " free connections and the copy takes "
              + needed
              + "; lower snapshotMaxParallelWorkers, raise max_connections there, or close some");
    }
  }

  /** Adds what the source lacks of slots and readers of its log, a sentence with its cure each. */
  void checkReplication(int slots, int senders, List<String> problems) throws SQLException {
    checkFree("max_replication_slots", "pg_replication_slots", "replication slot", slots, problems);
    checkFree("max_wal_senders", "pg_stat_replication", "WAL sender", senders, problems);
  }

  private void checkFree(
      String setting, String view, String what, int needed, List<String> problems)
      throws SQLException {
    long free =
        Sql.query(
                connection,
                "SELECT pg_catalog.current_setting('"
                    + setting
                    + "')::bigint - (SELECT count(*) FROM pg_catalog."
                    + view
                    + ")",
                row -> row.getLong(1))
            .get(0);
    if (free < needed) {
      problems.add(
          "the source has "
              + Math.max(0, free)
              + " free "
              + what
              + "s and "
              + needed
              + (needed == 1 ? " is" : " are")
              + " needed; raise "
              + setting
              + " and restart the source, or drop what is not used");
    }
  }
}
