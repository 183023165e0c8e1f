package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.awaitHeldUp;
import static io.bunnydb.mirror.Operated.createTables;
import static io.bunnydb.mirror.Operated.hold;
import static io.bunnydb.mirror.Operated.mappings;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.returnsSoon;
import static io.bunnydb.mirror.Operated.running;
import static io.bunnydb.mirror.Operated.walSender;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.PreflightException;
import io.bunnydb.TableMapping;
import io.bunnydb.TableState;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.SidesDiffer;
import io.bunnydb.testing.Workload;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Other lists of tables for a mirror that works, and what the tables of both lists notice. */
final class UpdateTablesRunningIT {
  private static final int LATE_ROWS = Integer.getInteger("bunny.test.lag.rows", 100_000);

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private static void awaitLive(MirrorHandle handle) {
    Await.until(
        SOON,
        "every table follows the stream",
        () -> handle.status().tables().stream().allMatch(t -> t.state() == TableState.LIVE));
  }

  private static void finish(MirrorHandle handle, String... tables) {
    handle.awaitCaughtUp(SOON);
    assertThat(handle.status().tables()).hasSize(tables.length);
    assertThat(handle.status().tables())
        .allMatch(t -> t.state() == TableState.LIVE && t.rowsMissing() == 0);
    databases.assertMirrored(tables);
    handle.drop();
  }

  @Test
  @SidesDiffer(
      value = "tables that left stand still",
      tables = {"public.late_one", "public.big"})
  void tablesComeAndGoUnderLoad() {
    MixedLoad load = MixedLoad.create(databases.source(), 20_000, 2);
    String[] early = MixedLoad.TABLES.toArray(String[]::new);
    try (Workload writes = Workload.start(databases.source(), load);
        MirrorHandle handle = running(mirror(databases, early).maxBatchBytes(1 << 16))) {
      load.truncate();
      List<String> more = new ArrayList<>(MixedLoad.TABLES);
      more.addAll(MixedLoad.LATE_TABLES);
      handle.updateTables(mappings(more.toArray(String[]::new)));
      assertThat(handle.state()).isEqualTo(MirrorState.RUNNING);
      awaitLive(handle);
      // Before the next has begun, the last step may be undone; a changed mapping begins anew.
      more.remove("public.late_one");
      more.remove("public.big");
      handle.updateTables(mappings(more.toArray(String[]::new)));
      if (databases.source().server().major() >= 15) { // 14 excludes no columns
        TableMapping[] narrower = mappings(more.toArray(String[]::new));
        narrower[0] = TableMapping.from("public.doc").excludeColumns("body");
        handle.updateTables(narrower);
      }
      handle.updateTables(mappings(more.toArray(String[]::new)));
      awaitLive(handle);
      writes.close();
      finish(handle, more.toArray(String[]::new));
    }
  }

  @Test
  void firstCopyTakesAnotherListToo() throws Exception {
    createTables(databases.source(), "a", "b");
    databases.destination().execute("CREATE TABLE a (id int PRIMARY KEY, t text)");
    try (Connection held = hold(databases.destination(), "a");
        MirrorHandle handle = mirror(databases, "public.a").build().start()) {
      awaitHeldUp(databases.destination());
      assertThat(handle.state()).isEqualTo(MirrorState.SNAPSHOT);
      returnsSoon(() -> handle.updateTables(mappings("public.a", "public.b")));
      assertThat(handle.state()).isEqualTo(MirrorState.SNAPSHOT);
      awaitHeldUp(databases.destination());
      assertThat(held.isValid(1)).isTrue();
      held.close();
      finish(handle, "public.a", "public.b");
    }
  }

  @Test
  void theSameListAndARefusedOneInterruptNothing() {
    createTables(databases.source(), "a", "b");
    databases.source().execute("CREATE TABLE keyless (id int)");
    try (MirrorHandle handle = running(mirror(databases, "public.a", "public.b"))) {
      handle.awaitCaughtUp(SOON);
      String before = walSender(databases.source());
      handle.updateTables(mappings("public.a", "public.b"));
      assertThat(walSender(databases.source())).isEqualTo(before);
      assertThatThrownBy(() -> handle.updateTables(mappings("public.a", "public.keyless")))
          .isInstanceOf(PreflightException.class)
          .hasMessageContaining("public.keyless");
      assertThat(walSender(databases.source())).isEqualTo(before);
      assertThat(handle.tables()).containsExactly(mappings("public.a", "public.b"));
      databases.source().execute("INSERT INTO b VALUES (101, 'x')");
      finish(handle, "public.a", "public.b");
    }
  }

  /** Prints what an added table costs the others; fails where that is out of all proportion. */
  @Test
  void othersLagLittleMoreWhileATableIsAdded() throws Exception {
    createTables(databases.source(), "a");
    databases
        .source()
        .execute(
            "CREATE TABLE late (id int PRIMARY KEY, t text)",
            "INSERT INTO late SELECT i, repeat('x', 90) FROM generate_series(1, "
                + LATE_ROWS
                + ") i");
    Duration length = Duration.ofMillis(Long.getLong("bunny.test.lag.millis", 500));
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      handle.awaitCaughtUp(SOON);
      String walSender = walSender(databases.source());
      LagProbe.Lags before;
      LagProbe.Lags during;
      try (LagProbe probe = LagProbe.start(databases, "a")) {
        probe.during(() -> LockSupport.parkNanos(length.toNanos())); // warms up
        before = probe.during(() -> LockSupport.parkNanos(length.toNanos()));
        during =
            probe.during(
                () -> {
                  handle.updateTables(mappings("public.a", "public.late"));
                  awaitLive(handle);
                  LockSupport.parkNanos(length.toNanos());
                });
      }
      System.out.println("lag before: " + before + "; while a table is added: " + during);
      assertThat(during.worst()).isLessThan(Duration.ofSeconds(10));
      assertThat(walSender(databases.source())).isEqualTo(walSender);
      finish(handle, "public.a", "public.late");
    }
  }
}
