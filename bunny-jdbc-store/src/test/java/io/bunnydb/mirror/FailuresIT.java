package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.awaitHeldUp;
import static io.bunnydb.mirror.Operated.inBackground;
import static io.bunnydb.mirror.Operated.inTransaction;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.ErrorKind;
import io.bunnydb.EventQuery;
import io.bunnydb.Lsn;
import io.bunnydb.MirrorBuilder;
import io.bunnydb.MirrorEvent;
import io.bunnydb.MirrorFailure;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.MirrorStatus;
import io.bunnydb.Peer;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Errors that pass with time, each brought about for real: the mirror stays RUNNING and shows the
 * error, tries again by itself, and misses nothing. Those that do not pass are in {@link ErrorIT},
 * {@link LoginIT}, {@link LostChangesIT} and {@link InvalidatedSlotIT}.
 */
@ExpectsLog("attempt \\d+ failed, the next follows in")
final class FailuresIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  @BeforeEach
  void createTables() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY, t text)",
            "CREATE TABLE b (id int PRIMARY KEY)",
            "INSERT INTO a SELECT i, 'old' FROM generate_series(1, 10) i",
            "INSERT INTO b VALUES (1)");
  }

  private static MirrorBuilder both() {
    return mirror(databases, "public.a", "public.b");
  }

  /** Waits until an attempt has failed with one of the kinds. */
  private static MirrorFailure awaitFailure(
      MirrorHandle handle, int attempts, Set<ErrorKind> kinds) {
    MirrorStatus status =
        Await.value(
            SOON,
            "it fails by " + kinds,
            handle::status,
            s -> {
              MirrorFailure failure = s.failure();
              return failure != null
                  && kinds.contains(failure.kind())
                  && failure.attempts() >= attempts;
            });
    assertThat(status.state()).isEqualTo(MirrorState.RUNNING);
    MirrorFailure failure = Objects.requireNonNull(status.failure());
    assertThat(failure.kind().passesWithTime()).isTrue();
    assertThat(failure.since()).isBetween(status.startedAt(), Instant.now());
    assertThat(status.error()).isEqualTo(failure.message()).contains("mirror 'operated'");
    return failure;
  }

  private static int attempts(MirrorHandle handle) {
    MirrorFailure failure = handle.status().failure();
    return failure == null ? 0 : failure.attempts();
  }

  /** What is shown is over, nothing is missing, and the log tells of both. */
  private static void goesOn(MirrorHandle handle, MirrorFailure failure) {
    handle.retry();
    handle.awaitCaughtUp(SOON);
    Await.until(SOON, "the error is over", () -> handle.status().failure() == null);
    databases.assertMirrored("public.a", "public.b");
    assertThat(handle.status().state()).isEqualTo(MirrorState.RUNNING);
    String kind = failure.kind().name();
    assertThat(handle.events(new EventQuery(99, 0, MirrorEvent.Level.WARN, kind)).events())
        .anyMatch(event -> kind.equals(event.details().get("kind")));
    assertThat(
            handle.events(new EventQuery(99, 0, MirrorEvent.Level.INFO, "goes on after")).events())
        .isNotEmpty();
    handle.drop();
  }

  @Test
  void stoppedDestinationIsWaitedFor() {
    try (MirrorHandle handle = running(both())) {
      handle.awaitCaughtUp(SOON);
      databases.destination().server().stop();
      databases.source().execute("INSERT INTO a VALUES (11, 'new')");
      MirrorFailure failure = awaitFailure(handle, 3, EnumSet.of(ErrorKind.CONNECTION));
      assertThat(failure.message()).contains("peer destination", "unreachable");
      assertThat(failure.sqlState()).startsWith("08");
      MirrorFailure waiting =
          Objects.requireNonNull(
              Await.value(
                      SOON,
                      "it waits",
                      handle::status,
                      s -> {
                        MirrorFailure shown = s.failure();
                        return shown != null && shown.nextAttempt() != null;
                      })
                  .failure());
      assertThat(waiting.nextAttempt())
          .isBefore(Instant.now().plusSeconds(31))
          .isAfter(waiting.since());
      MirrorStatus status = handle.status();
      Lsn applied = status.lastLsn();
      assertThat(status.lagBytes()).isPositive();
      Await.until(
          SOON, "lag grows", () -> handle.status().lagSeconds() > status.lagSeconds() + 0.5);
      assertThat(handle.status().lastLsn()).isEqualTo(applied);
      databases.destination().server().start();
      goesOn(handle, failure);
    }
  }

  /** A gate that rows of table a pass, for a tenth of a second each. */
  private static void makeGate() {
    databases
        .destination()
        .execute(
            "CREATE TABLE gate (id int)",
            "INSERT INTO gate VALUES (1)",
            "CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = '100ms' AS"
                + " 'BEGIN PERFORM FROM public.gate FOR UPDATE; RETURN NEW; END'",
            "CREATE TRIGGER pass BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION pass()",
            "ALTER TABLE a ENABLE ALWAYS TRIGGER pass");
  }

  @Test
  void lockThatIsNotGivenInTimeIsTriedAgain() throws Exception {
    try (MirrorHandle handle = running(both())) {
      makeGate();
      Connection held = inTransaction(databases.destination(), "SELECT FROM gate FOR UPDATE");
      databases.source().execute("INSERT INTO a VALUES (11, 'new')");
      MirrorFailure failure = awaitFailure(handle, 2, EnumSet.of(ErrorKind.CONTENTION));
      assertThat(failure.sqlState()).isEqualTo("55P03");
      assertThat(failure.table()).hasToString("public.a");
      assertThat(failure.lsn()).isNotNull();
      assertThat(failure.message()).contains("tried again by itself");
      // It shows while it is being tried, too, as long as nothing has been applied.
      Await.checkingUntil(
          SOON,
          "two more attempts have failed",
          () -> assertThat(handle.status().failure()).isNotNull(),
          () -> attempts(handle) >= failure.attempts() + 2);
      held.close();
      goesOn(handle, failure);
    }
  }

  @Test
  void deadlockIsTriedAgain() throws Exception {
    try (MirrorHandle handle = running(both())) {
      handle.awaitCaughtUp(SOON);
      // The mirror's session looks for deadlocks long before this one does.
      Connection other = inTransaction(databases.destination(), "SET deadlock_timeout = '60s'");
      try (Statement statement = other.createStatement()) {
        statement.execute("DELETE FROM b WHERE id = 1");
        databases
            .source()
            .execute("BEGIN; UPDATE a SET t = 'new' WHERE id = 1; UPDATE b SET id = 2; COMMIT");
        awaitHeldUp(databases.destination());
        CompletableFuture<Void> crossing =
            inBackground(
                () -> {
                  try {
                    statement.execute("UPDATE a SET t = 'other' WHERE id = 1");
                  } catch (SQLException e) {
                    throw new AssertionError(e);
                  }
                });
        MirrorFailure failure = awaitFailure(handle, 1, EnumSet.of(ErrorKind.CONTENTION));
        assertThat(failure.sqlState()).isEqualTo("40P01");
        crossing.get(SOON.toSeconds(), TimeUnit.SECONDS);
        other.rollback();
        goesOn(handle, failure);
      }
    }
  }

  @Test
  void serverWithoutAFreeConnectionIsWaitedFor() {
    TestDatabase destination = databases.destination();
    destination.execute(
        "CREATE ROLE limited LOGIN PASSWORD 'limited'",
        "GRANT CREATE ON DATABASE " + destination.name() + " TO limited",
        "GRANT ALL ON SCHEMA public TO limited");
    Peer limited = Peer.of("destination", destination.url(), "limited", "limited");
    try (MirrorHandle handle = running(both().destination(limited))) {
      handle.awaitCaughtUp(SOON);
      destination.execute("ALTER ROLE limited CONNECTION LIMIT 0");
      destination.queryStrings(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'limited'");
      databases.source().execute("INSERT INTO a VALUES (11, 'new')");
      MirrorFailure failure = awaitFailure(handle, 2, EnumSet.of(ErrorKind.SERVER_BUSY));
      assertThat(failure.sqlState()).isEqualTo("53300");
      assertThat(failure.message()).contains("no free connection", "raise max_connections");
      destination.execute("ALTER ROLE limited CONNECTION LIMIT -1");
      goesOn(handle, failure);
    }
  }

  @Test
  void fullDiskOfTheDestinationIsWaitedFor() throws Exception {
    try (SmallDisk disk = SmallDisk.mount(databases.destination());
        MirrorHandle handle = running(both())) {
      handle.awaitCaughtUp(SOON);
      databases.destination().execute("ALTER TABLE a SET TABLESPACE small");
      disk.fill();
      databases
          .source()
          .execute("INSERT INTO a SELECT i, repeat('x', 1000) FROM generate_series(11, 4000) i");
      MirrorFailure failure = awaitFailure(handle, 2, EnumSet.of(ErrorKind.RESOURCES));
      assertThat(failure.sqlState()).isEqualTo("53100");
      assertThat(failure.message()).contains("public.a", "make room on the destination's disk");
      disk.free();
      goesOn(handle, failure);
    }
  }
}
