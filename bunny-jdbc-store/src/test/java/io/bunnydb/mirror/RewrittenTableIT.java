package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.awaitHeldUp;
import static io.bunnydb.mirror.Operated.hold;
import static io.bunnydb.mirror.Operated.inBackground;
import static io.bunnydb.mirror.Operated.inTransaction;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.TableMapping;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import java.sql.Connection;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Copies under which the ground moved. The story: a table that was rewritten after the snapshot was
 * copied as empty, a copy emptied the tables that inherit from its own, and one whose owner had
 * gone committed its rows beside those of the next owner.
 */
final class RewrittenTableIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  @Test
  @ExpectsLog("was rewritten after the snapshot.* attempt 1 failed")
  void tableRewrittenBeforeItsCopyIsCopiedUnderANewSnapshot() throws Exception {
    databases
        .source()
        .execute(
            "CREATE TABLE first (id int PRIMARY KEY)",
            "INSERT INTO first SELECT generate_series(1, 50)",
            "ANALYZE first",
            "CREATE TABLE a (id int PRIMARY KEY, n int)",
            "INSERT INTO a SELECT i, i FROM generate_series(1, 20) i",
            "CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id)",
            "CREATE TABLE part PARTITION OF parted FOR VALUES FROM (0) TO (100)",
            "INSERT INTO parted SELECT generate_series(1, 20)");
    databases.destination().execute("CREATE TABLE first (id int PRIMARY KEY)");
    try (Connection held = hold(databases.destination(), "first");
        MirrorHandle handle =
            mirror(databases, "public.first", "public.a", "public.parted")
                .snapshotTablesInParallel(1)
                .build()
                .start()) {
      awaitHeldUp(databases.destination());
      databases
          .source()
          .execute(
              "ALTER TABLE a ALTER n TYPE int USING n + 1",
              "INSERT INTO a VALUES (100, 100)",
              "VACUUM FULL part");
      held.close();
      handle.awaitState(MirrorState.RUNNING, SOON);
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.first", "public.a", "public.parted");
      handle.drop();
    }
  }

  @Test
  @ExpectsLog("got other columns.* attempt 1 failed")
  void columnAddedBeforeTheSnapshotIsCopied() throws Exception {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY)",
            "INSERT INTO a VALUES (1), (2)",
            "CREATE TABLE other (id int PRIMARY KEY)");
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      // A snapshot has to wait for this transaction.
      try (Connection held = inTransaction(databases.source(), "INSERT INTO other VALUES (1)")) {
        handle.resync();
        Await.until(
            SOON,
            "the snapshot is waited for",
            () ->
                databases
                        .source()
                        .queryLong(
                            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                                + " AND query LIKE 'CREATE_REPLICATION_SLOT%'")
                    == 1);
        databases.destination().execute("ALTER TABLE a ADD COLUMN n int");
        databases.source().execute("ALTER TABLE a ADD COLUMN n int", "UPDATE a SET n = 5");
        held.rollback();
      }
      handle.awaitState(MirrorState.RUNNING, SOON);
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      handle.drop();
    }
  }

  @Test
  void copyAndTruncationLeaveInheritingTablesAlone() {
    databases
        .source()
        .execute("CREATE TABLE a (id int PRIMARY KEY)", "INSERT INTO a VALUES (1), (2)");
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      databases
          .destination()
          .execute(
              "CREATE TABLE heir () INHERITS (a)",
              "INSERT INTO heir VALUES (1), (77)",
              "CREATE TABLE referring (id int REFERENCES a)");
      handle.pause();
      handle.updateTables(TableMapping.from("public.a").where("id > 0"));
      handle.resume();
      handle.awaitCaughtUp(SOON);
      assertHeirIsWhole(2);
      databases.source().execute("UPDATE a SET id = 3 WHERE id = 1", "DELETE FROM a WHERE id = 2");
      handle.awaitCaughtUp(SOON);
      assertHeirIsWhole(1);
      databases.destination().execute("DROP TABLE referring");
      handle.pause();
      handle.updateTables(TableMapping.from("public.a"));
      handle.resume();
      databases.source().execute("TRUNCATE a");
      handle.awaitCaughtUp(SOON);
      assertHeirIsWhole(0);
      databases.destination().execute("DROP TABLE heir");
      handle.drop();
    }
  }

  private static void assertHeirIsWhole(int rowsOfParent) {
    assertThat(databases.destination().queryStrings("SELECT id FROM heir ORDER BY id"))
        .containsExactly("1", "77");
    assertThat(databases.destination().queryLong("SELECT count(*) FROM ONLY a"))
        .isEqualTo(rowsOfParent);
  }

  @Test
  @ExpectsLog(value = "attempt \\d+ failed", optional = true)
  void copyOfALostOwnerDoesNotCommitBesideThatOfTheNext() throws Exception {
    for (String table : new String[] {"a", "b"}) {
      databases
          .source()
          .execute(
              "CREATE TABLE " + table + " (n int)",
              "ALTER TABLE " + table + " REPLICA IDENTITY FULL",
              "INSERT INTO " + table + " SELECT generate_series(1, 100)",
              "ANALYZE " + table);
      databases.destination().execute("CREATE TABLE " + table + " (n int)");
    }
    AtomicReference<MirrorHandle> second = new AtomicReference<>();
    try (Connection held = hold(databases.destination(), "a");
        Connection alsoHeld = hold(databases.destination(), "b");
        MirrorHandle first =
            mirror(databases, "public.a", "public.b").snapshotTablesInParallel(1).build().start()) {
      awaitHeldUp(databases.destination());
      assertThat(
              databases
                  .destination()
                  .queryLong(
                      "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                          + " WHERE application_name LIKE 'bunny operated apply%'"))
          .isEqualTo(1);
      CompletableFuture<Void> starting =
          inBackground(() -> second.set(mirror(databases, "public.a", "public.b").build().start()));
      Await.until(
          SOON,
          "the second process waits for the copy of the first, or copies beside it",
          () ->
              databases
                      .destination()
                      .queryLong(
                          "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                              + " AND application_name LIKE 'bunny%'")
                  > 1);
      held.close();
      alsoHeld.close();
      starting.get(SOON.toSeconds(), TimeUnit.SECONDS);
      first.close();
    }
    try (MirrorHandle handle = second.get()) {
      handle.awaitState(MirrorState.RUNNING, SOON);
      databases.source().execute("INSERT INTO a VALUES (1)", "DELETE FROM b WHERE n = 1");
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a", "public.b");
      handle.drop();
    }
  }
}
