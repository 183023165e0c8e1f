package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.awaitHeldUp;
import static io.bunnydb.mirror.Operated.caughtUp;
import static io.bunnydb.mirror.Operated.createTables;
import static io.bunnydb.mirror.Operated.hold;
import static io.bunnydb.mirror.Operated.inTransaction;
import static io.bunnydb.mirror.Operated.mappings;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.returnsSoon;
import static io.bunnydb.mirror.Operated.running;
import static io.bunnydb.mirror.Operated.walSender;
import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.EventQuery;
import io.bunnydb.MirrorEvent.Level;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.TableMapping;
import io.bunnydb.TableState;
import io.bunnydb.jdbc.JdbcCheckpointStore;
import io.bunnydb.mirror.MirrorProcess.Order;
import io.bunnydb.spi.CheckpointStore;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.SidesDiffer;
import io.bunnydb.testing.TestDatabase;
import io.bunnydb.testing.Workload;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Tables that are added to a mirror whose stream goes on, and come up to it by one of their own.
 */
final class JoinRunningIT {
  /** More of the log than a join may read again: each of the rows is one of 200 bytes. */
  private static final int MUCH = 5_000;

  private static final int ROWS = 5_000;
  private static final int KILLS = Integer.getInteger("bunny.test.kills", 4);

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private static final TableMapping[] BOTH = mappings("public.a", "public.late");

  private static void awaitLive(MirrorHandle handle) {
    Await.until(
        SOON,
        "every table follows the stream",
        () -> handle.status().tables().stream().allMatch(t -> t.state() == TableState.LIVE));
  }

  private static List<String> events(MirrorHandle handle, String words) {
    return handle.events(new EventQuery(99, 0, Level.INFO, words)).events().stream()
        .map(event -> event.message())
        .toList();
  }

  private static void finish(MirrorHandle handle) {
    handle.awaitCaughtUp(SOON);
    assertThat(handle.status().tables())
        .allMatch(t -> t.state() == TableState.LIVE && t.rowsMissing() == 0);
    databases.assertMirrored("public.a", "public.late");
    handle.drop();
  }

  /** What the copy does not have: changes of both tables, and of the late one's keys. */
  private static void writeMuch(TestDatabase source) {
    source.execute(
        "INSERT INTO a SELECT i, repeat('x', 150) FROM generate_series(1001, " + MUCH + ") i",
        "INSERT INTO late SELECT i, repeat('y', 150) FROM generate_series(1001, " + MUCH + ") i",
        "UPDATE late SET t = t || '!' WHERE id % 3 = 0",
        "DELETE FROM late WHERE id % 5 = 0",
        "UPDATE late SET id = -id WHERE id % 7 = 0",
        "INSERT INTO a SELECT -i, repeat('z', 150) FROM generate_series(1001, " + MUCH + ") i");
  }

  @Test
  void streamGoesOnWhileATableIsCopiedAndJoins() throws Exception {
    createTables(databases.source(), "a", "late");
    databases.destination().execute("CREATE TABLE late (id int PRIMARY KEY, t text)");
    try (MirrorHandle handle = caughtUp(mirror(databases, "public.a"))) {
      String walSender = walSender(databases.source());
      try (Connection held = hold(databases.destination(), "late")) {
        handle.updateTables(BOTH);
        awaitHeldUp(databases.destination());
        writeMuch(databases.source());
        // The others do not wait.
        Await.until(
            SOON,
            "the rows of a are there",
            () ->
                databases.destination().queryLong("SELECT count(*) FROM a")
                    == 100 + 2 * (MUCH - 1000));
        assertThat(held.isValid(1)).isTrue();
      }
      awaitLive(handle);
      Await.until(
          SOON,
          "it is told that and how they came there",
          () ->
              events(handle, "the added tables follow the stream").size() == 1
                  && events(handle, "beside the stream").size() == 1);
      databases
          .source()
          .execute(
              "UPDATE late SET t = 'later' WHERE id % 2 = 0",
              "TRUNCATE a", "INSERT INTO a VALUES (1)");
      handle.awaitCaughtUp(SOON);
      assertThat(walSender(databases.source())).isEqualTo(walSender);
      // And another one, to the same stream.
      createTables(databases.source(), "more");
      handle.updateTables(mappings("public.a", "public.late", "public.more"));
      awaitLive(handle);
      databases.source().execute("UPDATE more SET t = 'new'", "DELETE FROM more WHERE id < 9");
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.more");
      assertThat(walSender(databases.source())).isEqualTo(walSender);
      finish(handle);
    }
  }

  @Test
  void whoWaitsForThePositionHearsOfTheJoin() {
    createTables(databases.source(), "a", "late");
    try (MirrorHandle handle = caughtUp(mirror(databases, "public.a"))) {
      handle.updateTables(BOTH);
      long from = System.nanoTime();
      handle.awaitCaughtUp(SOON);
      assertThat(Duration.ofNanos(System.nanoTime() - from)).isLessThan(Duration.ofSeconds(8));
      finish(handle);
    }
  }

