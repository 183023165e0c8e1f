package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.inBackground;
import static io.bunnydb.mirror.Operated.mappings;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.EventQuery;
import io.bunnydb.MirrorBuilder;
import io.bunnydb.MirrorEvent;
import io.bunnydb.MirrorEvent.Level;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.MirrorStatus;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.Workload;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A process that stands by for the one that runs the mirror, and takes over when that is gone.
 *
 * <p>{@code -Dbunny.test.kills=20} kills as many owners.
 */
final class StandbyIT {
  private static final int KILLS = Integer.getInteger("bunny.test.kills", 2);
  private static final Duration TAKEOVER = Duration.ofSeconds(10);
  private static final int REST_MILLIS = 25;

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private static List<String> tables() {
    List<String> tables = new ArrayList<>(MixedLoad.TABLES);
    tables.add("public.marker");
    return tables;
  }

  private static Workload load() {
    databases.source().execute("CREATE TABLE marker (id int PRIMARY KEY)");
    return Workload.start(
        databases.source(), MixedLoad.create(databases.source(), 5000, REST_MILLIS));
  }

  private static ChildMirror standby() throws IOException {
    ChildMirror child = ChildMirror.launchStandby(databases, "operated", tables());
    child.awaitOutput(MirrorProcess.STARTED);
    assertThat(child.output()).contains("this process stands by");
    return child;
  }

  /** Writes a row and waits until it has arrived. */
  private static void mark(int id, Duration limit) {
    databases.source().execute("INSERT INTO marker VALUES (" + id + ")");
    Await.until(
        limit,
        "row " + id + " arrives",
        () ->
            databases.destination().queryLong("SELECT count(*) FROM marker WHERE id = ?", id) == 1);
  }

  private static void finish(Workload load) {
    load.close();
    String[] names = tables().toArray(String[]::new);
    try (MirrorHandle handle = running(mirror(databases, names))) {
      handle.awaitCaughtUp(SOON);
      assertThat(handle.status().tables()).allMatch(table -> table.rowsMissing() == 0);
      databases.assertMirrored(names);
      handle.drop();
    }
  }

  @Test
  @ExpectsLog(value = "attempt \\d+ failed", optional = true)
  void takesOverWithinSecondsOfEachKill() throws Exception {
    try (Workload load = load()) {
      ChildMirror owner = ChildMirror.launchStandby(databases, "operated", tables());
      try {
        owner.awaitOutput("is RUNNING");
        for (int kill = 0; kill < KILLS; kill++) {
          ChildMirror next = standby();
          owner.kill();
          long killed = System.nanoTime();
          owner.close();
          owner = next;
          mark(kill, TAKEOVER);
          System.out.printf(
              "takeover %d after %d ms%n", kill, (System.nanoTime() - killed) / 1_000_000);
        }
      } finally {
        owner.close();
      }
      finish(load);
    }
  }

  @Test
  @ExpectsLog(value = "attempt \\d+ failed", optional = true)
  void ownerThatHungWritesNoMoreOnceAnotherHasTakenOver() throws Exception {
    try (Workload load = load()) {
      try (ChildMirror hung = ChildMirror.launchStandby(databases, "operated", tables())) {
        hung.awaitOutput("is RUNNING");
        try (ChildMirror next = standby()) {
          hung.signal("STOP");
          // As long as its session lives it is the owner, however long it hangs.
          assertThat(next.order(MirrorProcess.Order.TELL)).isEqualTo(MirrorState.CREATED);
          endSession(hung);
          mark(1, SOON);
          hung.signal("CONT");
          hung.awaitOutput("it runs already, as \"bunny operated apply " + next.pid() + "@");
          mark(2, SOON);
        }
      }
      finish(load);
    }
  }

  /** Does as the server when a machine answers no more. */
  private static void endSession(ChildMirror owner) {
    assertThat(
            databases
                .destination()
                .queryLong(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                        + " WHERE application_name LIKE ?",
                    "bunny operated apply " + owner.pid() + "@%"))
        .isPositive();
  }

  private static MirrorBuilder one() {
    return mirror(databases, "public.a");
  }

  private static void createTable() {
    databases
        .source()
        .execute("CREATE TABLE a (id int PRIMARY KEY)", "INSERT INTO a VALUES (1), (2)");
  }

