package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.mappings;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.Peer;
import io.bunnydb.SlotLostException;
import io.bunnydb.TableName;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.LeavesReplication;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.PostgresServer;
import io.bunnydb.testing.SidesDiffer;
import io.bunnydb.testing.TestDatabase;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A source that was changed behind the mirror's back. The story: a table that had left the
 * publication for a moment went on with a gap, at the latest after the second resume, and {@code
 * drop()} deleted the slot of that name on whatever server the URL led to.
 */
final class LeftPublicationIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  @BeforeEach
  void createTables() {
    for (String table : new String[] {"a", "b"}) {
      databases
          .source()
          .execute(
              "CREATE TABLE " + table + " (id int PRIMARY KEY)",
              "INSERT INTO " + table + " SELECT generate_series(1, 10)");
    }
  }

  private static void leaveForAMoment() {
    databases
        .source()
        .execute(
            "ALTER PUBLICATION bunny_pub_operated DROP TABLE a",
            "INSERT INTO a VALUES (11)",
            "ALTER PUBLICATION bunny_pub_operated ADD TABLE a",
            "INSERT INTO a VALUES (12)",
            "INSERT INTO b VALUES (12)");
  }

  private static void refusesUntilCopiedAgain(MirrorHandle handle) {
    for (int attempt = 0; attempt < 3; attempt++) {
      assertThatThrownBy(handle::resume)
          .isInstanceOf(SlotLostException.class)
          .hasMessageContaining("public.a")
          .hasMessageContaining("resync");
      assertThat(handle.status().state()).isEqualTo(MirrorState.PAUSED);
    }
    handle.resync(TableName.parse("public.a"));
    handle.resume();
    databases.source().execute("INSERT INTO a VALUES (13)", "INSERT INTO b VALUES (13)");
    handle.awaitCaughtUp(SOON);
    handle.pause();
    handle.resume();
    handle.awaitCaughtUp(SOON);
    databases.assertMirrored("public.a", "public.b");
    handle.drop();
  }

  private static void awaitPaused(MirrorHandle handle) {
    Await.until(SOON, "the mirror pauses", () -> handle.status().state() == MirrorState.PAUSED);
  }

  @Test
  @ExpectsLog("was out of publication")
  void leavingWhileRunningIsNoticed() {
    try (MirrorHandle handle = running(mirror(databases, "public.a", "public.b"))) {
      leaveForAMoment();
      awaitPaused(handle);
      refusesUntilCopiedAgain(handle);
    }
  }

  @Test
  void leavingWhilePausedIsNoticed() {
    try (MirrorHandle handle = running(mirror(databases, "public.a", "public.b"))) {
      handle.pause();
      leaveForAMoment();
      refusesUntilCopiedAgain(handle);
    }
  }

  @Test
  @ExpectsLog("was out of publication")
  void leavingWhileClosedIsNoticed() {
    running(mirror(databases, "public.a", "public.b")).close();
    leaveForAMoment();
    try (MirrorHandle handle = mirror(databases, "public.a", "public.b").build().start()) {
      assertThatThrownBy(() -> handle.awaitState(MirrorState.RUNNING, SOON))
          .isInstanceOf(SlotLostException.class);
      refusesUntilCopiedAgain(handle);
    }
  }

  @Test
  @ExpectsLog("rename it back")
  void renamedTableGoesOnUnderItsOldNameOrUnderTheNew() {
    try (MirrorHandle handle = running(mirror(databases, "public.a", "public.b"))) {
      databases
          .source()
          .execute("ALTER TABLE a RENAME TO renamed", "INSERT INTO renamed VALUES (11)");
      awaitPaused(handle);
      databases.source().execute("ALTER TABLE renamed RENAME TO a", "INSERT INTO a VALUES (12)");
      handle.resume();
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a", "public.b");
      handle.pause();
      databases
          .source()
          .execute("ALTER TABLE a RENAME TO renamed", "INSERT INTO renamed VALUES (13)");
      handle.updateTables(mappings("public.renamed", "public.b"));
      handle.resume();
      databases.source().execute("INSERT INTO renamed VALUES (14)", "INSERT INTO b VALUES (14)");
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.renamed", "public.b");
      handle.drop();
    }
  }

  @Test
  @SidesDiffer("the mirror is forgotten")
  @LeavesReplication("of the mirror's own source, which the drop does not reach")
  @ExpectsLog("the source is another cluster or database now")
  void dropLeavesAnotherClusterAlone() {
    try (MirrorHandle handle = running(mirror(databases, "public.a", "public.b"))) {
      handle.pause();
    }
    TestDatabase destination = databases.destination();
    PostgresServer server = destination.server();
    String slots = "SELECT slot_name FROM pg_replication_slots WHERE database = 'elsewhere'";
    server.createDatabase("elsewhere");
    try {
      server.execute(
          "elsewhere",
          "CREATE TABLE a (id int PRIMARY KEY)",
          "CREATE PUBLICATION bunny_pub_operated FOR TABLE a",
          "SELECT pg_create_logical_replication_slot('bunny_operated', 'pgoutput')");
      Peer elsewhere =
          Peer.of("source", server.url("elsewhere"), destination.user(), destination.password());
      try (MirrorHandle handle =
          mirror(databases, "public.a", "public.b").source(elsewhere).build().start()) {
        handle.drop();
      }
      assertThat(destination.queryStrings(slots)).isEqualTo(List.of("bunny_operated"));
      server.execute("elsewhere", "ALTER PUBLICATION bunny_pub_operated SET TABLE a");
      assertThat(destination.queryString("SELECT to_regclass('bunny.checkpoint')")).isNull();
    } finally {
      server.dropDatabase("elsewhere");
    }
  }
}
