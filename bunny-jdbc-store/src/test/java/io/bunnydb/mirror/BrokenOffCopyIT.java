package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.awaitHeldUp;
import static io.bunnydb.mirror.Operated.hold;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.returnsSoon;
import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.EventQuery;
import io.bunnydb.MirrorBuilder;
import io.bunnydb.MirrorEvent;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.spi.CheckpointStore;
import io.bunnydb.spi.TableCheckpoint;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.Workload;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A copy of ranges that is broken off goes on with the rows that it has, and is exact. */
final class BrokenOffCopyIT {
  private static final int ROWS = 10_000;
  private static final int HELD_ROW = 4_500;

  /** What ranges but the one that is held have brought, at the least. */
  private static final int MOST_ROWS = ROWS * 8 / 10;

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  /** Some of the source's rows have large values, which updates leave as they are. */
  private static void createTables(int rows) {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY, n int, t text, u int, big text)",
            "ALTER TABLE a ALTER COLUMN big SET STORAGE EXTERNAL",
            "INSERT INTO a SELECT i, i, repeat('x', i % 90), i,"
                + " CASE WHEN i % 50 = 0 THEN repeat(i::text, 1000) END"
                + " FROM generate_series(1, "
                + rows
                + ") i",
            "ANALYZE a");
    databases
        .destination()
        .execute("CREATE TABLE a (id int PRIMARY KEY, n int, t text, u int UNIQUE, big text)");
    HeldCopy.count(databases.destination(), "a");
    HeldCopy.letHold(databases.destination(), "a", HELD_ROW);
  }

  private static MirrorBuilder inRanges() {
    return mirror(databases, "public.a")
        .snapshotRowsPerPartition(1_000)
        .snapshotMaxParallelWorkers(2);
  }

  /** One worker is held in its range, and the other has committed all others. */
  private static void awaitAllButOneCommitted(long rows) {
    awaitHeldUp(databases.destination());
    Await.until(SOON, "the other ranges are committed", () -> rowsThere() >= rows);
  }

  private static long rowsThere() {
    return databases.destination().queryLong("SELECT count(*) FROM a");
  }

  private static long rowsCopied() {
    return databases.destination().queryLong("SELECT coalesce(sum(rows), 0)::bigint FROM copied");
  }

  private static String progress() {
    return String.valueOf(
        databases.destination().queryString("SELECT copy_progress FROM bunny.table_checkpoint"));
  }

  private static long keptRows(MirrorHandle handle) {
    return handle.events(new EventQuery(100, 0, MirrorEvent.Level.INFO, "rows are kept")).total();
  }

  /**
   * Rows that stay are looked up when the destination's table can be locked; until then the source
   * is not, and its tables can be altered.
   */
  private static void resumeBesideALock(MirrorHandle handle) throws SQLException {
    Connection other = hold(databases.destination(), "a");
    handle.resume();
    Await.until(
        SOON,
        "the copy waits for the destination's table",
        () ->
            databases
                    .destination()
                    .queryLong(
                        "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity s USING (pid)"
                            + " WHERE l.relation = 'a'::regclass AND NOT l.granted"
                            + " AND s.application_name LIKE 'bunny operated copy%'")
                == 1);
    databases
        .source()
        .execute(
            "DO 'BEGIN SET LOCAL lock_timeout = ''5s'';"
                + " LOCK TABLE a IN ACCESS EXCLUSIVE MODE; END'");
    other.close();
  }

  /**
   * A writer of its own share of the keys, so that writers do not wait for each other; some steps
   * are subtransactions, of which some roll back.
   */
  private static Workload.Transaction writer(int share, int shares) {
    return (connection, random) -> {
      try (Statement statement = connection.createStatement()) {
        for (int step = 0; step < 8; step++) {
          boolean isSub = random.nextBoolean();
          if (isSub) {
            statement.execute("SAVEPOINT s");
          }
          // Not the row at which copies are held: its trigger would hold the stream as well.
          int id = share + shares * random.nextInt(ROWS / shares);
          if (id != HELD_ROW) {
            statement.execute(change(id, random));
          }
          if (isSub && random.nextInt(3) == 0) {
            statement.execute("ROLLBACK TO s");
          }
        }
      }
    };
  }

  private static String change(int id, Random random) {
    return switch (random.nextInt(5)) {
      case 0 -> "DELETE FROM a WHERE id = " + id;
      case 1 ->
          "INSERT INTO a VALUES (" + id + ", 0, 'new', NULL, NULL) ON CONFLICT (id) DO NOTHING";
      case 2 -> "UPDATE a SET n = n + 1 WHERE id = " + id;
      // The key goes to and fro between two places.
      case 3 ->
          "UPDATE a SET id = 100000 - id WHERE id IN ("
              + id
              + ", "
              + (100_000 - id)
              + ")"
              + " AND NOT EXISTS (SELECT FROM a b WHERE b.id = 100000 - a.id)";
      case 4 -> "UPDATE a SET t = repeat('y', 300), u = -u WHERE id = " + id;
      default -> throw new AssertionError();
    };
  }

  /**
   * The session of one worker is lost twice, the second time when rows of two snapshots are there.
   */
  @Test
  @ExpectsLog("copying failed.* attempt 1 failed")
  @ExpectsLog("copying failed.* attempt 2 failed")
  void goesOnUnderLoadWithWhatItHasEachTimeItIsBrokenOff() throws SQLException {
    createTables(ROWS);
    Connection held = HeldCopy.hold(databases.destination());
    try (Workload one = Workload.start(databases.source(), writer(0, 3));
        Workload two = Workload.start(databases.source(), writer(1, 3));
        Workload three = Workload.start(databases.source(), writer(2, 3));
        MirrorHandle handle = inRanges().build().start()) {
      awaitAllButOneCommitted(ROWS / 2);
      Await.until(SOON, "all but one is noted", () -> progress().matches(".*=0-\\d+,\\d+-"));
      String first = progress();
      HeldCopy.endHeldSession(databases.destination());
      Await.until(
          SOON,
          "all but one is brought up to another snapshot",
          () -> {
            String now = progress();
            return now.matches(".*=0-\\d+,\\d+-") && !snapshot(now).equals(snapshot(first));
          });
      awaitHeldUp(databases.destination());
      HeldCopy.endHeldSession(databases.destination());
      Await.until(SOON, "it goes on once more", () -> keptRows(handle) == 2);
      held.close();
      handle.awaitState(MirrorState.RUNNING, SOON);
      one.close();
      two.close();
      three.close();
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      assertThat(handle.status().tables().get(0).rowsMissing()).isZero();
      assertThat(one.transactions() + two.transactions() + three.transactions()).isPositive();
      handle.drop();
    }
  }

  /** The snapshot under which ranges came last; those of another may be left in part. */
  private static String snapshot(String progress) {
    return progress.substring(progress.lastIndexOf(' ') + 1, progress.lastIndexOf('='));
  }

  @Test
  @ExpectsLog(value = "attempt \\d+ failed", optional = true)
  void killedProcessLeavesWhatItHasCommittedToTheNext() throws Exception {
    int rows = 60_000;
    createTables(rows);
    Connection held = HeldCopy.hold(databases.destination());
    try (ChildMirror child =
        ChildMirror.launch(databases, "operated", 1 << 20, List.of("public.a"))) {
      awaitHeldUp(databases.destination());
      Await.until(SOON, "other ranges are committed", () -> rowsThere() > rows / 2);
      child.kill();
    }
    long before = rowsCopied();
    databases
        .source()
        .execute(
            "DELETE FROM a WHERE id % 1000 = 0",
            "UPDATE a SET id = id + 1000000, u = -u WHERE id % 1000 = 1",
            "INSERT INTO a SELECT -i, 0, 'new', NULL, NULL FROM generate_series(1, 100) i");
    held.close();
    try (MirrorHandle handle =
        mirror(databases, "public.a").snapshotRowsPerPartition(15_000).build().start()) {
      handle.awaitState(MirrorState.RUNNING, SOON);
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      assertThat(keptRows(handle)).isEqualTo(1);
      assertThat(rowsCopied() - before).isLessThan(rows / 2 + 200);
      assertThat(handle.status().tables().get(0).rowsCopied())
          .isEqualTo(databases.source().queryLong("SELECT count(*) FROM a"));
      handle.drop();
    }
  }

  /** Whatever makes rows of no use that are there has all of them come anew. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "nothing",
        "VACUUM FULL a",
        "ALTER TABLE a ADD COLUMN late int DEFAULT 7",
        "ALTER TABLE a DROP COLUMN n; ALTER TABLE a ADD COLUMN n int DEFAULT 5",
        "ALTER TYPE mood RENAME VALUE 'sad' TO 'glad'",
        "ALTER TYPE pair DROP ATTRIBUTE y; ALTER TYPE pair ADD ATTRIBUTE y int",
        "a row is lost",
        "a row cannot be removed"
      })
  @ExpectsLog(value = "starts over.*rows stay", optional = true)
  void beginsAnewWhereRowsAreOfNoUse(String change) throws SQLException {
    createTables(ROWS);
    if (change.startsWith("ALTER TYPE")) {
      databases
          .source()
          .execute(
              "CREATE TYPE mood AS ENUM ('sad')",
              "CREATE TYPE pair AS (x int, y int, m mood)",
              "CREATE DOMAIN pairs AS pair[]",
              "ALTER TABLE a ADD COLUMN p pairs DEFAULT '{\"(1,2,sad)\"}'");
      databases
          .destination()
          .execute(
              "CREATE TYPE pair AS (x text, y text, m text)",
              "CREATE DOMAIN pairs AS pair[]",
              "ALTER TABLE a ADD COLUMN p pairs");
    }
    Connection held = HeldCopy.hold(databases.destination());
    try (MirrorHandle handle = inRanges().build().start()) {
      awaitAllButOneCommitted(MOST_ROWS);
      returnsSoon(handle::pause);
      long before = rowsCopied();
      boolean isOfUse = change.equals("nothing");
      switch (change) {
        case "nothing" -> databases.source().execute("DELETE FROM a WHERE id % 100 = 0");
        case "a row is lost" -> databases.destination().execute("DELETE FROM a WHERE id = 1");
        case "a row cannot be removed" -> {
          databases.source().execute("UPDATE a SET n = -n WHERE id = 1");
          databases
              .destination()
              .execute(
                  "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
                      + " 'BEGIN RAISE EXCEPTION ''rows stay''; END'",
                  "CREATE TRIGGER refuse BEFORE DELETE ON a EXECUTE FUNCTION refuse()",
                  "ALTER TABLE a ENABLE ALWAYS TRIGGER refuse");
        }
        default -> {
          databases.source().execute(change.split("; ", -1));
          if (change.startsWith("ALTER TABLE a ADD COLUMN")) {
            databases.destination().execute("ALTER TABLE a ADD COLUMN late int");
          }
        }
      }
      held.close();
      if (isOfUse) {
        resumeBesideALock(handle);
      } else {
        handle.resume();
      }
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      assertThat(keptRows(handle)).isEqualTo(isOfUse ? 1 : 0);
      if (isOfUse) {
        assertThat(rowsCopied() - before).isLessThan(ROWS / 4);
      } else {
        assertThat(rowsCopied() - before).isGreaterThanOrEqualTo(ROWS);
      }
      handle.drop();
    }
  }

  /** Loses its connection once when it has noted what a copy is about to commit. */
  private static final class LossyStore extends DelegatingStore {
    private final AtomicBoolean loses;

    LossyStore(boolean loses) {
      super(CheckpointStore.inMemory());
      this.loses = new AtomicBoolean(loses);
    }

    @Override
    public void saveTable(String mirror, TableCheckpoint table, Connection destination)
        throws SQLException {
      super.saveTable(mirror, table, destination);
      if (table.copyProgress() != null && rowsThere() > ROWS / 2 && loses.getAndSet(false)) {
        throw outOfReach();
      }
    }
  }

  /** The last note may tell of a range that was committed, or of one that was not. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @ExpectsLog(value = "copying failed.* attempt 1 failed", optional = true)
  void storeElsewhereKnowsWhatWasCommitted(boolean losesItsConnection) throws SQLException {
    createTables(ROWS);
    LossyStore store = new LossyStore(losesItsConnection);
    Connection held = HeldCopy.hold(databases.destination());
    try (MirrorHandle handle = inRanges().checkpointStore(store).build().start()) {
      if (losesItsConnection) {
        Await.until(SOON, "the store is lost", () -> !store.loses.get());
      } else {
        awaitAllButOneCommitted(MOST_ROWS);
        returnsSoon(handle::pause);
      }
      databases.source().execute("DELETE FROM a WHERE id % 100 = 0");
      held.close();
      if (!losesItsConnection) {
        handle.resume();
      }
      handle.awaitState(MirrorState.RUNNING, SOON);
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      assertThat(keptRows(handle)).isEqualTo(1);
      assertThat(rowsCopied()).isLessThan(ROWS * 3 / 2);
      handle.drop();
    }
  }
}