  @Test
  void tellsTheOwnerAndTakesNoCommandsUntilItIsTheOwner() {
    createTable();
    MirrorHandle first = running(one());
    first.awaitCaughtUp(SOON);
    try (first;
        MirrorHandle second = one().standby(true).build().start()) {
      MirrorStatus waiting = second.status();
      assertThat(waiting.state()).isEqualTo(MirrorState.CREATED);
      assertThat(waiting.owner())
          .contains("bunny operated apply " + ProcessHandle.current().pid() + "@");
      assertThat(waiting.error()).isNull();
      assertThat(waiting.lastLsn()).isEqualTo(first.status().lastLsn());
      assertThat(waiting.tables()).hasSize(1);
      assertThat(first.status().owner()).isNull();
      for (Runnable command :
          List.<Runnable>of(
              second::pause,
              second::resume,
              second::recreate,
              second::drop,
              () -> second.resync(),
              () -> second.syncSequences(0),
              () -> second.updateTables(mappings("public.a")))) {
        assertThatThrownBy(command::run)
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("mirror 'operated' stands by, as it is run by \"bunny operated");
      }
      second.retry();
      assertThat(second.status().state()).isEqualTo(MirrorState.CREATED);
      databases.source().execute("INSERT INTO a VALUES (3)");
      first.awaitCaughtUp(SOON);
      first.close();
      second.awaitState(MirrorState.RUNNING, TAKEOVER);
      assertThat(second.status().owner()).isNull();
      databases.source().execute("INSERT INTO a VALUES (4)");
      second.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      assertThat(second.events(new EventQuery(9, 0, Level.INFO, "this process")).events())
          .hasSize(2)
          .allMatch(event -> event.details().get("owner").contains("bunny operated apply "))
          .extracting(MirrorEvent::message)
          .satisfiesExactly(
              takeover -> assertThat(takeover).contains("this process takes over"),
              begin -> assertThat(begin).contains("it runs already", "this process stands by"));
      second.drop();
    }
  }

  @Test
  void oneOfTwoTakesOverAPausedMirrorAndIsPaused() {
    createTable();
    MirrorHandle first = running(one());
    try (first;
        MirrorHandle second = one().standby(true).build().start();
        MirrorHandle third = one().standby(true).build().start()) {
      first.pause();
      first.close();
      Await.until(TAKEOVER, "one has taken over", () -> isPaused(second) != isPaused(third));
      MirrorHandle owner = isPaused(second) ? second : third;
      MirrorHandle waiting = isPaused(second) ? third : second;
      owner.resume();
      databases.source().execute("INSERT INTO a VALUES (3)");
      owner.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      assertThat(waiting.status().state()).isEqualTo(MirrorState.CREATED);
      waiting.close();
      owner.drop();
    }
  }

  private static boolean isPaused(MirrorHandle handle) {
    return handle.status().state() == MirrorState.PAUSED;
  }

  @Test
  void endsWhenTheOwnerDeletesTheMirror() {
    createTable();
    try (MirrorHandle first = running(one());
        MirrorHandle second = one().standby(true).build().start()) {
      first.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      first.drop();
      second.awaitState(MirrorState.TERMINATED, TAKEOVER);
      Await.until(SOON, "no thread of it is left", () -> threads() == 0);
      assertThat(second.events(new EventQuery(9, 0, Level.INFO, "was deleted by")).events())
          .hasSize(1);
    }
  }

  private static long threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("bunny-operated"))
        .count();
  }

  /** The server may notice late that the owner's last session is gone. */
  @Test
  @ExpectsLog("attempt 1 failed")
  void ownerThatReconnectsWaitsForItsLastSessionToEnd() throws Exception {
    createTable();
    try (MirrorHandle handle = running(one().standby(true));
        Connection last = databases.destination().connection()) {
      handle.awaitCaughtUp(SOON);
      CompletableFuture<Void> held = inBackground(() -> takeOwnersLock(last));
      Await.until(SOON, "it waits for the lock", () -> waiting("NOT LIKE", 0) == 1);
      databases
          .destination()
          .execute(
              "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                  + " WHERE application_name LIKE 'bunny operated apply %'");
      held.get(SOON.toSeconds(), TimeUnit.SECONDS);
      databases.source().execute("INSERT INTO a VALUES (3)");
      Await.until(SOON, "the owner is patient", () -> waiting("LIKE", 400) == 1);
      last.close();
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      assertThat(handle.events(new EventQuery(9, 0, Level.INFO, "runs already")).events())
          .isEmpty();
      handle.drop();
    }
  }

  /** Waits for the owner's lock, and holds it as the session does that the server takes for it. */
  private static void takeOwnersLock(Connection session) {
    String key =
        databases
            .destination()
            .queryString(
                "SELECT classid::bigint << 32 | objid::bigint FROM pg_locks JOIN pg_stat_activity"
                    + " USING (pid) WHERE locktype = 'advisory' AND granted AND objsubid = 1"
                    + " AND application_name LIKE 'bunny operated apply %'");
    try (Statement statement = session.createStatement()) {
      statement.execute("SELECT pg_advisory_lock(" + key + ")");
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }

  /** How many sessions wait for an advisory lock for so long, Bunny's or others. */
  private static long waiting(String like, int millis) {
    return databases
        .destination()
        .queryLong(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory'"
                + " AND application_name "
                + like
                + " 'bunny%' AND query_start < clock_timestamp() - interval '"
                + millis
                + " ms'");
  }
}
