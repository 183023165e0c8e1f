package io.bunnydb.mirror;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.Mirror;
import io.bunnydb.MirrorBuilder;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.jdbc.JdbcCheckpointStore;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.Workload;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A process that is killed, again and again, and goes on each time.
 *
 * <p>{@code -Dbunny.test.kills=20} kills it as often.
 */
final class KillIT {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final int ROWS = 60_000;
  private static final int KILLS = Math.max(10, Integer.getInteger("bunny.test.kills", 10));
  private static final int KILLS_AT_START = 2;
  private static final int FIRST_THAT_MAY_END_THE_COPY = 4;
  private static final int FIRST_AT_ANY_TIME = 5;
  private static final int FIRST_WITH_ONE_MORE = KILLS - 4;
  private static final int FIRST_WITH_TWO_MORE = KILLS - 2;

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  @Test
  @ExpectsLog(value = "attempt \\d+ failed", optional = true)
  void goesOnAfterEachKill() throws Exception {
    long seed = Long.getLong("bunny.test.seed", ThreadLocalRandom.current().nextLong());
    Random random = new Random(seed);
    MixedLoad load = MixedLoad.create(databases.source(), ROWS, 4);
    databases.destination().execute("CREATE TABLE big (id int PRIMARY KEY, n int, t text)");
    StringBuilder warnings = new StringBuilder();
    int killsInACopy = 0;
    int killsInTheStream = 0;
    String before = "";
    try (Workload workload = Workload.start(databases.source(), seed, load)) {
      for (int kill = 0; kill < KILLS; kill++) {
        int batchBytes = random.nextBoolean() ? 1 << 16 : 8 << 20;
        try (@Nullable Connection held = hold(kill);
            ChildMirror child = ChildMirror.launch(databases, "kill", batchBytes, tablesAt(kill))) {
          child.awaitOutput(MirrorProcess.STARTING);
          runUntilKill(child, kill, random, load);
          child.kill();
          String met = checkpoint();
          System.out.println("kill " + kill + " met " + met);
          killsInACopy += met.contains("COPYING") ? 1 : 0;
          killsInTheStream += met.contains("LIVE") && !met.equals(before) ? 1 : 0;
          before = met;
          child
              .output()
              .lines()
              .filter(KillIT::isWarning)
              .forEach(l -> warnings.append(l).append('\n'));
        }
      }
      System.out.println(workload.transactions() + " transactions, seed " + seed);
      assertThat(killsInACopy).isGreaterThanOrEqualTo(2);
      assertThat(killsInTheStream).isGreaterThanOrEqualTo(3);
    }
    List<String> tables = tablesAt(KILLS);
    MirrorBuilder builder =
        Mirror.builder("kill")
            .source(databases.source().peer())
            .destination(databases.destination().peer())
            .checkpointStore(JdbcCheckpointStore.inDestination());
    tables.forEach(builder::table);
    try (MirrorHandle handle = builder.build().start()) {
      MirrorProcess.goOn(handle, tables);
      handle.awaitCaughtUp(SOON);
      assertThat(handle.status().tables()).hasSameSizeAs(tables);
      assertThat(handle.status().tables()).allMatch(table -> table.rowsMissing() == 0);
      handle.drop();
    }
    databases.assertMirrored(tables.toArray(String[]::new));
    // The load never deletes a row twice: a change that met no row, or an error, is a fault.
    assertThat(warnings).isEmpty();
  }

  /** Two of the kills in the copy do not let it end. */
  private static @Nullable Connection hold(int kill) {
    return kill >= KILLS_AT_START && kill < FIRST_THAT_MAY_END_THE_COPY
        ? Operated.hold(databases.destination(), "big")
        : null;
  }

