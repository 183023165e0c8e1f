package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.awaitHeldUp;
import static io.bunnydb.mirror.Operated.caughtUp;
import static io.bunnydb.mirror.Operated.hold;
import static io.bunnydb.mirror.Operated.inTransaction;
import static io.bunnydb.mirror.Operated.mappings;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static io.bunnydb.mirror.Swapped.assertNoShadow;
import static io.bunnydb.mirror.Swapped.awaitNoShadow;
import static io.bunnydb.mirror.Swapped.awaitShadow;
import static io.bunnydb.mirror.Swapped.holdCopies;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.EventQuery;
import io.bunnydb.MirrorEvent;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.PreflightException;
import io.bunnydb.ResyncStrategy;
import io.bunnydb.TableName;
import io.bunnydb.TableState;
import io.bunnydb.spi.CheckpointStore;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.SidesDiffer;
import io.bunnydb.testing.Workload;
import java.sql.Connection;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tables that are copied again by swap: what comes of it, and what ends it before its time. */
final class SwapIT {
  private static final TableName A = TableName.parse("public.a");

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private static MirrorHandle runningWithRows() {
    Operated.createTables(databases.source(), "a", "b");
    return caughtUp(mirror(databases, "public.a", "public.b"));
  }

  /** What nobody but a user has done: rows that are gone, other ones, and one too many. */
  private static void spoil(String table) {
    databases
        .destination()
        .execute(
            "DELETE FROM " + table + " WHERE id < 10",
            "UPDATE " + table + " SET t = 'spoiled' WHERE id < 20",
            "INSERT INTO " + table + " VALUES (1000, 'spoiled')");
  }

  private static void assertSwapped(MirrorHandle handle, String... tables) {
    handle.awaitState(MirrorState.RUNNING, SOON);
    handle.awaitCaughtUp(SOON);
    databases.assertMirrored(tables);
    assertNoShadow(databases.destination());
    assertThat(handle.status().tables()).allMatch(table -> table.state() == TableState.LIVE);
  }

  @Test
  void tableIsFollowedUntilItGetsItsRows() throws Exception {
    try (MirrorHandle handle = runningWithRows()) {
      spoil("a");
      long oid = databases.destination().queryLong("SELECT 'a'::regclass::oid");
      try (Connection held = holdCopies(databases.source())) {
        handle.resync(ResyncStrategy.SWAP, A);
        assertThat(handle.state()).isEqualTo(MirrorState.RESYNCING);
        awaitShadow(databases.destination(), "COPYING");
        databases
            .source()
            .execute("UPDATE a SET t = 'new' WHERE id = 50", "INSERT INTO b VALUES (101, 'new')");
        handle.awaitCaughtUp(SOON);
        databases.assertMirrored("public.b");
        assertThat(databases.destination().queryString("SELECT t FROM a WHERE id = 50"))
            .isEqualTo("new");
        assertThat(databases.destination().queryLong("SELECT count(*) FROM a WHERE id = 1000"))
            .isOne();
        assertThat(handle.status().tables()).allMatch(t -> t.state() == TableState.LIVE);
        held.rollback();
      }
      assertSwapped(handle, "public.a", "public.b");
      assertThat(databases.destination().queryLong("SELECT 'a'::regclass::oid")).isEqualTo(oid);
      databases.source().execute("UPDATE a SET t = 'newer' WHERE id = 51");
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      handle.drop();
    }
  }

  @Test
  void everyKindOfChangeSurvivesIt() {
    MixedLoad load = MixedLoad.create(databases.source(), 5000, 2);
    String[] tables = MixedLoad.TABLES.toArray(String[]::new);
    try (Workload writes = Workload.start(databases.source(), load);
        MirrorHandle handle = running(mirror(databases, tables).snapshotRowsPerPartition(2000))) {
      handle.resync(ResyncStrategy.SWAP, TableName.parse("public.log"));
      handle.awaitState(MirrorState.RUNNING, SOON);
      handle.pause();
      databases
          .destination()
          .execute(
              "UPDATE big SET t = 'spoiled' WHERE id % 3 = 0",
              "INSERT INTO big SELECT -i, 0, 'spoiled' FROM generate_series(1, 1000) i",
              "UPDATE line SET qty = -1",
              "INSERT INTO log SELECT * FROM log LIMIT 5",
              "UPDATE doc SET body = 'spoiled'");
      handle.resync(ResyncStrategy.SWAP);
      handle.resume();
      handle.awaitState(MirrorState.RUNNING, SOON);
      writes.close();
      assertSwapped(handle, tables);
      assertThat(handle.status().tables()).allMatch(t -> t.rowsMissing() == 0);
      handle.drop();
    }
  }

