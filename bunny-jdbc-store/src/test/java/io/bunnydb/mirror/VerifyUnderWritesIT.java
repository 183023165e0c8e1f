package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.MirrorHandle;
import io.bunnydb.RowDifference;
import io.bunnydb.TableVerification;
import io.bunnydb.VerifyOptions;
import io.bunnydb.VerifyReport;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.TestDatabase;
import io.bunnydb.testing.Workload;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A comparison of a sound mirror calls nothing different, whatever is written meanwhile. */
final class VerifyUnderWritesIT {
  private static final int COMPARISONS = 4;
  private static final VerifyOptions OPTIONS =
      VerifyOptions.defaults().rowsPerRange(500).workShare(1).patience(Duration.ofMillis(500));

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  /** Keys that change and come again, values out of line, a table without key, and TRUNCATE. */
  @Test
  @ExpectsLog(
      value = "unsettled|was written to all the while|gave way to who waited",
      optional = true)
  void soundMirrorIsNeverCalledDifferent() {
    MixedLoad load = MixedLoad.create(databases.source(), 5_000, 1);
    String[] tables = MixedLoad.TABLES.toArray(String[]::new);
    try (MirrorHandle handle = running(mirror(databases, tables));
        Workload writes = Workload.start(databases.source(), load)) {
      handle.awaitCaughtUp(SOON);
      for (int i = 0; i < COMPARISONS; i++) {
        load.truncate();
        long written = writes.transactions();
        VerifyReport report = handle.verify(OPTIONS);
        assertThat(writes.transactions()).isGreaterThan(written);
        for (TableVerification table : report.tables()) {
          assertThat(table.outcome())
              .as("%s %s", table, table.rows())
              .isIn(TableVerification.Outcome.EQUAL, TableVerification.Outcome.UNSETTLED);
          assertThat(table.differences()).as("%s %s", table, table.rows()).isZero();
        }
      }
      writes.close();
      handle.awaitCaughtUp(SOON);
      VerifyReport report = handle.verify();
      assertThat(report.matches()).as("%s", report).isTrue();
      handle.drop();
    }
  }

  /** The destination is ahead of what is visible on the source. */
  @Test
  @ExpectsLog("2 unsettled")
  void commitThatWaitsForAStandbyIsNotCalledDifferent() throws Exception {
    TestDatabase source = databases.source();
    source.execute(
        "CREATE TABLE a (id int PRIMARY KEY, n int)", "INSERT INTO a VALUES (1, 1), (2, 2)");
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      handle.awaitCaughtUp(SOON);
      source.execute(
          "ALTER SYSTEM SET synchronous_standby_names = 'nobody'", "SELECT pg_reload_conf()");
      Connection writer = source.connection();
      CompletableFuture<Void> commit = Operated.inBackground(() -> write(writer));
      Await.until(
          SOON,
          "the destination has what the source does not show",
          () -> databases.destination().queryLong("SELECT count(*) FROM a WHERE id = 3") == 1);
      assertThat(source.queryLong("SELECT count(*) FROM a WHERE id = 3")).isZero();

      TableVerification ahead = handle.verify(OPTIONS).tables().get(0);
      assertThat(ahead.rows())
          .extracting(RowDifference::toString)
          .containsExactlyInAnyOrder("UNSETTLED {id=1}", "UNSETTLED {id=3}");
      TableVerification left = handle.repair(OPTIONS).tables().get(0);
      assertThat(left.repaired()).as("%s", left).isZero();

      source.execute("ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()");
      commit.get(SOON.toSeconds(), TimeUnit.SECONDS);
      assertThat(handle.verify(OPTIONS).matches()).isTrue();
      handle.drop();
    }
  }

  private static void write(Connection writer) {
    try (var statement = writer.createStatement()) {
      statement.execute("SET synchronous_commit = on");
      statement.execute(
          "BEGIN; UPDATE a SET n = 5 WHERE id = 1; INSERT INTO a VALUES (3, 3); COMMIT");
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }
}
