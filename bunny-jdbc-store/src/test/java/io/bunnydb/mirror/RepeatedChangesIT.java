package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.MirrorHandle;
import io.bunnydb.Peer;
import io.bunnydb.spi.CheckpointStore;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.SidesDiffer;
import io.bunnydb.testing.TestDatabase;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Changes that come in bulk, twice, or by another way. The story: transactions of a backlog grew
 * together without end, a row whose key was only written differently was deleted, what had been
 * read before an idle moment was applied again, and altered types or URL parameters broke
 * statements.
 */
final class RepeatedChangesIT {
  private static final String PARAMETERS =
      "preferQueryMode=simple&stringtype=varchar&prepareThreshold=0&reWriteBatchedInserts=true"
          + "&ApplicationName=x";

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  @Test
  @SidesDiffer("the destination has a column more")
  void everyLargeTransactionOfABacklogCommitsByItself() {
    int transactions = 30;
    String columns = "id int PRIMARY KEY, tx int, body text";
    databases.source().execute("CREATE TABLE a (" + columns + ")");
    databases
        .destination()
        .execute("CREATE TABLE a (" + columns + ", x xid8 DEFAULT pg_current_xact_id())");
    try (MirrorHandle handle = running(mirror(databases, "public.a").maxBatchBytes(1 << 16))) {
      handle.pause();
      for (int tx = 0; tx < transactions; tx++) {
        databases
            .source()
            .execute(
                "INSERT INTO a SELECT i + 1000 * "
                    + tx
                    + ", "
                    + tx
                    + ", repeat('x', 1000) FROM generate_series(1, 100) i");
      }
      handle.resume();
      handle.awaitCaughtUp(SOON);
      assertThat(databases.destination().queryLong("SELECT count(*) FROM a"))
          .isEqualTo(100L * transactions);
      assertThat(databases.destination().queryLong("SELECT count(DISTINCT x) FROM a"))
          .isEqualTo(transactions);
      handle.drop();
    }
  }

  @Test
  void keyThatIsOnlyWrittenDifferentlyKeepsItsRow() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (k numeric PRIMARY KEY, n int, body text)",
            "ALTER TABLE a ALTER body SET STORAGE EXTERNAL",
            "INSERT INTO a VALUES (1.0, 1, 'short'), (2.0, 2, repeat('x', 9000)), (3.0, 3, NULL),"
                + " (4.0, 4, repeat('y', 9000))");
    try (MirrorHandle handle =
        running(mirror(databases, "public.a").checkpointStore(CheckpointStore.inMemory()))) {
      databases
          .source()
          .execute(
              "UPDATE a SET k = 1.00 WHERE k = 1",
              "UPDATE a SET k = 2.00 WHERE k = 2",
              "UPDATE a SET k = 3.00, n = -3 WHERE k = 3",
              "UPDATE a SET k = 4.00, n = -4 WHERE k = 4");
      handle.awaitCaughtUp(SOON);
      assertThat(handle.status().tables().get(0).rowsMissing()).isZero();
      databases.assertMirrored("public.a");
      handle.drop();
    }
  }

  @Test
  void equalRowsStayEqualInNumberWhileTheMirrorIdles() {
    databases
        .source()
        .execute("CREATE TABLE a (n int, t text)", "ALTER TABLE a REPLICA IDENTITY FULL");
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      for (int burst = 0; burst < 3; burst++) {
        for (int i = 0; i < 20; i++) {
          databases.source().execute("INSERT INTO a SELECT 1, 'same' FROM generate_series(1, 50)");
        }
        // Not to wait for the mirror, but to leave it idle.
        databases.source().execute("SELECT pg_sleep(1)");
      }
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      databases.source().execute("DELETE FROM a WHERE ctid IN (SELECT ctid FROM a LIMIT 10)");
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      handle.drop();
    }
  }

  @Test
  void typesWidenedOnBothSidesWhilePausedAreWritten() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY, n int)",
            "INSERT INTO a SELECT i, 0 FROM generate_series(1, 20) i");
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      for (int i = 0; i < 10; i++) {
        databases.source().execute("UPDATE a SET n = n + 1", "DELETE FROM a WHERE id = 1 + " + i);
        handle.awaitCaughtUp(SOON);
      }
      handle.pause();
      for (TestDatabase side : new TestDatabase[] {databases.source(), databases.destination()}) {
        side.execute("ALTER TABLE a ALTER id TYPE bigint, ALTER n TYPE bigint");
      }
      databases
          .source()
          .execute("UPDATE a SET n = 5000000000 + id", "INSERT INTO a VALUES (6000000000, 1)");
      handle.resume();
      databases
          .source()
          .execute("UPDATE a SET id = 7000000000 WHERE id = 11", "DELETE FROM a WHERE id > 6e9");
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      handle.drop();
    }
  }

  private static Peer withParameters(TestDatabase side) {
    String url = side.url() + (side.url().contains("?") ? "&" : "?") + PARAMETERS;
    return Peer.of("peer", url, side.user(), side.password());
  }

  private static void mirrorsWithParametersAnd(CheckpointStore store) {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY, n numeric, j jsonb, at timestamptz)",
            "INSERT INTO a SELECT i, i, '{}', now() FROM generate_series(1, 100) i",
            "CREATE TABLE b (n int, t text)",
            "ALTER TABLE b REPLICA IDENTITY FULL");
    try (MirrorHandle handle =
        running(
            mirror(databases, "public.a", "public.b")
                .source(withParameters(databases.source()))
                .destination(withParameters(databases.destination()))
                .checkpointStore(store))) {
      databases
          .source()
          .execute(
              "INSERT INTO a SELECT i, i, '[1]', now() FROM generate_series(101, 150) i",
              "UPDATE a SET n = n / 3, j = NULL WHERE id % 2 = 0",
              "UPDATE a SET id = id + 1000 WHERE id < 10",
              "DELETE FROM a WHERE id BETWEEN 50 AND 60",
              "INSERT INTO b SELECT i % 3, E'it''s \\\\ ?' FROM generate_series(1, 9) i",
              "UPDATE b SET t = NULL WHERE n = 1",
              "DELETE FROM b WHERE n = 2");
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a", "public.b");
      for (TestDatabase side : new TestDatabase[] {databases.source(), databases.destination()}) {
        assertThat(
                side.queryStrings("SELECT pid FROM pg_stat_activity WHERE application_name = 'x'"))
            .isEmpty();
      }
      assertThat(handle.status().tables()).allMatch(table -> table.rowsMissing() == 0);
      handle.drop();
    }
  }

  @Test
  void parametersOfTheUrlDoNoHarm() {
    mirrorsWithParametersAnd(io.bunnydb.jdbc.JdbcCheckpointStore.inDestination());
  }

  @Test
  void parametersOfTheUrlDoNoHarmWithAStoreElsewhere() {
    mirrorsWithParametersAnd(CheckpointStore.inMemory());
  }
}
