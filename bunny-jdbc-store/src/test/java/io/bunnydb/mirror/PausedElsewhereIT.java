package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.awaitSlotIsFree;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.mirror.MirrorProcess.Order;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A mirror that one process has paused is paused in each that starts it, until one resumes it. */
@ExpectsLog(value = "attempt \\d+ failed", optional = true)
final class PausedElsewhereIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  @BeforeEach
  void createTable() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id serial PRIMARY KEY, t text)",
            "INSERT INTO a (t) SELECT 'old' FROM generate_series(1, 10)");
  }

  private static ChildMirror launchIdle() throws IOException {
    ChildMirror child = ChildMirror.launchIdle(databases, "operated", 1 << 20, List.of("public.a"));
    child.awaitOutput(MirrorProcess.STARTED);
    return child;
  }

  private static void change() {
    databases
        .source()
        .execute(
            "INSERT INTO a (t) VALUES ('new')",
            "UPDATE a SET t = 'newer' WHERE id = (SELECT max(id) - 1 FROM a)");
  }

  private static void awaitRowsThere(long rows) {
    Await.value(
        SOON,
        rows + " rows are there",
        () -> databases.destination().queryLong("SELECT count(*) FROM a"),
        count -> count == rows);
  }

  /** All that could move if the mirror did anything. */
  private static List<@Nullable String> footprint() {
    List<@Nullable String> found =
        databases
            .destination()
            .queryStrings(
                "SELECT a::text FROM a UNION ALL SELECT (c, t)::text"
                    + " FROM bunny.checkpoint c, bunny.table_checkpoint t ORDER BY 1");
    found.addAll(
        databases
            .source()
            .queryStrings(
                "SELECT concat_ws(' ', slot_name, restart_lsn, confirmed_flush_lsn)"
                    + " FROM pg_replication_slots UNION ALL SELECT application_name"
                    + " FROM pg_stat_replication WHERE application_name LIKE 'bunny%'"));
    return found;
  }

  private static void assertIdle(ChildMirror child, List<@Nullable String> paused)
      throws IOException {
    assertThat(child.order(Order.TELL)).isEqualTo(MirrorState.PAUSED);
    change();
    // It is asked twice: what it might have begun by itself would show by now.
    assertThat(child.order(Order.TELL)).isEqualTo(MirrorState.PAUSED);
    assertThat(footprint()).isEqualTo(paused);
  }

  @Test
  void pausedMirrorIsPausedInTheNextProcesses() throws Exception {
    List<@Nullable String> paused;
    try (ChildMirror first =
        ChildMirror.launch(databases, "operated", 1 << 20, List.of("public.a"))) {
      awaitRowsThere(10);
      change();
      awaitRowsThere(11);
      assertThat(first.order(Order.PAUSE)).isEqualTo(MirrorState.PAUSED);
      awaitSlotIsFree(databases.source());
      paused = footprint();
      change();
      first.kill();
    }
    try (ChildMirror second = launchIdle()) {
      assertIdle(second, paused);
      second.end();
    }
    try (ChildMirror third = launchIdle()) {
      assertIdle(third, paused);
      assertThat(third.order(Order.RESUME)).isEqualTo(MirrorState.RUNNING);
      awaitRowsThere(14);
      change();
      awaitRowsThere(15);
      third.kill();
    }
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      change();
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("a");
      handle.drop();
    }
  }

  @Test
  void pauseOfAProcessHoldsWhereAnotherProcessStarts() throws Exception {
    try (ChildMirror first = launchIdle()) {
      awaitRowsThere(10);
      assertThat(first.order(Order.PAUSE)).isEqualTo(MirrorState.PAUSED);
      first.end();
    }
    change();
    try (MirrorHandle handle = mirror(databases, "public.a").build().start()) {
      assertThat(handle.status().state()).isEqualTo(MirrorState.PAUSED);
      assertThat(handle.status().error()).isNull();
      awaitRowsThere(10);
      handle.resume();
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("a");
      handle.drop();
    }
  }
}
