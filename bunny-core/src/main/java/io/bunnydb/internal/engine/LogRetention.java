package io.bunnydb.internal.engine;

import io.bunnydb.internal.catalog.Sql;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;

/**
 * Tells what the source's settings mean for the slot of a mirror that is paused or slow: how much
 * log may gather, and when the slot is lost ("Replication" in the PostgreSQL documentation, chapter
 * "Server Configuration").
 *
 * @param source a connection to the source
 */
record LogRetention(Connection source) {
  /** The stream reports to the source this often; a shorter limit can end a healthy one. */
  private static final long REPORT_MILLIS = 10_000;

  private static final String KEEP_SIZE = "max_slot_wal_keep_size";
  private static final String IDLE_TIMEOUT = "idle_replication_slot_timeout";
  private static final String SENDER_TIMEOUT = "wal_sender_timeout";

  /**
   * A setting.
   *
   * @param value in the setting's own unit
   * @param text with the unit, as {@code SHOW} has it
   */
  private record Setting(long value, String text) {}

  /** Adds what an operator should know before a pause. */
  void check(Findings findings) throws SQLException {
    Map<String, Setting> settings = new HashMap<>();
    Sql.query(
        source,
        """
        SELECT name, setting::bigint, pg_catalog.current_setting(name) FROM pg_catalog.pg_settings
        WHERE name IN ('max_slot_wal_keep_size', 'idle_replication_slot_timeout',
                       'wal_sender_timeout')
        """,
        row ->
            settings.put(row.getString(1), new Setting(row.getLong(2), row.getString(3))) == null);
    Setting size = settings.get(KEEP_SIZE);
    if (size != null && size.value() < 0) {
      findings.note(
          null,
          "the source keeps its log without limit for a mirror that is paused or slow, until its"
              + " disk is full",
          "watch retainedWalBytes in the status, or let the slot be lost first: ALTER SYSTEM SET "
              + KEEP_SIZE
              + " = '64GB'; SELECT pg_reload_conf()");
    } else if (size != null) {
      findings.note(
          null,
          "the source keeps at most "
              + size.text()
              + " of its log for a slot ("
              + KEEP_SIZE
              + "); a pause in which more gathers loses the slot, and the tables are to be copied"
              + " again",
          "");
    }
    Setting idle = settings.get(IDLE_TIMEOUT);
    if (idle != null && idle.value() > 0) {
      findings.warning(
          null,
          "a pause of "
              + idle.text()
              + " loses the slot ("
              + IDLE_TIMEOUT
              + "), and the tables are to be copied again",
          "ALTER SYSTEM SET " + IDLE_TIMEOUT + " = 0; SELECT pg_reload_conf()");
    }
    Setting sender = settings.get(SENDER_TIMEOUT);
    if (sender != null && sender.value() > 0 && sender.value() < REPORT_MILLIS) {
      findings.warning(
          null,
          "the source ends a stream that is silent for "
              + sender.text()
              + " ("
              + SENDER_TIMEOUT
              + "), and the mirror reports every 10 s",
          "ALTER SYSTEM SET " + SENDER_TIMEOUT + " = '60s'; SELECT pg_reload_conf()");
    }
  }
}
