package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.mirror;
import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.MirrorHandle;
import io.bunnydb.TableName;
import io.bunnydb.TableState;
import io.bunnydb.mirror.MirrorProcess.Order;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.Workload;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tables that are set aside and taken back, over and over, while every kind of change comes. */
final class TablePauseLoadIT {
  private static final String[] TABLES = MixedLoad.TABLES.toArray(String[]::new);

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private static MirrorHandle running() {
    return Operated.running(mirror(databases, TABLES).maxBatchBytes(1 << 16));
  }

  private static void awaitFlow(MirrorHandle handle, int transactions) {
    long before = handle.status().transactionsApplied();
    Await.until(
        SOON, "changes flow", () -> handle.status().transactionsApplied() > before + transactions);
  }

  private static void finish(Workload writes) {
    try (MirrorHandle handle = running()) {
      handle.resumeTables(names(MixedLoad.TABLES));
      writes.close();
      handle.awaitCaughtUp(SOON);
      assertThat(handle.status().tables())
          .allMatch(table -> table.state() == TableState.LIVE && table.rowsMissing() == 0);
      databases.assertMirrored(TABLES);
      handle.drop();
    }
  }

  private static TableName[] names(List<String> tables) {
    return tables.stream().map(TableName::parse).toArray(TableName[]::new);
  }

  private static TableName[] some(Random random) {
    List<String> shuffled = new ArrayList<>(MixedLoad.TABLES);
    Collections.shuffle(shuffled, random);
    return names(shuffled.subList(0, 1 + random.nextInt(3)));
  }

  @Test
  void loseNothing() throws Exception {
    MixedLoad load = MixedLoad.create(databases.source(), 5000, 2);
    try (Workload writes = Workload.start(databases.source(), load)) {
      Random random = new Random(writes.seed());
      running().close();
      load.truncate();
      for (int round = 0; round < 2; round++) {
        try (MirrorHandle handle = running();
            SlotWatch watch = SlotWatch.start(databases, "operated")) {
          for (int i = 0; i < 4; i++) {
            handle.pauseTables(some(random));
            awaitFlow(handle, 10);
            handle.resumeTables(some(random));
            awaitFlow(handle, 10);
          }
          assertThat(watch.checks()).isPositive();
        }
      }
      finish(writes);
    }
  }

  /** In the midst of a step, before it and after it. */
  @Test
  @ExpectsLog(value = "attempt \\d+ failed", optional = true)
  void loseNothingWhereTheProcessDies() throws Exception {
    try (Workload writes =
        Workload.start(databases.source(), MixedLoad.create(databases.source(), 5000, 4))) {
      Random random = new Random(writes.seed());
      running().close();
      for (int kill = 0; kill < 3; kill++) {
        try (ChildMirror child =
            ChildMirror.launch(databases, "operated", 1 << 16, MixedLoad.TABLES)) {
          child.give(Order.TOGGLE_TABLES);
          child.awaitOutput(MirrorProcess.OBEYED);
          child.runFor(100 + random.nextInt(900));
          child.kill();
        }
      }
      finish(writes);
    }
  }
}
