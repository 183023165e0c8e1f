package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.awaitHeldUp;
import static io.bunnydb.mirror.Operated.hold;
import static io.bunnydb.mirror.Operated.mappings;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.returnsSoon;
import static io.bunnydb.mirror.Operated.running;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.EventQuery;
import io.bunnydb.Lsn;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorPhase;
import io.bunnydb.MirrorState;
import io.bunnydb.TableHandle;
import io.bunnydb.TableName;
import io.bunnydb.TableState;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Single tables that stand still while the others flow, and lose nothing by it. */
final class TablePauseIT {
  private static final String SLOT = "bunny_operated";

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  @BeforeEach
  void createTables() {
    Operated.createTables(databases.source(), "a", "b");
  }

  private static MirrorHandle caughtUp() {
    return Operated.caughtUp(mirror(databases, "public.a", "public.b"));
  }

  private static TableState stateOfA(MirrorHandle handle) {
    return handle.table("public.a").status().state();
  }

  /** Every kind of change to both, from the hundredth row on. */
  private static void write(int id) {
    databases
        .source()
        .execute(
            "BEGIN; INSERT INTO a VALUES (%1$d, 'new'); INSERT INTO b VALUES (%1$d, 'new'); COMMIT"
                .formatted(id),
            "UPDATE a SET t = t || '+' WHERE id %% 7 = %d %% 7".formatted(id),
            "DELETE FROM a WHERE id = (SELECT min(id) FROM a)",
            "UPDATE b SET t = t || '+' WHERE id %% 5 = %d %% 5".formatted(id));
  }

  private static long count(String query) {
    return databases.destination().queryLong(query);
  }

  private static void finish(MirrorHandle handle) {
    handle.awaitCaughtUp(SOON);
    databases.assertMirrored("public.a", "public.b");
    assertThat(handle.status().tables())
        .allMatch(table -> table.rowsMissing() == 0 && table.standsAt() == null);
    handle.drop();
  }

  @Test
  void othersFlowWhileOneStandsStillAndItsLogIsKept() {
    try (MirrorHandle handle = caughtUp()) {
      TableHandle a = handle.table("public.a");
      a.pause();
      Lsn stands = requireNonNull(a.status().standsAt());
      assertThat(a.status().state()).isEqualTo(TableState.PAUSED);
      for (int id = 101; id < 120; id++) {
        write(id);
      }
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.b");
      assertThat(count("SELECT count(*) FROM a WHERE t = 'old'")).isEqualTo(100);
      assertThat(handle.status().lastLsn()).isGreaterThan(stands);
      assertThat(handle.status().state()).isEqualTo(MirrorState.RUNNING);
      assertThat(handle.status().phase()).isEqualTo(MirrorPhase.CDC);
      assertThat(handle.status().failure()).isNull();
      // What is acknowledged comes within a tenth of a second, and the idle slot moves by itself.
      Lsn end = SlotWatch.committed(databases);
      assertThat(end).isEqualTo(stands);
      assertThat(SlotWatch.confirmed(databases, SLOT)).isLessThanOrEqualTo(stands);
      a.pause();
      assertThat(a.status().standsAt()).isEqualTo(stands);

      a.resume();
      handle.awaitCaughtUp(SOON);
      assertThat(a.status().state()).isEqualTo(TableState.LIVE);
      Await.until(
          SOON, "the slot moves on", () -> SlotWatch.confirmed(databases, SLOT).isAfter(stands));
      assertThat(
              handle.events(EventQuery.newest(100)).events().stream()
                  .map(e -> e.message())
                  .toList())
          .anyMatch(told -> told.contains("tables public.a are paused"))
          .anyMatch(told -> told.contains("tables public.a go on"));
      finish(handle);
    }
  }

  @Test
  void isRememberedAndTheMirrorsOwnPauseIsAnother() {
    Lsn stands;
    try (MirrorHandle handle = caughtUp()) {
      write(101);
      handle.awaitCaughtUp(SOON);
      handle.pause();
      handle.table("public.a").pause();
      assertThat(handle.state()).isEqualTo(MirrorState.PAUSED);
      stands = requireNonNull(handle.table("public.a").status().standsAt());
      write(102);
    }
    try (MirrorHandle handle = mirror(databases, "public.a", "public.b").build().start()) {
      assertThat(handle.state()).isEqualTo(MirrorState.PAUSED);
      handle.resume();
      write(103);
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.b");
      assertThat(handle.table("public.a").status().standsAt()).isEqualTo(stands);
      assertThat(count("SELECT max(id) FROM a")).isEqualTo(101);
    }
    write(104);
    try (MirrorHandle handle = running(mirror(databases, "public.a", "public.b"))) {
      handle.awaitCaughtUp(SOON);
      assertThat(count("SELECT max(id) FROM a")).isEqualTo(101);
      assertThat(count("SELECT max(id) FROM b")).isEqualTo(104);
      handle.resumeTables(TableName.parse("public.a"), TableName.parse("public.b"));
      finish(handle);
    }
  }

  @Test
  void everyTableMayStandStill() {
    try (MirrorHandle handle = caughtUp()) {
      handle.pauseTables(TableName.parse("public.a"), TableName.parse("public.b"));
      Lsn stands = requireNonNull(handle.table("public.a").status().standsAt());
      assertThat(handle.table("public.b").status().standsAt()).isEqualTo(stands);
      write(101);
      handle.awaitCaughtUp(SOON);
      assertThat(handle.state()).isEqualTo(MirrorState.RUNNING);
      assertThat(handle.status().phase()).isEqualTo(MirrorPhase.CDC);
      handle.table("public.b").resume();
      write(102);
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.b");
      assertThat(count("SELECT max(id) FROM a")).isEqualTo(100);
      handle.table("public.b").pause();
      write(103);
      handle.table("public.a").resume();
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      assertThat(count("SELECT max(id) FROM b")).isEqualTo(102);
      handle.table("public.b").resume();
      finish(handle);
    }
  }