  /** Changes come twice then, which the copied rows must bear. */
  @Test
  void worksWithACheckpointElsewhere() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY, n int)",
            "INSERT INTO a SELECT i, 0 FROM generate_series(1, 1000) i");
    Workload.Transaction update =
        (connection, random) ->
            connection
                .createStatement()
                .execute("UPDATE a SET n = n + 1 WHERE id = " + (1 + random.nextInt(1000)));
    try (Workload writes = Workload.start(databases.source(), update);
        MirrorHandle handle =
            running(mirror(databases, "public.a").checkpointStore(CheckpointStore.inMemory()))) {
      // In no other order than the mirror's own rows.
      databases
          .destination()
          .execute(
              "BEGIN; LOCK TABLE a IN SHARE ROW EXCLUSIVE MODE;"
                  + " UPDATE a SET n = -1 WHERE id < 500; COMMIT");
      handle.resync(ResyncStrategy.SWAP);
      handle.awaitState(MirrorState.RUNNING, SOON);
      writes.close();
      assertSwapped(handle, "public.a");
      handle.drop();
    }
  }

  /** Of the swap; who only reads is in nobody's way. */
  @Test
  @ExpectsLog("the swap waits for another session")
  void isTriedAgainWhereAnotherSessionIsInTheWay() throws Exception {
    try (MirrorHandle handle = runningWithRows()) {
      spoil("a");
      try (Connection reader = inTransaction(databases.destination(), "SELECT count(*) FROM a");
          Connection writer =
              inTransaction(
                  databases.destination(), "UPDATE a SET t = 'by a user' WHERE id = 15")) {
        handle.resync(ResyncStrategy.SWAP, A);
        awaitHeldUp(databases.destination());
        // The others go on meanwhile.
        databases.source().execute("INSERT INTO b VALUES (101, 'new')");
        Await.until(
            SOON,
            "the other table's change arrives",
            () -> databases.destination().queryLong("SELECT count(*) FROM b") == 101);
        writer.commit();
        assertSwapped(handle, "public.a", "public.b");
        assertThat(reader.isValid(1)).isTrue();
      }
      handle.drop();
    }
  }

  @Test
  void isRememberedWhileAMirrorIsPausedOrClosed() throws Exception {
    try (MirrorHandle handle = runningWithRows()) {
      spoil("a");
      spoil("b");
      try (Connection writer = hold(databases.destination(), "a")) {
        handle.resync(ResyncStrategy.SWAP);
        awaitHeldUp(databases.destination());
        handle.pause();
        assertThat(handle.state()).isEqualTo(MirrorState.PAUSED);
        databases.source().execute("DELETE FROM a WHERE id > 90");
        assertThat(writer.isValid(1)).isTrue();
      }
    }
    try (Connection held = hold(databases.destination(), "b");
        MirrorHandle handle = mirror(databases, "public.a").build().start()) {
      handle.resume();
      assertThat(handle.state()).isEqualTo(MirrorState.RESYNCING);
      awaitHeldUp(databases.destination());
      held.rollback();
      assertSwapped(handle, "public.a", "public.b");
      handle.drop();
    }
  }

  @Test
  void isTakenBackByAnotherResyncAndByOtherTables() throws Exception {
    try (MirrorHandle handle = runningWithRows()) {
      spoil("a");
      spoil("b");
      Connection writer = hold(databases.destination(), "a");
      handle.resync(ResyncStrategy.SWAP);
      awaitHeldUp(databases.destination());
      // Meanwhile the tables stand still, and their shadows do not.
      databases
          .source()
          .execute("UPDATE b SET t = 'new' WHERE id > 50", "UPDATE a SET t = 'new' WHERE id > 50");
      handle.pause();
      handle.updateTables(mappings("public.b"));
      writer.close();
      handle.resync(ResyncStrategy.TRUNCATE, TableName.parse("public.b"));
      handle.resume();
      handle.awaitState(MirrorState.RUNNING, SOON);
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.b");
      assertNoShadow(databases.destination());
      handle.pause();
      databases.destination().execute("TRUNCATE a");
      handle.updateTables(mappings("public.a", "public.b"));
      handle.resume();
      assertSwapped(handle, "public.a", "public.b");
      handle.drop();
    }
  }

  @Test
  @SidesDiffer("the mirror is dropped before the tables have their rows")
  void shadowGoesWithTheMirror() throws Exception {
    try (MirrorHandle handle = runningWithRows();
        Connection held = holdCopies(databases.source())) {
      spoil("a");
      handle.resync(ResyncStrategy.SWAP, A);
      Await.until(
          SOON,
          "the shadow is made",
          () ->
              databases
                      .destination()
                      .queryLong(
                          "SELECT count(*) FROM pg_class WHERE relname LIKE 'bunny\\_shadow\\_%'")
                  == 1);
      handle.drop();
      assertThat(held.isValid(1)).isTrue();
    }
    assertNoShadow(databases.destination());
  }

  @Test
  @ExpectsLog("the resync by swap is given up")
  void tablesKeepTheirRowsWhereTheDestinationRefusesTheNewOnes() {
    try (MirrorHandle handle = runningWithRows()) {
      databases
          .destination()
          .execute(
              "UPDATE a SET t = 'spoiled' WHERE id < 20",
              "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
                  + " $$ BEGIN RAISE EXCEPTION 'no such row'; END $$",
              "CREATE TRIGGER refuse BEFORE UPDATE ON a FOR EACH ROW WHEN (OLD.t = 'spoiled')"
                  + " EXECUTE FUNCTION refuse()",
              "ALTER TABLE a ENABLE ALWAYS TRIGGER refuse");
      handle.resync(ResyncStrategy.SWAP);
      handle.awaitState(MirrorState.RUNNING, SOON);
      assertThat(
              handle
                  .events(new EventQuery(10, 0, MirrorEvent.Level.ERROR, null))
                  .events()
                  .get(0)
                  .message())
          .contains("public.a", "no such row", "go on with the rows");
      databases
          .source()
          .execute("INSERT INTO a VALUES (101, 'new')", "UPDATE a SET t = 'new' WHERE id = 50");
      handle.awaitCaughtUp(SOON);
      assertThat(databases.destination().queryLong("SELECT count(*) FROM a WHERE t = 'new'"))
          .isEqualTo(2);
      awaitNoShadow(databases.destination());
      databases.destination().execute("DROP TRIGGER refuse ON a");
      handle.resync(ResyncStrategy.SWAP);
      assertSwapped(handle, "public.a", "public.b");
      handle.drop();
    }
  }

  @Test
  void beginsAnewWhereTheTableWasAltered() throws Exception {
    try (MirrorHandle handle = runningWithRows()) {
      spoil("a");
      try (Connection writer = hold(databases.destination(), "a")) {
        handle.resync(ResyncStrategy.SWAP, A);
        awaitHeldUp(databases.destination());
        handle.pause();
        assertThat(writer.isValid(1)).isTrue();
      }
      databases.source().execute("UPDATE a SET t = 'new' WHERE id = 60");
      for (var side : List.of(databases.source(), databases.destination())) {
        side.execute("ALTER TABLE a ADD COLUMN n bigint DEFAULT 7");
      }
      handle.resume();
      databases.source().execute("INSERT INTO a VALUES (101, 'new', 8)");
      assertSwapped(handle, "public.a");
      handle.drop();
    }
  }

  @Test
  @ExpectsLog("has no column n; the resync by swap is given up")
  void tableKeepsItsRowsWhereItLacksANewColumn() throws Exception {
    String addColumn = "ALTER TABLE a ADD COLUMN n int DEFAULT 7";
    try (MirrorHandle handle = runningWithRows()) {
      spoil("a");
      try (Connection writer = hold(databases.destination(), "a")) {
        handle.resync(ResyncStrategy.SWAP, A);
        awaitHeldUp(databases.destination());
        handle.pause();
        assertThat(writer.isValid(1)).isTrue();
      }
      databases.source().execute("UPDATE a SET t = 'new' WHERE id = 60", addColumn);
      handle.resume();
      handle.awaitState(MirrorState.RUNNING, SOON);
      handle.awaitCaughtUp(SOON);
      assertThat(databases.destination().queryString("SELECT t FROM a WHERE id = 60"))
          .isEqualTo("new");
      assertNoShadow(databases.destination());
      databases.destination().execute(addColumn);
      handle.resync(ResyncStrategy.SWAP, A);
      assertSwapped(handle, "public.a");
      handle.drop();
    }
  }

  @Test
  void whatStandsAgainstAShadowRefusesIt() {
    try (MirrorHandle handle = runningWithRows()) {
      databases.destination().execute("CREATE PUBLICATION onward FOR ALL TABLES");
      assertThatThrownBy(() -> handle.resync(ResyncStrategy.SWAP, A))
          .isInstanceOf(PreflightException.class)
          .hasMessageContaining("publication onward of the destination")
          .hasMessageContaining("TRUNCATE");
      databases.destination().execute("DROP PUBLICATION onward");
      String shadow =
          "bunny_shadow_" + databases.destination().queryLong("SELECT 'a'::regclass::oid");
      databases.destination().execute("CREATE TABLE " + shadow + " (id int)");
      assertThatThrownBy(() -> handle.resync(ResyncStrategy.SWAP, A))
          .isInstanceOf(PreflightException.class)
          .hasMessageContaining(shadow + ", which this mirror did not make");
      databases.destination().execute("DROP TABLE " + shadow);
      assertThatThrownBy(() -> handle.resync(ResyncStrategy.SWAP, new TableName[0]))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("resync(strategy) for all");
      assertThat(handle.state()).isEqualTo(MirrorState.RUNNING);
      handle.drop();
    }
  }
}
