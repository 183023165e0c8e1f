package io.bunnydb.testing;

import java.sql.Connection;
import java.time.Duration;
import java.util.List;

/**
 * Empties a test's database, so that the next test may have it.
 *
 * <p>What tests often make is dropped. Whether that was all, the {@linkplain DatabaseState
 * catalogs} tell.
 */
final class DatabaseReset {

  private static final Duration DEADLINE = Duration.ofSeconds(20);

  private static final String END_OTHER_SESSIONS =
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
          + " WHERE datname = current_database() AND pid <> pg_backend_pid()";

  private static final String DROP_SLOTS =
      "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
          + " WHERE database = current_database()";

  /**
   * Drops event triggers first, which would see the other drops, and tables before the sequences
   * that they own. The schema {@code public} itself stays.
   */
  private static final String DROP_OBJECTS =
      """
      DO $$
      DECLARE
        statement text;
      BEGIN
        FOREACH statement IN ARRAY ARRAY(
          SELECT format(command, name) FROM (
            SELECT 1 AS step, 'DROP EVENT TRIGGER %s CASCADE' AS command, quote_ident(evtname)
                AS name FROM pg_event_trigger
            UNION ALL
            SELECT 2, 'DROP PUBLICATION %s', quote_ident(pubname) FROM pg_publication
            UNION ALL
            SELECT 2, 'ALTER SUBSCRIPTION %1$s DISABLE; ALTER SUBSCRIPTION %1$s SET'
                || ' (slot_name = NONE); DROP SUBSCRIPTION %1$s', quote_ident(subname)
                FROM pg_subscription JOIN pg_database d ON d.oid = subdbid
                WHERE datname = current_database()
            UNION ALL
            SELECT 3, 'DROP EXTENSION IF EXISTS %s CASCADE', quote_ident(extname)
                FROM pg_extension WHERE oid >= 16384
            UNION ALL
            SELECT 4, 'DROP SCHEMA IF EXISTS %s CASCADE', quote_ident(nspname)
                FROM pg_namespace WHERE oid >= 16384
            UNION ALL
            SELECT CASE type WHEN 'table' THEN 5 ELSE 6 END,
                'DROP ' || type || ' IF EXISTS %s CASCADE', identity
                FROM pg_depend, pg_identify_object(classid, objid, 0)
                WHERE refclassid = 'pg_namespace'::regclass AND refobjid = 'public'::regnamespace
                AND classid IN ('pg_class'::regclass, 'pg_type'::regclass, 'pg_proc'::regclass)
          ) AS object ORDER BY step)
        LOOP
          EXECUTE statement;
        END LOOP;
      END
      $$
      """;

  private DatabaseReset() {}

  /**
   * Ends the other sessions and drops what the test has made.
   *
   * @param connection the only one that stays
   * @param whenNew the state of when the database was new
   * @return whether the database is as new
   */
  static boolean isReset(Connection connection, DatabaseState whenNew) {
    Sql.execute(connection, "DISCARD ALL");
    Await.value(
        DEADLINE,
        "the test's sessions have ended",
        () -> Sql.strings(connection, END_OTHER_SESSIONS),
        List::isEmpty);
    Sql.strings(connection, DROP_SLOTS);
    Sql.execute(connection, DROP_OBJECTS);
    return whenNew.isUnchanged(connection);
  }
}
