package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;

import io.bunnydb.testing.Await;
import io.bunnydb.testing.TestDatabase;
import java.sql.Connection;

/** How tests see the copy of a destination table come, and hold it up at one row. */
final class HeldCopy {
  private HeldCopy() {}

  /**
   * Has table {@code copied} note how many rows came by which session; what is rolled back is not
   * in it.
   */
  static void count(TestDatabase destination, String table) {
    destination.execute(
        "CREATE TABLE copied (pid int, rows bigint)",
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS"
            + " 'BEGIN INSERT INTO public.copied SELECT pg_backend_pid(), count(*) FROM arrived;"
            + " RETURN NULL; END'",
        "CREATE TRIGGER note AFTER INSERT ON "
            + table
            + " REFERENCING NEW TABLE AS arrived FOR EACH STATEMENT EXECUTE FUNCTION note()",
        "ALTER TABLE " + table + " ENABLE ALWAYS TRIGGER note");
  }

  /** Makes a row, by its {@code id}, one at which a copy can be held. */
  static void letHold(TestDatabase destination, String table, int row) {
    destination.execute(
        "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS"
            + " 'BEGIN PERFORM pg_catalog.pg_advisory_xact_lock(42); RETURN NEW; END'",
        "CREATE TRIGGER wait BEFORE INSERT ON "
            + table
            + " FOR EACH ROW WHEN (NEW.id = "
            + row
            + ") EXECUTE FUNCTION wait()",
        "ALTER TABLE " + table + " ENABLE ALWAYS TRIGGER wait");
  }

  /** Holds copies at that row until the connection is closed. */
  static Connection hold(TestDatabase destination) {
    return Operated.inTransaction(destination, "SELECT pg_advisory_xact_lock(42)");
  }

  /** Ends the session that is held, when it has come there. */
  static void endHeldSession(TestDatabase destination) {
    Await.until(
        SOON,
        "the session that is held ends",
        () ->
            destination.queryLong(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                        + " WHERE application_name LIKE 'bunny operated copy%'"
                        + " AND wait_event_type = 'Lock'")
                == 1);
  }
}
