package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.awaitSlotIsFree;
import static io.bunnydb.mirror.Operated.loseSlot;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.ErrorKind;
import io.bunnydb.Mirror;
import io.bunnydb.MirrorException;
import io.bunnydb.MirrorFailure;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.Peer;
import io.bunnydb.SlotLostException;
import io.bunnydb.TableName;
import io.bunnydb.jdbc.JdbcCheckpointStore;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.LeavesReplication;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.SidesDiffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the source can no longer send is noticed and told, never passed over in silence. */
@ExpectsLog(value = "; paused", optional = true)
@ExpectsLog(value = "the next follows in", optional = true)
@ExpectsLog(value = "replication slot bunny_operated", optional = true)
final class LostChangesIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  @BeforeEach
  void createTables() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY)",
            "CREATE TABLE b (id int PRIMARY KEY)",
            "INSERT INTO a SELECT generate_series(1, 10)");
  }

  private static void dropAndStartAnew(MirrorHandle handle) {
    handle.drop();
    databases.destination().execute("DROP TABLE a", "DROP TABLE b");
    try (MirrorHandle anew = running(mirror(databases, "public.a", "public.b"))) {
      anew.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a", "public.b");
      anew.drop();
    }
  }

  @Test
  void resumeWithoutTheSlotOrWithOneMadeAnewIsRefused() {
    try (MirrorHandle handle = running(mirror(databases, "public.a", "public.b"))) {
      handle.pause();
      awaitSlotIsFree(databases.source());
      loseSlot(databases.source());
      databases.source().execute("INSERT INTO a VALUES (11)");
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(handle::resume)
            .isInstanceOf(SlotLostException.class)
            .hasMessageContaining("bunny_operated was not found")
            .hasMessageContaining("call recreate()");
        assertThat(handle.status().state()).isEqualTo(MirrorState.PAUSED);
        assertLost(handle, "bunny_operated was not found");
      }
      databases
          .source()
          .execute("SELECT pg_create_logical_replication_slot('bunny_operated', 'pgoutput')");
      assertThatThrownBy(handle::resume)
          .isInstanceOf(SlotLostException.class)
          .hasMessageContaining("made it anew");
      assertThat(databases.destination().queryLong("SELECT count(*) FROM a")).isEqualTo(10);
      dropAndStartAnew(handle);
    }
  }

  @Test
  void slotThatVanishesPauses() {
    try (MirrorHandle handle = running(mirror(databases, "public.a", "public.b"))) {
      loseSlot(databases.source());
      handle.awaitState(MirrorState.PAUSED, SOON);
      assertLost(handle, "bunny_operated was not found", "recreate()");
      dropAndStartAnew(handle);
    }
  }

  /** What a mirror tells that cannot have what it needs. */
  private static void assertLost(MirrorHandle handle, String... told) {
    MirrorFailure failure = requireNonNull(handle.status().failure());
    assertThat(failure.kind()).isEqualTo(ErrorKind.SLOT_LOST);
    assertThat(failure.nextAttempt()).isNull();
    assertThat(failure.message()).contains(told);
  }

  /**
   * Removes the oldest segment of the log that the slot needs, as somebody does who has run out of
   * disk; the server does not know.
   */
  @Test
  void logThatWasRemovedPauses() {
    try (MirrorHandle handle = running(mirror(databases, "public.a", "public.b"))) {
      databases.source().execute("INSERT INTO a VALUES (11)");
      handle.awaitCaughtUp(SOON);
      handle.pause();
      awaitSlotIsFree(databases.source());
      String needed =
          databases
              .source()
              .queryString(
                  "SELECT pg_walfile_name(restart_lsn) FROM pg_replication_slots"
                      + " WHERE slot_name = 'bunny_operated'");
      databases
          .source()
          .execute(
              "INSERT INTO a VALUES (12)",
              "SELECT pg_switch_wal()",
              "INSERT INTO a VALUES (13)",
              "SELECT pg_switch_wal()",
              "CHECKPOINT",
              "COPY (SELECT) TO PROGRAM 'rm pg_wal/" + needed + "'");
      handle.resume();
      handle.awaitState(MirrorState.PAUSED, SOON);
      assertLost(handle, "lacks log that replication slot bunny_operated needs", needed);
      assertThat(databases.destination().queryLong("SELECT max(id) FROM a")).isEqualTo(11);
      dropAndStartAnew(handle);
    }
  }

  /** Waits for the error of a mirror to whose tables a change was written that it cannot get. */
  private static void assertNoticed(MirrorHandle handle, String... told) {
    Await.until(SOON, "the mirror pauses", () -> handle.status().state() == MirrorState.PAUSED);
    assertThat(handle.status().error()).contains(told);
    assertThatThrownBy(handle::resume).isInstanceOf(MirrorException.class);
    assertThat(handle.status().state()).isEqualTo(MirrorState.PAUSED);
  }

  @Test
  void droppedPublicationPauses() {
    try (MirrorHandle handle = running(mirror(databases, "public.a", "public.b"))) {
      databases
          .source()
          .execute("DROP PUBLICATION bunny_pub_operated", "INSERT INTO a VALUES (11)");
      assertNoticed(handle, "bunny_pub_operated");
      dropAndStartAnew(handle);
    }
  }

  @Test
  void tableTakenOutOfThePublicationPauses() {
    try (MirrorHandle handle = running(mirror(databases, "public.a", "public.b"))) {
      databases
          .source()
          .execute(
              "ALTER PUBLICATION bunny_pub_operated DROP TABLE a", "INSERT INTO a VALUES (11)");
      assertNoticed(handle, "public.a", "bunny_pub_operated");
      dropAndStartAnew(handle);
    }
  }

  @Test
  void tableMadeAnewPausesAndIsCopiedAnew() {
    try (MirrorHandle handle = running(mirror(databases, "public.a", "public.b"))) {
      databases
          .source()
          .execute(
              "DROP TABLE a", "CREATE TABLE a (id int PRIMARY KEY)", "INSERT INTO a VALUES (1)");
      assertNoticed(handle, "public.a was renamed, dropped or made anew");
      assertThat(handle.status().error()).contains("resync");
      handle.resync(TableName.parse("public.a"));
      handle.resume();
      databases.source().execute("INSERT INTO a VALUES (2)", "INSERT INTO b VALUES (2)");
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a", "public.b");
      handle.drop();
    }
  }

  @Test
  void tablesThatSwapTheirNamesPause() {
    try (MirrorHandle handle = running(mirror(databases, "public.a", "public.b"))) {
      handle.pause();
      databases
          .source()
          .execute(
              "ALTER TABLE a RENAME TO c",
              "ALTER TABLE b RENAME TO a",
              "ALTER TABLE c RENAME TO b",
              "INSERT INTO a VALUES (11)");
      assertThatThrownBy(handle::resume)
          .isInstanceOf(SlotLostException.class)
          .hasMessageContaining("public.a was renamed, dropped or made anew");
      assertThat(databases.destination().queryLong("SELECT count(*) FROM a")).isEqualTo(10);
      dropAndStartAnew(handle);
    }
  }

  @Test
  void publicationThatPublishesLessPauses() {
    try (MirrorHandle handle = running(mirror(databases, "public.a", "public.b"))) {
      databases
          .source()
          .execute(
              "ALTER PUBLICATION bunny_pub_operated SET (publish = 'insert')",
              "DELETE FROM a WHERE id = 1");
      assertNoticed(handle, "bunny_pub_operated does not publish insert, update, delete");
      handle.resync();
      assertThatThrownBy(handle::resume)
          .isInstanceOf(SlotLostException.class)
          .hasMessageContaining("does not publish insert, update, delete");
      dropAndStartAnew(handle);
    }
  }

  @Test
  void renamedTablePausesAndGoesOnOnceRenamedBack() {
    try (MirrorHandle handle = running(mirror(databases, "public.a", "public.b"))) {
      databases
          .source()
          .execute("ALTER TABLE a RENAME TO renamed", "INSERT INTO renamed VALUES (11)");
      assertNoticed(handle, "public.a", "rename");
      databases.source().execute("ALTER TABLE renamed RENAME TO a", "INSERT INTO a VALUES (12)");
      handle.resume();
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a", "public.b");
      handle.drop();
    }
  }

  @Test
  @SidesDiffer("the other source was never mirrored")
  @LeavesReplication("of the mirror's own source")
  void otherSourceIsRefused() {
    try (MirrorHandle handle = running(mirror(databases, "public.a", "public.b"))) {
      handle.pause();
    }
    Peer destination = databases.destination().peer();
    databases.destination().server().createDatabase("elsewhere");
    String url = databases.destination().server().url("elsewhere");
    try (MirrorHandle handle =
        Mirror.builder("operated")
            .source(Peer.of("source", url, destination.user(), destination.password()))
            .destination(destination)
            .table("public.a")
            .checkpointStore(JdbcCheckpointStore.inDestination())
            .build()
            .start()) {
      assertThatThrownBy(handle::resume)
          .isInstanceOf(SlotLostException.class)
          .hasMessageContaining("not the one that was mirrored");
      assertThat(handle.status().state()).isEqualTo(MirrorState.PAUSED);
    } finally {
      databases.destination().server().dropDatabase("elsewhere");
    }
  }
}
