package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.awaitHeldUp;
import static io.bunnydb.mirror.Operated.hold;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static io.bunnydb.mirror.Operated.walSender;
import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.Lsn;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.MirrorDatabases;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A mirror to whose tables nothing happens, and one whose destination is slow. */
final class IdleIT {
  /** Far from what it takes, and far below a second, as a wait of fixed length might have. */
  private static final Duration BRIEF = Duration.ofMillis(500);

  private static final String SENDER_TIMEOUT = "3s";

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

  /** How long something takes, in the middle of many times: a busy machine delays a few. */
  private static Duration median(List<Duration> times) {
    return times.stream().sorted().toList().get(times.size() / 2);
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

  private static void assertSlotMovesOn(MirrorHandle handle) {
    Lsn written = end();
    Await.until(Duration.ofSeconds(25), "the slot moves on", () -> !confirmed().isBefore(written));
    assertThat(handle.status().lastLsn()).isGreaterThanOrEqualTo(written);
  }

  @Test
  void slotMovesOnWhileOnlyOtherTablesAndDatabasesAreWritten() {
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      handle.awaitCaughtUp(SOON);
      databases
          .source()
          .execute(
              "INSERT INTO not_mirrored (t) SELECT md5(i::text) FROM generate_series(1, 9999) i");
      assertSlotMovesOn(handle);
      databases
          .source()
          .server()
          .execute(
              "postgres",
              "CREATE TABLE busy AS SELECT generate_series(1, 9999)",
              "DROP TABLE busy");
      assertSlotMovesOn(handle);
      finish(handle);
    }
  }

  @Test
  void heartbeatMovesTheSlotOfAServerThatRests() {
    try (MirrorHandle handle =
        running(mirror(databases, "public.a").heartbeat(Duration.ofSeconds(1)))) {
      handle.awaitCaughtUp(SOON);
      Lsn written = end();
      Await.until(SOON, "the heart beats", () -> isBeating() && end().isAfter(written));
      handle.awaitCaughtUp(SOON);
      assertThat(handle.status().lastLsn()).isGreaterThan(written);
      finish(handle);
    }
  }

  private static boolean isBeating() {
    return databases
            .source()
            .queryLong(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE"
                    + " 'bunny operated control %' AND query LIKE '%emit_message(false, ''bunny''%'")
        == 1;
  }

  @Test
  void catchingUpTakesNoTimeOnAnIdleSource() {
    String[][] happenings = {
      {"INSERT INTO not_mirrored (t) VALUES ('x')"},
      {"CREATE TABLE IF NOT EXISTS empty ()"},
      {"SELECT pg_logical_emit_message(true, 'app', 'in')"},
      {"SELECT pg_logical_emit_message(false, 'app', 'outside')"},
      {"BEGIN; INSERT INTO a VALUES (500); ROLLBACK"},
      // As a reader does that finds fresh rows: nobody has the log flushed.
      {"BEGIN; SELECT pg_logical_emit_message(false, 'app', 'read'); ROLLBACK"},
      {"CHECKPOINT", "SELECT pg_switch_wal()"}
    };
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      handle.awaitCaughtUp(SOON);
      List<Duration> idle = new ArrayList<>();
      for (String[] happening : happenings) {
        List<Duration> times = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
          databases.source().execute(happening);
          times.add(timeToCatchUp(handle));
          idle.add(timeToCatchUp(handle));
        }
        assertThat(median(times)).as(happening[0]).isLessThan(BRIEF);
      }
      databases.source().server().execute("postgres", "CREATE TABLE x ()", "DROP TABLE x");
      handle.awaitCaughtUp(SOON);
      assertThat(median(idle)).isLessThan(BRIEF);
      assertThat(handle.status().lagSeconds()).isZero();
      finish(handle);
    }
  }

  private static Duration timeToCatchUp(MirrorHandle handle) {
    long from = System.nanoTime();
    handle.awaitCaughtUp(SOON);
    return Duration.ofNanos(System.nanoTime() - from);
  }

  @Test
  void changeIsVisibleSoonAfterItsCommit() {
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      handle.awaitCaughtUp(SOON);
      List<Duration> times = new ArrayList<>();
      for (int i = 100; i < 115; i++) {
        int id = i;
        databases.source().execute("INSERT INTO a VALUES (" + id + ")");
        long from = System.nanoTime();
        Await.until(
            SOON,
            "row " + id + " arrives",
            () ->
                databases.destination().queryLong("SELECT count(*) FROM a WHERE id = " + id) == 1);
        times.add(Duration.ofNanos(System.nanoTime() - from));
      }
      assertThat(median(times)).isLessThan(BRIEF);
      finish(handle);
    }
  }

  /**
   * Waits until the mirror has answered the source so long after now that the source would have
   * given it up, had it not answered meanwhile.
   */
  private static void awaitAnswersBeyondTheTimeout(String walSender) {
    String from = databases.source().queryString("SELECT clock_timestamp()");
    Await.until(
        SOON,
        "the mirror answers after twice the time-out",
        () ->
            databases
                    .source()
                    .queryLong(
                        "SELECT count(*) FROM pg_stat_replication WHERE pid = ?::int"
                            + " AND reply_time > ?::timestamptz + 2 * interval '"
                            + SENDER_TIMEOUT
                            + "'",
                        walSender,
                        from)
                == 1);
    assertThat(walSender(databases.source())).isEqualTo(walSender);
  }

  private static void shortenSenderTimeout() {
    databases
        .source()
        .execute(
            "ALTER SYSTEM SET wal_sender_timeout = '" + SENDER_TIMEOUT + "'",
            "SELECT pg_reload_conf()");
  }

  @Test
  void longApplyKeepsTheStreamAlive() throws Exception {
    shortenSenderTimeout();
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      databases.source().execute("INSERT INTO a VALUES (100)");
      handle.awaitCaughtUp(SOON);
      String walSender = walSender(databases.source());
      try (Connection held = hold(databases.destination(), "a")) {
        databases.source().execute("INSERT INTO a VALUES (101)");
        awaitHeldUp(databases.destination());
        databases.source().execute("INSERT INTO a VALUES (102)");
        awaitAnswersBeyondTheTimeout(walSender);
        assertThat(held.isValid(1)).isTrue();
      }
      handle.awaitCaughtUp(SOON);
      assertThat(walSender(databases.source())).isEqualTo(walSender);
      assertThat(handle.status().state()).isEqualTo(MirrorState.RUNNING);
      finish(handle);
    }
  }

  @Test
  void fullBatchesThatWaitKeepTheStreamAlive() throws Exception {
    shortenSenderTimeout();
    try (MirrorHandle handle = running(mirror(databases, "public.a").maxBatchBytes(64 << 10))) {
      handle.awaitCaughtUp(SOON);
      String walSender = walSender(databases.source());
      try (Connection held = hold(databases.destination(), "a")) {
        databases.source().execute("INSERT INTO a SELECT generate_series(2000, 60000)");
        awaitHeldUp(databases.destination());
        awaitAnswersBeyondTheTimeout(walSender);
        assertThat(held.isValid(1)).isTrue();
      }
      handle.awaitCaughtUp(SOON);
      assertThat(walSender(databases.source())).isEqualTo(walSender);
      finish(handle);
    }
  }
}
