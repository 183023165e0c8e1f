package io.bunnydb.mirror;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.bunnydb.Mirror;
import io.bunnydb.MirrorBuilder;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorOwnedException;
import io.bunnydb.MirrorState;
import io.bunnydb.jdbc.JdbcCheckpointStore;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.TestDatabase;
import io.bunnydb.testing.Workload;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** One process at a time applies; it gets over the loss of a connection and of a server. */
final class OwnershipIT {
  private static final Duration SOON = Duration.ofSeconds(60);

  /** After each transaction; what is written while nothing is applied has to be caught up with. */
  private static final int REST_MILLIS = 10;

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private static Mirror mirror() {
    MirrorBuilder builder =
        Mirror.builder("owned")
            .source(databases.source().peer())
            .destination(databases.destination().peer())
            .maxBatchBytes(1 << 16)
            .checkpointStore(JdbcCheckpointStore.inDestination());
    MixedLoad.TABLES.forEach(builder::table);
    return builder.build();
  }

  private static Workload load() {
    return Workload.start(
        databases.source(), MixedLoad.create(databases.source(), 5000, REST_MILLIS));
  }

  private static long sessionsOf(TestDatabase database, long pid, String role) {
    return database.queryLong(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE ?",
        "bunny owned " + role + " " + pid + "@%");
  }

  /** Ends Bunny's sessions of a role as an administrator would. */
  private static void terminate(TestDatabase database, String role) {
    assertThat(
            database.queryLong(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                    + " WHERE application_name LIKE ?",
                "bunny owned " + role + " %"))
        .isPositive();
  }

  private static void awaitFlow(MirrorHandle handle, int transactions) {
    long before = handle.status().transactionsApplied();
    Await.until(
        SOON, "changes flow", () -> handle.status().transactionsApplied() > before + transactions);
  }

  private static void finish(MirrorHandle handle, Workload load) {
    load.close();
    handle.awaitCaughtUp(SOON);
    assertThat(handle.status().state()).isEqualTo(MirrorState.RUNNING);
    assertThat(handle.status().error()).isNull();
    assertThat(handle.status().tables()).allMatch(table -> table.rowsMissing() == 0);
    databases.assertMirrored(MixedLoad.TABLES.toArray(String[]::new));
    handle.drop();
  }

  /** Starts the mirror, which another process owns. */
  private static MirrorOwnedException refused() {
    return catchThrowableOfType(MirrorOwnedException.class, () -> mirror().start().close());
  }

  @Test
  @ExpectsLog(value = "attempt \\d+ failed", optional = true)
  void aSecondProcessIsRefusedUntilTheFirstIsKilled() throws Exception {
    try (Workload load = load();
        ChildMirror first = ChildMirror.launch(databases, "owned", 1 << 20, MixedLoad.TABLES)) {
      first.awaitOutput(MirrorProcess.STARTED);
      String owner = "apply " + first.pid() + "@";
      CompletableFuture<MirrorOwnedException> inItsSetUp =
          CompletableFuture.supplyAsync(OwnershipIT::refused);
      first.awaitOutput("is RUNNING");
      for (MirrorOwnedException refusal : List.of(refused(), inItsSetUp.join())) {
        assertThat(refusal).hasMessageContaining(owner);
      }
      // Refused, it has left the owner in peace.
      first.runFor(1);
      assertThat(sessionsOf(databases.destination(), first.pid(), "apply")).isOne();
      assertThat(first.output()).doesNotContain(" WARN ", " ERROR ");
      first.kill();
      long killed = System.nanoTime();
      try (MirrorHandle second = mirror().start()) {
        second.awaitState(MirrorState.RUNNING, SOON);
        awaitFlow(second, 20);
        assertThat(Duration.ofNanos(System.nanoTime() - killed)).isLessThan(Duration.ofSeconds(10));
        finish(second, load);
      }
    }
  }

