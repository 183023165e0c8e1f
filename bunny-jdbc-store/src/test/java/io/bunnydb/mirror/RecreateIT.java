package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.awaitHeldUp;
import static io.bunnydb.mirror.Operated.awaitLook;
import static io.bunnydb.mirror.Operated.awaitSlotIsFree;
import static io.bunnydb.mirror.Operated.inBackground;
import static io.bunnydb.mirror.Operated.inTransaction;
import static io.bunnydb.mirror.Operated.loseSlot;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.EventQuery;
import io.bunnydb.Mirror;
import io.bunnydb.MirrorEvent.Level;
import io.bunnydb.MirrorException;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.Peer;
import io.bunnydb.PreflightException;
import io.bunnydb.SlotLostException;
import io.bunnydb.jdbc.JdbcCheckpointStore;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.LeavesReplication;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.SidesDiffer;
import java.sql.Connection;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A mirror whose source cannot go on where it was, and that is made anew by one call. */
@ExpectsLog(value = "replication slot bunny_operated was not found", optional = true)
final class RecreateIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  @BeforeEach
  void createTables() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY, t text)",
            "CREATE TABLE b (id int PRIMARY KEY)",
            "INSERT INTO a SELECT i, 'old' FROM generate_series(1, 100) i");
  }

  /** A mirror that is paused, whose slot is gone, and which lacks a change of each kind. */
  private static MirrorHandle lost() {
    MirrorHandle handle = running(mirror(databases, "public.a", "public.b"));
    handle.awaitCaughtUp(SOON);
    handle.pause();
    awaitSlotIsFree(databases.source());
    loseSlot(databases.source());
    databases
        .source()
        .execute(
            "DELETE FROM a WHERE id < 10",
            "UPDATE a SET t = 'new' WHERE id < 20",
            "INSERT INTO b VALUES (1)");
    return handle;
  }

  private static void finish(MirrorHandle handle) {
    databases.source().execute("INSERT INTO a VALUES (101, 'newest')", "INSERT INTO b VALUES (2)");
    handle.awaitCaughtUp(SOON);
    assertThat(handle.status().state()).isEqualTo(MirrorState.RUNNING);
    assertThat(handle.status().error()).isNull();
    databases.assertMirrored("public.a", "public.b");
    handle.drop();
  }

  @Test
  void slotThatWasDroppedIsMadeAnewAndEveryTableCopied() {
    try (MirrorHandle handle = lost()) {
      assertThatThrownBy(handle::resume)
          .isInstanceOf(SlotLostException.class)
          .hasMessageContaining("call recreate()");
      handle.recreate();
      assertThatThrownBy(handle::recreate)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("recreate needs it to be PAUSED");
      finish(handle);
    }
  }

  @Test
  void publicationThatWasDroppedIsMadeAnew() {
    try (MirrorHandle handle = lost()) {
      databases.source().execute("DROP PUBLICATION bunny_pub_operated");
      handle.recreate();
      finish(handle);
    }
  }

  @Test
  void brokenOffItIsDoneByTheNextCallOrAResume() throws Exception {
    try (MirrorHandle first = lost()) {
      breakOff(first);
    }
    try (MirrorHandle second = mirror(databases, "public.a").build().start()) {
      assertThat(second.status().state()).isEqualTo(MirrorState.PAUSED);
      assertThat(second.status().error()).contains("recreate() did not come to its end");
      breakOff(second);
    }
    try (MirrorHandle third = mirror(databases, "public.a").build().start()) {
      third.recreate();
      third.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a", "public.b");
      third.pause();
      databases.source().execute("DELETE FROM a WHERE id < 50");
      breakOff(third);
    }
    try (MirrorHandle fourth = mirror(databases, "public.a").build().start()) {
      fourth.resume();
      finish(fourth);
    }
  }

  /** Closes the handle while the slot is being made, which waits for a transaction that writes. */
  private static void breakOff(MirrorHandle handle) throws Exception {
    try (Connection writing = inTransaction(databases.source(), "INSERT INTO b VALUES (99)")) {
      CompletableFuture<Void> call = inBackground(handle::recreate);
      awaitHeldUp(databases.source());
      handle.close();
      assertThatThrownBy(() -> call.get(SOON.toSeconds(), TimeUnit.SECONDS))
          .hasMessageContaining("closed");
      writing.rollback();
    }
  }

  @Test
  void pauseOvertakesIt() throws Exception {
    try (MirrorHandle handle = lost();
        Connection writing = inTransaction(databases.source(), "INSERT INTO b VALUES (99)")) {
      CompletableFuture<Void> call = inBackground(handle::recreate);
      awaitHeldUp(databases.source());
      handle.pause();
      assertThatThrownBy(() -> call.get(SOON.toSeconds(), TimeUnit.SECONDS))
          .hasCauseInstanceOf(MirrorException.class)
          .hasMessageContaining("recreate was overtaken by another command");
      assertThat(handle.status().state()).isEqualTo(MirrorState.PAUSED);
      assertThat(handle.status().error()).contains("recreate() did not come to its end");
      writing.rollback();
      handle.recreate();
      finish(handle);
    }
  }

  @Test
  void slotThatIsBeingMadeAnewIsNotToldToBeLost() throws Exception {
    try (MirrorHandle handle = running(mirror(databases, "public.a", "public.b"))) {
      handle.awaitCaughtUp(SOON);
      handle.pause();
      awaitSlotIsFree(databases.source());
      try (Connection writing = inTransaction(databases.source(), "INSERT INTO b VALUES (99)")) {
        CompletableFuture<Void> call = inBackground(handle::recreate);
        awaitHeldUp(databases.source());
        awaitLook(databases.source());
        writing.rollback();
        call.get(SOON.toSeconds(), TimeUnit.SECONDS);
      }
      assertThat(handle.events(new EventQuery(9, 0, Level.WARN, null)).events()).isEmpty();
      finish(handle);
    }
  }

  @Test
  void tableThatCannotBeMirroredAnyMoreIsRefusedAndNothingChanged() {
    try (MirrorHandle handle = lost()) {
      databases.destination().execute("ALTER TABLE a RENAME t TO u");
      assertThatThrownBy(handle::recreate)
          .isInstanceOf(PreflightException.class)
          .hasMessageContaining("public.a");
      assertThat(handle.status().state()).isEqualTo(MirrorState.PAUSED);
      assertThatThrownBy(handle::resume)
          .isInstanceOf(SlotLostException.class)
          .hasMessageContaining("call recreate()");
      databases.destination().execute("ALTER TABLE a RENAME u TO t");
      handle.recreate();
      finish(handle);
    }
  }

  @Test
  void slotThatWasGivenHasToBeMadeAnewByWhoGaveIt() {
    databases
        .source()
        .execute("SELECT pg_create_logical_replication_slot('bunny_operated', 'pgoutput')");
    try (MirrorHandle handle =
        running(mirror(databases, "public.a", "public.b").slot("bunny_operated"))) {
      handle.awaitCaughtUp(SOON);
      handle.pause();
      loseSlot(databases.source());
      databases.source().execute("DELETE FROM a WHERE id < 10");
      assertThatThrownBy(handle::recreate)
          .isInstanceOf(MirrorException.class)
          .hasMessageContaining("bunny_operated, which Bunny was given, is gone or invalid");
      databases
          .source()
          .execute("SELECT pg_create_logical_replication_slot('bunny_operated', 'pgoutput')");
      handle.recreate();
      finish(handle);
      loseSlot(databases.source());
    }
  }

  @Test
  @SidesDiffer("the mirror has another source in the end")
  @LeavesReplication("of the mirror's first source")
  void otherSourceIsTakenForTheMirrorsOwn() {
    lost().close();
    Peer destination = databases.destination().peer();
    var server = databases.destination().server();
    server.createDatabase("rebuilt");
    server.execute(
        "rebuilt",
        "CREATE TABLE a (id int PRIMARY KEY, t text)",
        "CREATE TABLE b (id int PRIMARY KEY)",
        "INSERT INTO a VALUES (7, 'rebuilt')",
        "CREATE PUBLICATION bunny_pub_operated FOR TABLE a");
    try (MirrorHandle handle =
        Mirror.builder("operated")
            .source(
                Peer.of(
                    "source", server.url("rebuilt"), destination.user(), destination.password()))
            .destination(destination)
            .table("public.a")
            .checkpointStore(JdbcCheckpointStore.inDestination())
            .build()
            .start()) {
      assertThatThrownBy(handle::resume)
          .isInstanceOf(SlotLostException.class)
          .hasMessageContaining("not the one that was mirrored")
          .hasMessageContaining("call recreate()");
      assertThatThrownBy(handle::recreate)
          .isInstanceOf(PreflightException.class)
          .hasMessageContaining("which this mirror has not been on, has a publication bunny_pub");
      server.execute("rebuilt", "DROP PUBLICATION bunny_pub_operated");
      handle.recreate();
      server.execute("rebuilt", "INSERT INTO a VALUES (8, 'rebuilt too')");
      handle.awaitCaughtUp(SOON);
      assertThat(databases.destination().queryStrings("SELECT id || t FROM a ORDER BY id"))
          .containsExactly("7rebuilt", "8rebuilt too");
      handle.pause();
      handle.resume();
      handle.drop();
    } finally {
      server.dropDatabase("rebuilt");
    }
  }
}