  @Test
  @ExpectsLog("partition public.loaded joined it with rows of before")
  @SidesDiffer(
      value = "a partition came with rows of before",
      tables = {"public.late"})
  void partitionThatComesWithRowsDuringTheCopyStopsTheMirror() throws Exception {
    createTables(databases.source(), "a");
    databases
        .source()
        .execute(
            "CREATE TABLE late (id int PRIMARY KEY) PARTITION BY RANGE (id)",
            "CREATE TABLE low PARTITION OF late FOR VALUES FROM (0) TO (10)",
            "INSERT INTO late VALUES (1)",
            "CREATE TABLE loaded (id int PRIMARY KEY)",
            "INSERT INTO loaded VALUES (101)");
    databases.destination().execute("CREATE TABLE late (id int PRIMARY KEY)");
    try (MirrorHandle handle = caughtUp(mirror(databases, "public.a"))) {
      try (Connection held = hold(databases.destination(), "late")) {
        handle.updateTables(BOTH);
        awaitHeldUp(databases.destination());
        databases
            .source()
            .execute("ALTER TABLE late ATTACH PARTITION loaded FOR VALUES FROM (100) TO (200)");
        assertThat(held.isValid(1)).isTrue();
      }
      awaitLive(handle);
      // The slot's horizon moves beyond the attachment.
      for (int i = 0; i < 4; i++) {
        databases.source().execute("UPDATE a SET t = 'x'", "CHECKPOINT");
        handle.awaitCaughtUp(SOON);
      }
      handle.awaitState(MirrorState.PAUSED, SOON);
      assertThat(String.valueOf(handle.status().failure())).contains("public.loaded");
      handle.drop();
    }
  }

  @Test
  void aValidationIsNotWaitedFor() throws Exception {
    databases
        .destination()
        .execute(
            "CREATE FUNCTION hold_up() RETURNS event_trigger LANGUAGE plpgsql AS"
                + " 'BEGIN IF current_query() LIKE ''%VALIDATE CONSTRAINT%'' THEN"
                + " PERFORM pg_advisory_xact_lock(42); END IF; END'",
            "CREATE EVENT TRIGGER hold_up ON ddl_command_end EXECUTE FUNCTION hold_up()",
            "ALTER EVENT TRIGGER hold_up ENABLE ALWAYS");
    createTables(databases.source(), "a", "late");
    databases
        .source()
        .execute("CREATE TABLE b (id int PRIMARY KEY REFERENCES a)", "INSERT INTO b VALUES (1)");
    try (MirrorHandle handle = running(mirror(databases, "public.a", "public.b"))) {
      try (Connection held =
          inTransaction(databases.destination(), "SELECT pg_advisory_xact_lock(42)")) {
        awaitHeldUp(databases.destination());
        returnsSoon(() -> handle.updateTables(mappings("public.a", "public.b", "public.late")));
        awaitLive(handle);
        assertThat(held.isValid(1)).isTrue();
      }
      Await.until(
          SOON,
          "the constraint is validated",
          () ->
              databases
                      .destination()
                      .queryLong(
                          "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND convalidated")
                  == 1);
      databases.assertMirrored("public.b");
      finish(handle);
    }
  }

  /** The table's own trigger, which fires for a mirror too, lets each row take its time. */
  private static void slowDown(TestDatabase destination) {
    destination.execute(
        "CREATE TABLE late (id int PRIMARY KEY, t text)",
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS"
            + " 'BEGIN PERFORM pg_catalog.pg_sleep(0.002); RETURN NEW; END'",
        "CREATE TRIGGER slow BEFORE UPDATE ON late FOR EACH ROW EXECUTE FUNCTION slow()",
        "ALTER TABLE late ENABLE ALWAYS TRIGGER slow");
  }

  private static void awaitOnTheWay(MirrorHandle handle, TestDatabase destination) {
    Await.until(
        SOON,
        "the copied table is on its way",
        () ->
            handle.status().tables().stream().anyMatch(t -> t.state() == TableState.COPIED)
                && destination.queryLong("SELECT count(*) FROM late WHERE t LIKE '%!'") > 0);
  }

  private static MirrorHandle withLateOnTheWay(CheckpointStore store) throws Exception {
    createTables(databases.source(), "a", "late");
    slowDown(databases.destination());
    MirrorHandle handle =
        caughtUp(mirror(databases, "public.a").checkpointStore(store).maxBatchBytes(1 << 16));
    try (Connection held = hold(databases.destination(), "late")) {
      handle.updateTables(BOTH);
      awaitHeldUp(databases.destination());
      writeMuch(databases.source());
      for (int i = 0; i < 40; i++) {
        databases.source().execute("UPDATE late SET t = t || '!' WHERE id % 40 = " + i);
      }
      assertThat(held.isValid(1)).isTrue();
    }
    awaitOnTheWay(handle, databases.destination());
    return handle;
  }