  @Test
  @ExpectsLog(value = "attempt \\d+ failed", optional = true)
  void aKilledOwnerThatWaitsForALockDoesNotStandInTheWay() throws Exception {
    try (Workload load = load();
        Connection third = databases.destination().connection();
        ChildMirror first = ChildMirror.launch(databases, "owned", 1 << 20, MixedLoad.TABLES)) {
      first.awaitOutput("is RUNNING");
      third.setAutoCommit(false);
      third.createStatement().execute("SELECT FROM bunny.checkpoint FOR UPDATE");
      Await.until(
          SOON,
          "the owner waits for the lock",
          () ->
              databases
                      .destination()
                      .queryLong(
                          "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                              + " AND application_name LIKE 'bunny owned apply%'")
                  == 1);
      first.kill();
      Await.until(
          Duration.ofSeconds(10),
          "the server notices that the owner is gone",
          () -> sessionsOf(databases.destination(), first.pid(), "apply") == 0);
      third.rollback();
      try (MirrorHandle second = mirror().start()) {
        finish(second, load);
      }
    }
  }

  @Test
  @ExpectsLog("attempt 1 failed")
  void recoversWhenItsSessionsAreTerminated() {
    try (Workload load = load();
        MirrorHandle handle = mirror().start()) {
      handle.awaitState(MirrorState.RUNNING, SOON);
      for (int round = 0; round < 3; round++) {
        awaitFlow(handle, 50);
        terminate(databases.destination(), "apply");
        awaitFlow(handle, 50);
        terminate(databases.source(), "stream");
        awaitFlow(handle, 50);
      }
      finish(handle, load);
    }
  }

  @Test
  @ExpectsLog("attempt \\d+ failed")
  void recoversFromARestartOfTheDestination() {
    try (Workload load = load();
        MirrorHandle handle = mirror().start()) {
      handle.awaitState(MirrorState.RUNNING, SOON);
      awaitFlow(handle, 50);
      databases.destination().server().restart();
      awaitFlow(handle, 50);
      finish(handle, load);
    }
  }

  @Test
  @ExpectsLog("attempt \\d+ failed")
  void recoversFromCrashesOfTheDestination() {
    try (Workload load = load();
        MirrorHandle handle = mirror().start()) {
      handle.awaitState(MirrorState.RUNNING, SOON);
      for (int round = 0; round < 3; round++) {
        awaitFlow(handle, 50);
        databases.destination().server().stopImmediate();
        Await.until(SOON, "the loss is noticed", () -> handle.status().error() != null);
        assertThat(handle.status().state()).isEqualTo(MirrorState.RUNNING);
        databases.destination().server().start();
        awaitFlow(handle, 50);
      }
      finish(handle, load);
    }
  }

  @Test
  @ExpectsLog("attempt \\d+ failed")
  void recoversFromARestartOfTheSource() {
    MixedLoad load = MixedLoad.create(databases.source(), 5000, REST_MILLIS);
    try (MirrorHandle handle = mirror().start()) {
      Workload before = Workload.start(databases.source(), load);
      handle.awaitState(MirrorState.RUNNING, SOON);
      awaitFlow(handle, 50);
      long begun = System.nanoTime();
      databases.source().server().restart();
      // The server waits until everything is acknowledged that it has sent.
      assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(8));
      assertThatThrownBy(before::close).hasMessageContaining("workload failed");
      try (Workload after = Workload.start(databases.source(), load)) {
        awaitFlow(handle, 50);
        finish(handle, after);
      }
    }
  }

  @Test
  @ExpectsLog("attempt \\d+ failed")
  void recoversFromACrashOfTheSource() {
    MixedLoad load = MixedLoad.create(databases.source(), 5000, REST_MILLIS);
    try (MirrorHandle handle = mirror().start()) {
      Workload before = Workload.start(databases.source(), load);
      handle.awaitState(MirrorState.RUNNING, SOON);
      awaitFlow(handle, 50);
      databases.source().server().stopImmediate();
      assertThatThrownBy(before::close).hasMessageContaining("workload failed");
      databases.source().server().start();
      try (Workload after = Workload.start(databases.source(), load)) {
        awaitFlow(handle, 50);
        finish(handle, after);
      }
    }
  }

  @Test
  @ExpectsLog("attempt \\d+ failed")
  void letsTheSourceShutDownWhenIdle() {
    MixedLoad.create(databases.source(), 10, REST_MILLIS);
    try (MirrorHandle handle = mirror().start()) {
      handle.awaitCaughtUp(SOON);
      databases.source().execute("CREATE TABLE elsewhere AS SELECT generate_series(1, 1000) i");
      long begun = System.nanoTime();
      databases.source().server().stop();
      assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(5));
      databases.source().server().start();
      databases.source().execute("INSERT INTO line VALUES (99, 99, 99)");
      handle.awaitCaughtUp(SOON);
      handle.drop();
    }
  }

  @Test
  @ExpectsLog(value = "attempt \\d+ failed", optional = true)
  void aMirrorResumedInItsSetUpIsNotPausedInTheNextProcess() throws Exception {
    MixedLoad.create(databases.source(), 10, REST_MILLIS);
    try (Connection writer = databases.source().connection()) {
      writer.setAutoCommit(false);
      writer.createStatement().execute("DELETE FROM line");
      try (MirrorHandle first = mirror().start()) {
        Await.until(
            SOON,
            "the slot is being made",
            () ->
                databases
                        .source()
                        .queryLong(
                            "SELECT count(*) FROM pg_replication_slots"
                                + " WHERE database = current_database()")
                    == 1);
        first.pause();
        writer.commit();
        first.resume();
        first.awaitState(MirrorState.RUNNING, SOON);
      }
    }
    try (MirrorHandle second = mirror().start()) {
      second.awaitState(MirrorState.RUNNING, SOON);
      second.awaitCaughtUp(SOON);
      second.drop();
    }
  }
}
