package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.awaitHeldUp;
import static io.bunnydb.mirror.Operated.inTransaction;
import static io.bunnydb.mirror.Swapped.assertNoShadow;
import static io.bunnydb.mirror.Swapped.awaitShadow;
import static io.bunnydb.mirror.Swapped.holdCopies;
import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.Mirror;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.TableMapping;
import io.bunnydb.TableState;
import io.bunnydb.jdbc.JdbcCheckpointStore;
import io.bunnydb.mirror.MirrorProcess.Order;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.TestDatabase;
import io.bunnydb.testing.Workload;
import java.sql.Connection;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A process that is killed at each step of a resync, under load, and goes on. */
final class ResyncKillIT {
  private static final int RANDOM_KILLS = 2;

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private static String[] tables() {
    return MixedLoad.TABLES.toArray(String[]::new);
  }

  private static ChildMirror child() throws Exception {
    ChildMirror child = ChildMirror.launchIdle(databases, "swap_kill", 1 << 18, MixedLoad.TABLES);
    child.awaitOutput(MirrorProcess.STARTED);
    return child;
  }

  private static String met() {
    return databases
        .destination()
        .queryStrings(
            "SELECT source_table || ' ' || state || coalesce(' shadow ' || shadow_state, '')"
                + " FROM bunny.table_checkpoint ORDER BY ordinal")
        .toString();
  }

  private static void awaitLive(TestDatabase destination) {
    Await.until(
        SOON,
        "all tables are live",
        () ->
            destination.queryLong(
                    "SELECT count(*) FROM bunny.table_checkpoint WHERE state = 'LIVE'")
                == MixedLoad.TABLES.size());
  }

  /** Spoils rows, and adds one that is to go; none is missing that a change may look for. */
  private static void spoil() {
    databases
        .destination()
        .execute(
            // In no other order than the mirror's own rows.
            "BEGIN; LOCK TABLE big IN SHARE ROW EXCLUSIVE MODE;"
                + " UPDATE big SET t = 'spoiled' WHERE id % 10 = 0;"
                + " INSERT INTO big VALUES (-1, 0, 'spoiled') ON CONFLICT DO NOTHING; COMMIT");
  }

  @Test
  @ExpectsLog(value = "attempt \\d+ failed", optional = true)
  void goesOnFromEachStep() throws Exception {
    TestDatabase destination = databases.destination();
    MixedLoad load = MixedLoad.create(databases.source(), 12_000, 4);
    try (Workload workload = Workload.start(databases.source(), load)) {
      Random random = new Random(workload.seed());
      try (ChildMirror child = child()) {
        awaitLive(destination);
        spoil();
        try (Connection held = holdCopies(databases.source())) {
          child.order(Order.SWAP);
          awaitShadow(destination, "COPYING");
          assertThat(held.isValid(1)).isTrue();
          child.kill();
        }
        System.out.println("killed in the copy, met " + met());
      }
      try (Connection held = inTransaction(destination, "UPDATE big SET t = 'held' WHERE id = -1");
          ChildMirror child = child()) {
        awaitShadow(destination, "LIVE");
        awaitHeldUp(destination);
        assertThat(held.isValid(1)).isTrue();
        child.kill();
        System.out.println("killed in the swap, met " + met());
      }
      load.truncate();
      for (int kill = 0; kill < RANDOM_KILLS; kill++) {
        try (ChildMirror child = child()) {
          if (destination.queryLong(
                  "SELECT count(*) FROM bunny.table_checkpoint WHERE shadow_state IS NOT NULL")
              == 0) {
            spoil();
            child.order(kill % 2 == 0 ? Order.COPY_AGAIN : Order.SWAP);
          }
          child.runFor(random.nextInt(1500));
          child.kill();
          System.out.println("killed at random, met " + met());
        }
      }
    }
    try (MirrorHandle handle =
        Mirror.builder("swap_kill")
            .source(databases.source().peer())
            .destination(destination.peer())
            .checkpointStore(JdbcCheckpointStore.inDestination())
            .table(TableMapping.from("public.doc"))
            .build()
            .start()) {
      handle.awaitState(MirrorState.RUNNING, SOON);
      handle.awaitCaughtUp(SOON);
      assertThat(handle.status().tables()).allMatch(table -> table.state() == TableState.LIVE);
      databases.assertMirrored(tables());
      assertNoShadow(destination);
      handle.drop();
    }
  }
}