  @Test
  void pauseOnTheWayLosesNothing() throws Exception {
    try (MirrorHandle handle = withLateOnTheWay(JdbcCheckpointStore.inDestination())) {
      handle.pause();
      long seen = databases.destination().queryLong("SELECT count(*) FROM late WHERE t LIKE '%!'");
      databases.source().execute("UPDATE late SET t = 'paused' WHERE id % 11 = 0");
      assertThat(handle.state()).isEqualTo(MirrorState.PAUSED);
      assertThat(databases.destination().queryLong("SELECT count(*) FROM late WHERE t LIKE '%!'"))
          .isEqualTo(seen);
      databases.destination().execute("DROP TRIGGER slow ON late");
      handle.resume();
      awaitLive(handle);
      finish(handle);
    }
  }

  @Test
  void storeElsewhereKeepsUpWithIt() throws Exception {
    try (MirrorHandle handle = withLateOnTheWay(CheckpointStore.inMemory())) {
      handle.pause();
      databases.destination().execute("DROP TRIGGER slow ON late");
      handle.resume();
      awaitLive(handle);
      finish(handle);
    }
  }

  private static void change(Connection connection, List<String> tables, Random random)
      throws SQLException {
    try (var statement = connection.createStatement()) {
      for (int i = 0; i < 3; i++) {
        String table = tables.get(random.nextInt(tables.size()));
        int id = 1 + random.nextInt(ROWS);
        statement.execute(
            switch (random.nextInt(8)) {
              case 0 -> "DELETE FROM " + table + " WHERE id = " + id;
              case 1 ->
                  "UPDATE "
                      + table
                      + " SET id = (SELECT max(id) + 1 FROM "
                      + table
                      + ") WHERE id = "
                      + id;
              case 2, 3 ->
                  "UPDATE "
                      + table
                      + " SET t = t || '.' WHERE id BETWEEN "
                      + id
                      + " AND "
                      + (id + 9);
              default ->
                  "INSERT INTO " + table + " VALUES (" + id + ", 'new') ON CONFLICT DO NOTHING";
            });
      }
      if (random.nextInt(200) == 0) {
        statement.execute("TRUNCATE " + String.join(", ", tables.subList(0, 2)));
      }
    }
    LockSupport.parkNanos(2_000_000);
  }

  @Test
  @ExpectsLog(value = "attempt \\d+ failed", optional = true)
  void goesOnAfterKillsWhileTablesAreAdded() throws Exception {
    List<String> tables = new ArrayList<>();
    for (int i = 0; i <= KILLS; i++) {
      tables.add("public.t" + i);
      databases
          .source()
          .execute(
              "CREATE TABLE t" + i + " (id int PRIMARY KEY, t text)",
              "INSERT INTO t" + i + " SELECT i, 'old' FROM generate_series(1, " + ROWS + ") i");
    }
    caughtUp(mirror(databases, tables.get(0))).close();
    try (Workload writes =
        Workload.start(
            databases.source(), (connection, random) -> change(connection, tables, random))) {
      Random random = new Random(writes.seed());
      for (int i = 0; i < KILLS; i++) {
        try (ChildMirror child = ChildMirror.launchIdle(databases, "operated", 1 << 18, tables)) {
          child.awaitOutput(MirrorProcess.STARTED);
          if (i % 2 == 0) {
            child.order(Order.ADD_ONE);
          } else {
            child.give(Order.ADD_ONE);
          }
          child.runFor(random.nextInt(1500));
          child.kill();
          System.out.println(
              "killed while one was added, met "
                  + databases
                      .destination()
                      .queryStrings("SELECT state FROM bunny.table_checkpoint ORDER BY ordinal"));
        }
      }
      try (MirrorHandle handle = running(mirror(databases, tables.get(0)))) {
        handle.updateTables(mappings(tables.toArray(String[]::new)));
        awaitLive(handle);
        writes.close();
        handle.awaitCaughtUp(SOON);
        databases.assertMirrored(tables.toArray(String[]::new));
        handle.drop();
      }
    }
  }

  /** What the mirror's stream has applied of it in part lacks the table's rows. */
  @Test
  void transactionInProgressIsNotJoinedInItsMidst() throws Exception {
    TestDatabase source = databases.source();
    source.execute("ALTER DATABASE " + source.name() + " SET logical_decoding_work_mem = '64kB'");
    createTables(source, "a", "late");
    databases.destination().execute("CREATE TABLE late (id int PRIMARY KEY, t text)");
    try (MirrorHandle handle = caughtUp(mirror(databases, "public.a"));
        Connection held = hold(databases.destination(), "late");
        Connection writer = source.connection()) {
      handle.updateTables(BOTH);
      awaitHeldUp(databases.destination());
      writer.setAutoCommit(false);
      try (var statement = writer.createStatement()) {
        statement.execute("UPDATE late SET t = 'of the large one'");
        statement.execute(
            "INSERT INTO a SELECT i, repeat('x', 150) FROM generate_series(1001, " + MUCH + ") i");
        Await.until(
            SOON,
            "the transaction is applied while it is in progress",
            () ->
                databases
                        .destination()
                        .queryLong(
                            "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in"
                                + " transaction' AND application_name LIKE 'bunny operated apply%'")
                    > 0);
        held.close();
        awaitLive(handle);
        statement.execute("UPDATE late SET t = t || ', again' WHERE id % 2 = 0");
      }
      writer.commit();
      finish(handle);
    }
  }
}
