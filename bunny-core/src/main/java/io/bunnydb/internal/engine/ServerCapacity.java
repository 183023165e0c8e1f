package io.bunnydb.internal.engine;

import io.bunnydb.internal.catalog.Sql;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/**
 * Checks whether the source has room for another slot and another reader of its log.
 *
 * @param source a connection to the source
 */
record ServerCapacity(Connection source) {

  /** Adds what is lacking, a sentence with its cure each. */
  void check(int slots, int senders, List<String> problems) throws SQLException {
    checkFree("max_replication_slots", "pg_replication_slots", "replication slot", slots, problems);
    checkFree("max_wal_senders", "pg_stat_replication", "WAL sender", senders, problems);
  }

  private void checkFree(
      String setting, String view, String what, int needed, List<String> problems)
      throws SQLException {
    long free =
        Sql.query(
                source,
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
