package io.bunnydb.internal.engine;

import io.bunnydb.internal.catalog.Sql;
import java.sql.Connection;
import java.sql.SQLException;

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

  /** Adds an error if the server has not so many connections left. */
  void checkConnections(String side, int needed, Findings findings) throws SQLException {
    long free = Sql.query(connection, FREE_CONNECTIONS, row -> row.getLong(1)).get(0);
    if (free < needed) {
      findings.error(
          null,
          "the "
              + side
              + " has "
              + Math.max(0, free)
              + " free connections and the copy takes "
              + needed,
          "lower snapshotMaxParallelWorkers, raise max_connections there, or close some");
    }
  }

  /**
   * Adds what the source lacks of slots and readers of its log.
   *
   * @param isSlotMade whether the mirror's slot is yet to be made
   * @param areCopied whether tables are to be copied, under a snapshot of another slot
   * @param ownStream name of the sessions by which this process reads the mirror's slot: none does
   *     now, but the server may need a moment to notice that the last has ended
   */
  void checkReplication(boolean isSlotMade, boolean areCopied, String ownStream, Findings findings)
      throws SQLException {
    int slots = (isSlotMade ? 1 : 0) + (areCopied ? 1 : 0);
    int senders = 1 + (areCopied ? 1 : 0);
    long freeSlots =
        free("max_replication_slots", "SELECT count(*) FROM pg_catalog.pg_replication_slots");
    long freeSenders =
        free(
            "max_wal_senders",
            "SELECT count(*) FROM pg_catalog.pg_stat_replication"
                + " WHERE application_name IS DISTINCT FROM ?",
            ownStream);
    checkFree("max_replication_slots", "replication slot", freeSlots, slots, findings);
    checkFree("max_wal_senders", "WAL sender", freeSenders, senders, findings);
    if (areCopied && freeSlots >= slots && freeSenders >= senders) {
      findings.note(
          null,
          "while tables are copied, one more replication slot and WAL sender are taken; the source"
              + " has "
              + freeSlots
              + " and "
              + freeSenders
              + " free",
          "");
    }
  }

  private long free(String setting, String used, String... parameters) throws SQLException {
    return Sql.query(
            connection,
            "SELECT pg_catalog.current_setting('" + setting + "')::bigint - (" + used + ")",
            row -> row.getLong(1),
            (Object[]) parameters)
        .get(0);
  }

  private static void checkFree(
      String setting, String what, long free, int needed, Findings findings) {
    if (free < needed) {
      findings.error(
          null,
          "the source has "
              + Math.max(0, free)
              + " free "
              + what
              + "s and "
              + needed
              + (needed == 1 ? " is" : " are")
              + " needed",
          "raise " + setting + " and restart the source, or drop what is not used");
    }
  }
}