  @Test
  void truncateOfBothMeetsEachInItsTurn() {
    try (MirrorHandle handle = caughtUp()) {
      handle.table("public.a").pause();
      write(101);
      databases.source().execute("TRUNCATE a, b", "INSERT INTO a VALUES (1, 'after')");
      write(200);
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.b");
      assertThat(count("SELECT count(*) FROM a")).isEqualTo(100);
      handle.table("public.a").resume();
      finish(handle);
    }
  }

  @Test
  void transactionInProgressComesToEachInItsTurn() throws SQLException {
    databases
        .source()
        .execute(
            "ALTER DATABASE "
                + databases.source().name()
                + " SET logical_decoding_work_mem = '64kB'");
    try (MirrorHandle handle = caughtUp();
        Connection writer = databases.source().connection()) {
      writer.setAutoCommit(false);
      insert(writer, 1000, 4000);
      awaitApplying(1);
      handle.table("public.a").pause();
      insert(writer, 5000, 8000);
      awaitApplying(1);
      writer.commit();
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.b");
      assertThat(count("SELECT count(*) FROM a")).isEqualTo(100);
      insert(writer, 9000, 12000);
      handle.table("public.a").resume();
      insert(writer, 13000, 16000);
      writer.commit();
      finish(handle);
    }
  }

  private static void insert(Connection writer, int from, int to) throws SQLException {
    try (Statement statement = writer.createStatement()) {
      for (String table : new String[] {"a", "b"}) {
        statement.execute(
            "INSERT INTO %s SELECT i, repeat('x', 90) FROM generate_series(%d, %d) i"
                .formatted(table, from, to));
      }
    }
  }

  private static void awaitApplying(long sessions) {
    Await.value(
        SOON,
        "a transaction in progress is applied",
        () ->
            count(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                    + " AND application_name LIKE 'bunny operated apply%'"
                    + " AND xact_start IS NOT NULL"),
        count -> count == sessions);
  }

  @Test
  void copyIsPutOffAndATableMayLeaveOrBeCopiedAgain() throws Exception {
    databases.destination().execute("CREATE TABLE a (id int PRIMARY KEY, t text)");
    try (MirrorHandle handle = running(mirror(databases, "public.b"))) {
      try (Connection held = hold(databases.destination(), "a")) {
        handle.updateTables(mappings("public.a", "public.b"));
        awaitHeldUp(databases.destination());
        handle.table("public.a").pause();
        assertThat(stateOfA(handle)).isEqualTo(TableState.PAUSED);
        assertThat(handle.table("public.a").status().standsAt()).isNull();
        write(101);
        handle.awaitCaughtUp(SOON);
        databases.assertMirrored("public.b");
        assertThat(held.isValid(1)).isTrue();
      }
      assertThat(count("SELECT count(*) FROM a")).isZero();
      TableHandle a = handle.table("public.a");
      a.resume();
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");

      a.pause();
      write(102);
      a.resync();
      handle.awaitCaughtUp(SOON);
      assertThat(a.status().state()).isEqualTo(TableState.LIVE);
      databases.assertMirrored("public.a");

      a.pause();
      Lsn stands = requireNonNull(a.status().standsAt());
      handle.updateTables(mappings("public.b"));
      write(103);
      handle.awaitCaughtUp(SOON);
      Await.until(
          SOON, "the slot moves on", () -> SlotWatch.confirmed(databases, SLOT).isAfter(stands));
      assertThatThrownBy(a::pause)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("mirror 'operated' has no source table public.a");
      assertThatThrownBy(() -> handle.table("public.a"))
          .isInstanceOf(IllegalArgumentException.class);
      databases.destination().execute("TRUNCATE a");
      handle.updateTables(mappings("public.a", "public.b"));
      finish(handle);
    }
  }

  @Test
  void tablesThatForeignKeysTieToItAreNamed() {
    databases
        .source()
        .execute(
            "CREATE TABLE c (id int PRIMARY KEY, a int REFERENCES a, b int)",
            "CREATE TABLE d (id int PRIMARY KEY, a int REFERENCES a)");
    databases
        .destination()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY, t text)",
            "CREATE TABLE b (id int PRIMARY KEY, t text, a int REFERENCES a)");
    try (MirrorHandle handle = running(mirror(databases, "public.a", "public.b", "public.c"))) {
      handle.table("public.a").pause();
      assertThat(handle.events(EventQuery.newest(100)).events())
          .anyMatch(e -> e.message().contains("foreign keys tie public.b, public.c to it"));
      databases.destination().execute("ALTER TABLE b DROP a");
      handle.table("public.a").resume();
      finish(handle);
    }
  }

  /** A server that shuts down waits until a stream has everything. */
  @Test
  @ExpectsLog(value = "the next follows in", optional = true)
  void sourceThatShutsDownDoesNotWaitForIt() {
    try (MirrorHandle handle = caughtUp()) {
      handle.table("public.a").pause();
      write(101);
      handle.awaitCaughtUp(SOON);
      long from = System.nanoTime();
      returnsSoon(() -> databases.source().server().restart());
      assertThat(Duration.ofNanos(System.nanoTime() - from)).isLessThan(Duration.ofSeconds(10));
      write(102);
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.b");
      handle.table("public.a").resume();
      finish(handle);
    }
  }
}
