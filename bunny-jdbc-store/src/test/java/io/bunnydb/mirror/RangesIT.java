package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.awaitHeldUp;
import static io.bunnydb.mirror.Operated.inBackground;
import static io.bunnydb.mirror.Operated.mappings;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.returnsSoon;
import static io.bunnydb.mirror.Operated.running;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.CopyException;
import io.bunnydb.MirrorBuilder;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.TableMapping;
import io.bunnydb.spi.CheckpointStore;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.SidesDiffer;
import io.bunnydb.testing.Workload;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A large table is copied in ranges, each of them committed by itself. */
final class RangesIT {
  private static final int ROWS = 20_000;
  // Rows from here on are touched by no writer.
  private static final int FIRST_QUIET = 2_000;
  private static final int HELD_ROW = 9_000;

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  /** A large table, whose copy can be held in the midst. */
  @BeforeEach
  void createTables() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY, n int, t text)",
            "INSERT INTO a SELECT i, i, repeat('x', i % 90) FROM generate_series(1, "
                + ROWS
                + ") i",
            "ANALYZE a");
    databases.destination().execute("CREATE TABLE a (id int PRIMARY KEY, n int, t text)");
    HeldCopy.count(databases.destination(), "a");
    HeldCopy.letHold(databases.destination(), "a", HELD_ROW);
  }

  private static MirrorBuilder inRanges(String... tables) {
    return mirror(databases, tables).snapshotRowsPerPartition(1_000);
  }

  /** Ranges before the one that is held are committed. */
  private static void awaitSomeCommitted() {
    awaitHeldUp(databases.destination());
    Await.until(
        SOON, "ranges are committed", () -> rowsThere() > 1_000 && rowsThere() < ROWS - 500);
  }

  private static long rowsThere() {
    return databases.destination().queryLong("SELECT count(*) FROM a");
  }

  private static void change(Connection connection, Random random) throws SQLException {
    int id = 1 + random.nextInt(FIRST_QUIET - 1);
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          switch (random.nextInt(4)) {
            case 0 -> "DELETE FROM a WHERE id = " + id;
            case 1 ->
                "INSERT INTO a VALUES (" + id + ", 0, 'new') ON CONFLICT (id) DO UPDATE SET n = -1";
            case 2 -> "UPDATE a SET t = repeat('y', 200) WHERE id = " + id;
            case 3 -> "UPDATE a SET n = n + 1 WHERE id BETWEEN " + id + " AND " + (id + 20);
            default -> throw new AssertionError();
          });
    }
  }

  @Test
  void severalWorkersCopyOneTableWhileItIsWritten() {
    try (Workload load = Workload.start(databases.source(), RangesIT::change);
        MirrorHandle handle = running(inRanges("public.a"))) {
      assertThat(
              databases
                  .destination()
                  .queryLong("SELECT count(DISTINCT xmin::text) FROM a WHERE id >= " + FIRST_QUIET))
          .isGreaterThan(10);
      assertThat(databases.destination().queryLong("SELECT count(DISTINCT pid) FROM copied"))
          .isGreaterThan(1);
      assertThat(handle.status().tables().get(0).rowsCopied())
          .isBetween((long) ROWS - FIRST_QUIET, (long) ROWS);
      assertThat(load.transactions()).isPositive();
      load.close();
      handle.awaitCaughtUp(SOON);
      assertThat(handle.status().tables().get(0).rowsMissing()).isZero();
      databases.assertMirrored("public.a");
      handle.drop();
    }
  }

  @Test
  @SidesDiffer(value = "it is mapped to another table", tables = "public.a")
  void oneWorkerAndFilteredRowsAndTablesThatWereNeverAnalyzedAreDividedToo() {
    databases
        .source()
        .execute(
            "CREATE TABLE b (id int PRIMARY KEY, n int, t text)",
            "ALTER TABLE b SET (autovacuum_enabled = off)",
            "INSERT INTO b SELECT * FROM a");
    MirrorBuilder builder = inRanges("public.b").snapshotMaxParallelWorkers(1);
    if (databases.source().server().major() >= 15) {
      builder.table(TableMapping.from("public.a").where("id % 3 = 0 OR id < 10").to("public.c"));
    }
    try (MirrorHandle handle = running(builder)) {
      databases.source().execute("UPDATE b SET n = 0 WHERE id = 1");
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.b");
      assertThat(
              databases.destination().queryLong("SELECT count(DISTINCT xmin::text) FROM public.b"))
          .isGreaterThan(5);
      if (databases.source().server().major() >= 15) {
        assertThat(databases.destination().queryLong("SELECT count(DISTINCT xmin::text) FROM c"))
            .isGreaterThan(10);
        String rows = "SELECT md5(string_agg(r::text, '|' ORDER BY id)) FROM ";
        assertThat(databases.destination().queryString(rows + "c r"))
            .isEqualTo(
                databases
                    .source()
                    .queryString(rows + "(SELECT * FROM a WHERE id % 3 = 0 OR id < 10) r"));
      }
      handle.drop();
    }
  }

  @Test
  @ExpectsLog("was rewritten after the snapshot.* attempt 1 failed")
  void tableRewrittenBetweenItsRangesIsCopiedAnew() throws Exception {
    Connection held = HeldCopy.hold(databases.destination());
    try (MirrorHandle handle = inRanges("public.a").snapshotMaxParallelWorkers(1).build().start()) {
      awaitSomeCommitted();
      CompletableFuture<Void> rewriting =
          inBackground(
              () ->
                  databases
                      .source()
                      .execute("DELETE FROM a WHERE id % 3 = 0", "VACUUM FULL a", "ANALYZE a"));
      Await.until(SOON, "the rewrite waits for the range", () -> isWaiting("VACUUM FULL a"));
      held.close();
      rewriting.get(SOON.toSeconds(), TimeUnit.SECONDS);
      handle.awaitState(MirrorState.RUNNING, SOON);
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      assertThat(handle.status().tables().get(0).rowsCopied()).isEqualTo(ROWS - ROWS / 3);
      handle.drop();
    }
  }

  /** What the snapshot shows of the name is another table than that which is read now. */
  @Test
  @ExpectsLog("was renamed, dropped or made anew.* attempt 1 failed")
  void tableSwappedBetweenItsRangesIsCopiedAnew() throws Exception {
    databases
        .source()
        .execute(
            "CREATE TABLE fresh (LIKE a INCLUDING ALL)",
            "INSERT INTO fresh SELECT i, -i, 'fresh' FROM generate_series(1, 700) i");
    String swap = "ALTER TABLE a RENAME TO gone; ALTER TABLE fresh RENAME TO a";
    Connection held = HeldCopy.hold(databases.destination());
    try (MirrorHandle handle = inRanges("public.a").snapshotMaxParallelWorkers(1).build().start()) {
      awaitSomeCommitted();
      CompletableFuture<Void> swapping = inBackground(() -> databases.source().execute(swap));
      Await.until(SOON, "the swap waits for the range", () -> isWaiting("ALTER TABLE a RENAME%"));
      held.close();
      swapping.get(SOON.toSeconds(), TimeUnit.SECONDS);
      handle.awaitState(MirrorState.RUNNING, SOON);
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      assertThat(rowsThere()).isEqualTo(700);
      handle.drop();
    }
  }

  private static boolean isWaiting(String query) throws SQLException {
    try (Connection other = databases.source().connection();
        PreparedStatement statement =
            other.prepareStatement(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                    + " AND datname = current_database() AND query LIKE ?")) {
      statement.setString(1, query);
      try (var row = statement.executeQuery()) {
        row.next();
        return row.getLong(1) == 1;
      }
    }
  }

  @Test
  void copyThatIsStoppedBetweenRangesLeavesNothingToTheNext() throws Exception {
    Connection held = HeldCopy.hold(databases.destination());
    try (MirrorHandle handle = inRanges("public.a").build().start()) {
      awaitSomeCommitted();
      returnsSoon(handle::pause);
      assertThat(rowsThere()).isPositive();
      databases
          .source()
          .execute(
              "DELETE FROM a WHERE id <= 1500",
              "UPDATE a SET id = id + 100000, n = 7 WHERE id > 12000");
      handle.resume();
      awaitSomeCommitted();
      returnsSoon(handle::close);
    }
    databases.source().execute("DELETE FROM a WHERE id > 119000");
    held.close();
    try (MirrorHandle handle = running(inRanges("public.a"))) {
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      handle.drop();
    }
  }

  @Test
  void addedTableIsCopiedInRangesAndItsStateIsKeptElsewhere() throws Exception {
    databases
        .source()
        .execute("CREATE TABLE b (id int PRIMARY KEY)", "INSERT INTO b VALUES (1), (2)");
    try (MirrorHandle handle =
        running(inRanges("public.b").checkpointStore(CheckpointStore.inMemory()))) {
      handle.pause();
      handle.updateTables(mappings("public.b", "public.a"));
      Connection held = HeldCopy.hold(databases.destination());
      handle.resume();
      awaitSomeCommitted();
      databases.source().execute("INSERT INTO b VALUES (3)", "DELETE FROM a WHERE id < 100");
      Await.until(
          SOON,
          "others flow meanwhile",
          () -> databases.destination().queryLong("SELECT count(*) FROM b") == 3);
      returnsSoon(handle::pause);
      held.close();
      handle.resume();
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a", "public.b");
      handle.drop();
    }
  }

  @Test
  @ExpectsLog("copying failed.* attempt 1 failed")
  void lostSessionOfOneWorkerLosesNoRow() throws Exception {
    Connection held = HeldCopy.hold(databases.destination());
    try (MirrorHandle handle = inRanges("public.a").build().start()) {
      awaitSomeCommitted();
      HeldCopy.endHeldSession(databases.destination());
      databases.source().execute("DELETE FROM a WHERE id % 2 = 0");
      held.close();
      handle.awaitState(MirrorState.RUNNING, SOON);
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      handle.drop();
    }
  }

  @Test
  @ExpectsLog("copying failed.*little")
  void rangeThatTheDestinationRefusesPausesTheMirror() {
    databases.destination().execute("ALTER TABLE a ADD CONSTRAINT little CHECK (n <> 15000)");
    try (MirrorHandle handle = inRanges("public.a").build().start()) {
      assertThatThrownBy(() -> handle.awaitState(MirrorState.RUNNING, SOON))
          .isInstanceOf(CopyException.class)
          .hasMessageContaining("public.a")
          .hasMessageContaining("23514");
      assertThat(handle.status().state()).isEqualTo(MirrorState.PAUSED);
      databases.destination().execute("ALTER TABLE a DROP CONSTRAINT little");
      databases.source().execute("DELETE FROM a WHERE id > 19000");
      handle.resume();
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      handle.drop();
    }
  }
}
