package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.inBackground;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.ApplyException;
import io.bunnydb.AwaitTimeoutException;
import io.bunnydb.ErrorKind;
import io.bunnydb.Lsn;
import io.bunnydb.MirrorBuilder;
import io.bunnydb.MirrorFailure;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.MirrorStatus;
import io.bunnydb.Peer;
import io.bunnydb.TableName;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A change that cannot be applied pauses the mirror; cured, it goes on from where it stopped. */
@ExpectsLog(value = "; paused", optional = true)
final class ErrorIT {
  private static final String SECRET = "s3cr3t";

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  @BeforeEach
  void createTables() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY, t text)",
            "CREATE TABLE b (id int PRIMARY KEY)",
            "INSERT INTO a SELECT i, 'old' FROM generate_series(1, 10) i");
  }

  private static MirrorBuilder both() {
    return mirror(databases, "public.a", "public.b");
  }

  /** Breaks the destination, has a change fail, looks at what is told, cures it, and goes on. */
  private static void pausesAndGoesOn(
      MirrorBuilder builder,
      ErrorKind kind,
      String breaking,
      String change,
      String cure,
      String... told) {
    Lsn before;
    Lsn failed;
    MirrorFailure failure;
    try (MirrorHandle handle = running(builder)) {
      databases.source().execute("INSERT INTO b VALUES (1)");
      handle.awaitCaughtUp(SOON);
      databases.destination().execute(breaking);
      before = handle.status().lastLsn();
      databases.source().execute(change.split(";"));
      failed = end();
      databases.source().execute("INSERT INTO b VALUES (2)");
      assertThatThrownBy(() -> handle.awaitCaughtUp(SOON)).isInstanceOf(ApplyException.class);
      assertPausedBefore(handle.status(), failed, kind, told);
      // Tried without a cure, it comes to the same error again.
      handle.resume();
      handle.awaitState(MirrorState.PAUSED, SOON);
      failure = assertPausedBefore(handle.status(), failed, kind, told);
    }
    try (MirrorHandle handle = builder.build().start()) {
      assertThat(assertPausedBefore(handle.status(), failed, kind, told))
          .usingRecursiveComparison()
          .ignoringFields("message")
          .isEqualTo(failure);
      assertThat(handle.status().lastLsn()).isGreaterThanOrEqualTo(before);
      databases.destination().execute(cure);
      handle.resume();
      handle.awaitCaughtUp(SOON);
      assertThat(handle.status().failure()).isNull();
      databases.assertMirrored("public.a", "public.b");
      handle.drop();
    }
  }

  private static MirrorFailure assertPausedBefore(
      MirrorStatus status, Lsn failed, ErrorKind kind, String... told) {
    assertThat(status.state()).isEqualTo(MirrorState.PAUSED);
    MirrorFailure failure = requireNonNull(status.failure());
    assertThat(failure.kind()).isEqualTo(kind);
    assertThat(failure.table()).isEqualTo(TableName.parse("public.a"));
    assertThat(requireNonNull(failure.lsn())).isLessThan(failed);
    assertThat(failure.attempts()).isEqualTo(1);
    assertThat(failure.nextAttempt()).isNull();
    assertThat(Duration.between(failure.since(), Instant.now())).isBetween(Duration.ZERO, SOON);
    assertThat(status.error()).isEqualTo(failure.message());
    assertThat(status.error())
        .contains("'operated'", "public.a", ", at 0/")
        .contains(told)
        .doesNotContain(SECRET)
        .doesNotContain(databases.destination().password());
    assertThat(status.lastLsn()).isLessThan(failed);
    assertThat(
            Lsn.parse(
                String.valueOf(
                    databases
                        .source()
                        .queryString(
                            "SELECT confirmed_flush_lsn FROM pg_replication_slots"
                                + " WHERE slot_name = 'bunny_operated'"))))
        .isLessThan(failed);
    assertThat(databases.destination().queryStrings("SELECT id FROM b")).containsExactly("1");
    return failure;
  }

  private static Lsn end() {
    return Lsn.parse(
        String.valueOf(databases.source().queryString("SELECT pg_current_wal_insert_lsn()")));
  }

  @Test
  void duplicateKeyPauses() {
    pausesAndGoesOn(
        both(),
        ErrorKind.CONSTRAINT,
        "INSERT INTO a VALUES (7000001, '" + SECRET + "')",
        "INSERT INTO a VALUES (7000001, '" + SECRET + "')",
        "DELETE FROM a WHERE id = 7000001",
        "23505",
        "remove it, or choose onExistingRow(OVERWRITE), then resume");
    assertThat(databases.destination().queryLong("SELECT count(*) FROM a")).isEqualTo(11);
  }

  @Test
  void missingColumnPauses() {
    pausesAndGoesOn(
        both(),
        ErrorKind.SCHEMA,
        "SELECT 1",
        "ALTER TABLE a ADD COLUMN extra text; INSERT INTO a VALUES (11, 'x', '" + SECRET + "')",
        "ALTER TABLE a ADD COLUMN extra text",
        "no column extra",
        "add it, then resume");
  }

  @Test
  void droppedColumnPauses() {
    pausesAndGoesOn(
        both(),
        ErrorKind.SCHEMA,
        "ALTER TABLE a DROP COLUMN t",
        "INSERT INTO a VALUES (11, '" + SECRET + "')",
        "ALTER TABLE a ADD COLUMN t text DEFAULT 'old'",
        "no column t",
        "add it, then resume");
  }

  /** The server quotes what it cannot read, which must not be told. */
  @Test
  void valueThatTheColumnDoesNotTakePauses() {
    pausesAndGoesOn(
        both(),
        ErrorKind.DATA,
        "ALTER TABLE a ALTER t TYPE date USING NULL::date",
        "INSERT INTO a VALUES (11, '" + SECRET + "')",
        "ALTER TABLE a ALTER t TYPE text USING 'old'",
        "22007",
        "widen the column's type");
  }

  @Test
  void violatedCheckPauses() {
    pausesAndGoesOn(
        both(),
        ErrorKind.CONSTRAINT,
        "ALTER TABLE a ADD CONSTRAINT short CHECK (length(t) < 5)",
        "UPDATE a SET t = '" + SECRET + "' WHERE id = 3",
        "ALTER TABLE a DROP CONSTRAINT short",
        "23514",
        "short",
        "relax the destination's constraint");
  }

  @Test
  void droppedDestinationTablePauses() {
    pausesAndGoesOn(
        both(),
        ErrorKind.SCHEMA,
        "ALTER TABLE a RENAME TO gone",
        "INSERT INTO a VALUES (11, '" + SECRET + "')",
        "ALTER TABLE gone RENAME TO a",
        "destination table");
  }

  @Test
  void revokedRightPauses() {
    databases
        .destination()
        .execute(
            "CREATE ROLE limited LOGIN PASSWORD '" + SECRET + "'",
            "GRANT CREATE ON DATABASE " + databases.destination().name() + " TO limited",
            "GRANT ALL ON SCHEMA public TO limited");
    Peer limited = Peer.of("destination", databases.destination().url(), "limited", SECRET);
    pausesAndGoesOn(
        both().destination(limited),
        ErrorKind.PRIVILEGE,
        "REVOKE UPDATE ON a FROM limited",
        "UPDATE a SET t = '" + SECRET + "' WHERE id = 3",
        "GRANT UPDATE ON a TO limited",
        "42501",
        "grant the missing right");
  }

  @Test
  void awaitingEndsWithTheTime() {
    try (MirrorHandle handle = running(both())) {
      Duration brief = Duration.ofMillis(50);
      assertThatThrownBy(() -> handle.awaitState(MirrorState.PAUSED, brief))
          .isInstanceOf(AwaitTimeoutException.class)
          .hasMessageContaining("RUNNING");
      assertThatThrownBy(() -> handle.awaitApplied(Lsn.parse("FFFF/0"), brief))
          .isInstanceOf(AwaitTimeoutException.class)
          .hasMessageContaining("FFFF/0");
      handle.pause();
      databases.source().execute("INSERT INTO b VALUES (1)");
      assertThatThrownBy(() -> handle.awaitCaughtUp(brief))
          .isInstanceOf(AwaitTimeoutException.class)
          .hasMessageContaining("PAUSED");
      handle.resume();
      Lsn end = end();
      // Its commit lies behind, so that nothing else has to move the stream on.
      databases.source().execute("INSERT INTO b VALUES (2)");
      handle.awaitApplied(end, SOON);
      assertThat(databases.destination().queryStrings("SELECT id FROM b WHERE id = 1")).hasSize(1);
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.b");
      handle.drop();
    }
  }

  @Test
  void errorThatPausesWakesThoseWhoWait() throws Exception {
    try (MirrorHandle handle = running(both())) {
      CompletableFuture<Void> forLsn =
          inBackground(() -> handle.awaitApplied(Lsn.parse("FFFF/0"), Duration.ofMinutes(5)));
      CompletableFuture<Void> forState =
          inBackground(() -> handle.awaitState(MirrorState.FAILED, Duration.ofMinutes(5)));
      databases.destination().execute("INSERT INTO a VALUES (11)");
      databases.source().execute("INSERT INTO a VALUES (11, 'x')");
      for (CompletableFuture<Void> waiting : java.util.List.of(forLsn, forState)) {
        assertThatThrownBy(() -> waiting.get(20, TimeUnit.SECONDS))
            .hasCauseInstanceOf(ApplyException.class)
            .hasMessageContaining("23505");
      }
      databases.destination().execute("DELETE FROM a WHERE id = 11");
      handle.retry();
      Await.until(SOON, "the error is over", () -> handle.status().error() == null);
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      handle.drop();
    }
  }
}
