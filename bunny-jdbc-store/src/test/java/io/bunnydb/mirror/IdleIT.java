package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.awaitHeldUp;
import static io.bunnydb.mirror.Operated.hold;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.Lsn;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.MirrorDatabases;
import java.sql.Connection;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A mirror to whose tables nothing happens, and one whose destination is slow. */
final class IdleIT {
  private static final Duration BRIEF = Duration.ofSeconds(2);

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  @BeforeEach
  void createTables() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY)",
            "CREATE TABLE not_mirrored (id bigserial, t text)",
            "INSERT INTO a SELECT generate_series(1, 10)");
  }

  private static Lsn lsn(String sql) {
    return Lsn.parse(String.valueOf(databases.source().queryString(sql)));
  }

  private static Lsn confirmed() {
    return lsn(
        "SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = 'bunny_operated'");
  }

  private static Lsn end() {
    return lsn("SELECT pg_current_wal_insert_lsn()");
  }

  private static void finish(MirrorHandle handle) {
    databases.source().execute("INSERT INTO a VALUES (1000)");
    handle.awaitCaughtUp(SOON);
    databases.assertMirrored("public.a");
    handle.drop();
  }

  @Test
  void slotMovesOnWhileOnlyOtherTablesAreWritten() {
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      handle.awaitCaughtUp(SOON);
      databases
          .source()
          .execute(
              "INSERT INTO not_mirrored (t) SELECT md5(i::text) FROM generate_series(1, 9999) i");
      Lsn written = end();
      Await.until(
          Duration.ofSeconds(25), "the slot moves on", () -> !confirmed().isBefore(written));
      assertThat(handle.status().lastLsn()).isGreaterThanOrEqualTo(written);
      finish(handle);
    }
  }

  @Test
  void catchingUpTakesNoTimeOnAnIdleSource() {
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      handle.awaitCaughtUp(SOON);
      for (int i = 0; i < 5; i++) {
        handle.awaitCaughtUp(BRIEF);
        databases.source().execute("INSERT INTO not_mirrored (t) VALUES ('x')");
        handle.awaitCaughtUp(BRIEF);
        databases.source().execute("CREATE TABLE empty_" + i + " ()");
        handle.awaitCaughtUp(BRIEF);
        databases.source().execute("SELECT pg_logical_emit_message(true, 'app', 'in')");
        handle.awaitCaughtUp(BRIEF);
        databases.source().execute("SELECT pg_logical_emit_message(false, 'app', 'outside')");
        handle.awaitCaughtUp(BRIEF);
        databases.source().server().execute("postgres", "CREATE TABLE x ()", "DROP TABLE x");
        handle.awaitCaughtUp(BRIEF);
        databases.source().execute("BEGIN; INSERT INTO a VALUES (500); ROLLBACK");
        handle.awaitCaughtUp(BRIEF);
        databases.source().execute("CHECKPOINT", "SELECT pg_switch_wal()");
        handle.awaitCaughtUp(BRIEF);
      }
      assertThat(handle.status().lagSeconds()).isZero();
      finish(handle);
    }
  }

  @Test
  void changeIsVisibleSoonAfterItsCommit() {
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      handle.awaitCaughtUp(SOON);
      for (int i = 100; i < 110; i++) {
        int id = i;
        databases.source().execute("INSERT INTO a VALUES (" + id + ")");
        Await.until(
            BRIEF,
            "row " + id + " arrives",
            () ->
                databases.destination().queryLong("SELECT count(*) FROM a WHERE id = " + id) == 1);
      }
      finish(handle);
    }
  }

  @Test
  void longApplyKeepsTheStreamAlive() throws Exception {
    databases
        .source()
        .execute("ALTER SYSTEM SET wal_sender_timeout = '3s'", "SELECT pg_reload_conf()");
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      databases.source().execute("INSERT INTO a VALUES (100)");
      handle.awaitCaughtUp(SOON);
      String walSender =
          "SELECT active_pid FROM pg_replication_slots WHERE slot_name = 'bunny_operated'";
      String before = databases.source().queryString(walSender);
      long from = System.nanoTime();
      try (Connection held = hold(databases.destination(), "a")) {
        databases.source().execute("INSERT INTO a VALUES (101)");
        awaitHeldUp(databases.destination());
        databases.source().execute("INSERT INTO a VALUES (102)");
        Await.until(
            SOON,
            "three times the time-out is over",
            () -> System.nanoTime() - from > TimeUnit.SECONDS.toNanos(9));
        assertThat(databases.source().queryString(walSender)).isEqualTo(before);
        assertThat(held.isValid(1)).isTrue();
      }
      handle.awaitCaughtUp(SOON);
      assertThat(databases.source().queryString(walSender)).isEqualTo(before);
      assertThat(handle.status().state()).isEqualTo(MirrorState.RUNNING);
      finish(handle);
    }
  }

  @Test
  void fullBatchesThatWaitKeepTheStreamAlive() throws Exception {
    databases
        .source()
        .execute("ALTER SYSTEM SET wal_sender_timeout = '3s'", "SELECT pg_reload_conf()");
    try (MirrorHandle handle = running(mirror(databases, "public.a").maxBatchBytes(64 << 10))) {
      handle.awaitCaughtUp(SOON);
      String walSender =
          "SELECT active_pid FROM pg_replication_slots WHERE slot_name = 'bunny_operated'";
      String before = databases.source().queryString(walSender);
      long from = System.nanoTime();
      try (Connection held = hold(databases.destination(), "a")) {
        databases.source().execute("INSERT INTO a SELECT generate_series(2000, 60000)");
        awaitHeldUp(databases.destination());
        Await.until(
            SOON,
            "three times the time-out is over",
            () -> System.nanoTime() - from > TimeUnit.SECONDS.toNanos(9));
        assertThat(databases.source().queryString(walSender)).isEqualTo(before);
        assertThat(held.isValid(1)).isTrue();
      }
      handle.awaitCaughtUp(SOON);
      assertThat(databases.source().queryString(walSender)).isEqualTo(before);
      finish(handle);
    }
  }
}