  /** In the set-up, in the copy, and then at any time, with and without having got anywhere. */
  private static void runUntilKill(ChildMirror child, int kill, Random random, MixedLoad load)
      throws InterruptedException {
    if (kill < KILLS_AT_START) {
      child.runFor(random.nextInt(250));
    } else if (kill < FIRST_THAT_MAY_END_THE_COPY) {
      Await.until(SOON, "tables are copied", () -> checkpoint().contains("COPYING"));
      child.runFor(random.nextInt(300));
    } else if (kill >= FIRST_AT_ANY_TIME && (kill - FIRST_AT_ANY_TIME) % 2 == 0) {
      String before = checkpoint();
      Await.until(
          SOON,
          "the mirror streams on from " + before,
          () -> checkpoint().contains("LIVE") && !checkpoint().equals(before));
      load.truncate();
      child.runFor(random.nextInt(1000));
    } else {
      child.awaitOutput(MirrorProcess.STARTED);
      child.runFor(random.nextInt(1000));
    }
  }

  private static List<String> tablesAt(int kill) {
    List<String> tables = new ArrayList<>(MixedLoad.TABLES);
    if (kill >= FIRST_WITH_ONE_MORE) {
      tables.add(MixedLoad.LATE_TABLES.get(0));
    }
    if (kill >= FIRST_WITH_TWO_MORE) {
      tables.add(MixedLoad.LATE_TABLES.get(1));
    }
    return tables;
  }

  private static String checkpoint() {
    if (databases.destination().queryString("SELECT to_regclass('bunny.checkpoint')") == null) {
      return "no checkpoint";
    }
    return databases
        .destination()
        .queryStrings(
            "SELECT position || ' ' || CASE WHEN paused THEN 'paused ' ELSE '' END"
                + " || (SELECT string_agg(source_table || ' ' || state, ', ' ORDER BY ordinal)"
                + " FROM bunny.table_checkpoint) FROM bunny.checkpoint")
        .toString();
  }

  private static boolean isWarning(String line) {
    // A server needs a moment to notice that the last process is gone.
    return (line.contains(" WARN ") && !line.contains("55006")) || line.contains(" ERROR ");
  }

  @Test
  @ExpectsLog(value = "attempt \\d+ failed", optional = true)
  void goesOnAfterAKillWhileTheSlotIsBeingMade() throws Exception {
    databases
        .source()
        .execute("CREATE TABLE a (id int PRIMARY KEY)", "INSERT INTO a VALUES (1), (2)");
    // The slot waits for the end of every transaction that is writing.
    try (Connection writer = databases.source().connection()) {
      writer.setAutoCommit(false);
      writer.createStatement().execute("INSERT INTO a VALUES (3)");
      try (ChildMirror child =
          ChildMirror.launch(databases, "kill_slot", 1 << 20, List.of("public.a"))) {
        Await.until(SOON, "the slot is being made", () -> slots() == 1);
        child.kill();
      }
      try (MirrorHandle handle =
          Mirror.builder("kill_slot")
              .source(databases.source().peer())
              .destination(databases.destination().peer())
              .checkpointStore(JdbcCheckpointStore.inDestination())
              .table("public.a")
              .build()
              .start()) {
        Await.until(
            SOON,
            "the set-up is tried again",
            () -> handle.status().error() != null || isWaitingForASlot());
        assertThat(handle.status().state()).isEqualTo(MirrorState.SETTING_UP);
        writer.commit();
        handle.awaitState(MirrorState.RUNNING, SOON);
        databases.source().execute("INSERT INTO a VALUES (4)");
        handle.awaitCaughtUp(SOON);
        databases.assertMirrored("public.a");
        handle.drop();
      }
    }
  }

  private static long slots() {
    return databases
        .source()
        .queryLong("SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'bunny_kill_slot'");
  }

  private static boolean isWaitingForASlot() {
    return databases
            .source()
            .queryLong(
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_create_logical%'"
                    + " AND state = 'active' AND application_name LIKE ?",
                "%" + ProcessHandle.current().pid() + "@%")
        == 1;
  }
}
