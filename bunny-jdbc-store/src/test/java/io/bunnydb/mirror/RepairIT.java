package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.Mirror;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.PreflightException;
import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.TableVerification;
import io.bunnydb.TableVerification.Outcome;
import io.bunnydb.VerifyOptions;
import io.bunnydb.VerifyReport;
import io.bunnydb.jdbc.JdbcCheckpointStore;
import io.bunnydb.mirror.MirrorProcess.Order;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.SidesDiffer;
import io.bunnydb.testing.Workload;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A repair gives the rows that differ the source's values, while both sides are written. */
@ExpectsLog(value = "met no row on the destination", optional = true)
final class RepairIT {
  private static final VerifyOptions OPTIONS =
      VerifyOptions.defaults().rowsPerRange(500).workShare(1);
  private static final TableName A = TableName.parse("public.a");

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  @Test
  @ExpectsLog(value = "were compared and repaired: ", optional = true)
  void rowsThatDifferAreRepairedUnderWrites() {
    MixedLoad load = MixedLoad.create(databases.source(), 5_000, 2);
    String[] tables = {"public.doc", "public.line", "public.scratch", "public.big"};
    try (MirrorHandle handle = running(mirror(databases, tables));
        Workload writes = Workload.start(databases.source(), load)) {
      handle.awaitCaughtUp(SOON);
      databases
          .destination()
          .execute(
              // In no other order than the mirror's own rows.
              "BEGIN; LOCK TABLE big IN SHARE ROW EXCLUSIVE MODE;"
                  + " UPDATE big SET t = NULL WHERE id % 10 = 0;"
                  + " DELETE FROM big WHERE id % 10 = 1;"
                  + " INSERT INTO big SELECT -i, i, '' FROM generate_series(1, 500) i; COMMIT",
              "BEGIN; LOCK TABLE doc IN SHARE ROW EXCLUSIVE MODE;"
                  + " UPDATE doc SET body = 'spoiled' WHERE id % 5 = 0;"
                  + " INSERT INTO doc VALUES (-1, 0, 'too many'); COMMIT");
      VerifyReport report = handle.repair(OPTIONS);
      TableVerification big = report.table(TableName.parse("public.big"));
      assertThat(big.additional()).as("%s", big).isEqualTo(500);
      assertThat(big.missing()).as("%s", big).isBetween(450L, 500L);
      // Those that the load has updated meanwhile have all of the source's values.
      assertThat(big.different()).as("%s", big).isLessThanOrEqualTo(500);
      assertThat(report.table(TableName.parse("public.doc")).repaired()).isGreaterThan(50);
      // What could not be settled, as it was written to all the while.
      Await.until(SOON, "nothing is left to repair", () -> handle.repair(OPTIONS).matches());
      writes.close();
      handle.awaitCaughtUp(SOON);
      assertThat(handle.verify().matches()).isTrue();
      databases.assertMirrored(tables);
      handle.drop();
    }
  }

  @Test
  @SidesDiffer("the destination has a column of its own")
  void whatTheDestinationAloneHasStays() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, b bool, m money,"
                + " c \"char\", t text)",
            "INSERT INTO a (b, m, c, t) VALUES (true, 1.5, 'x', ''), (NULL, NULL, NULL, NULL)");
    databases
        .destination()
        .execute(
            "CREATE TABLE a (t text, own text DEFAULT 'own', c \"char\", m money, b bool,"
                + " id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY)");
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      handle.awaitCaughtUp(SOON);
      databases
          .destination()
          .execute(
              "UPDATE a SET own = 'mine', b = NULL, m = NULL, c = NULL, t = NULL WHERE id = 1",
              "DELETE FROM a WHERE id = 2");
      TableVerification repaired = handle.repair(OPTIONS, A).tables().get(0);
      assertThat(repaired.outcome()).as("%s", repaired).isEqualTo(Outcome.REPAIRED);
      assertThat(repaired.repaired()).isEqualTo(2);
      assertThat(
              databases
                  .destination()
                  .queryStrings("SELECT (b, m, c, t, own)::text FROM a ORDER BY id"))
          .containsExactly("(t,$1.50,x,\"\",mine)", "(,,,,own)");
      assertThat(handle.verify(A).matches()).isTrue();
      databases.source().execute("UPDATE a SET t = 'on' WHERE id = 2");
      handle.awaitCaughtUp(SOON);
      assertThat(handle.verify(A).matches()).isTrue();
      handle.drop();
    }
  }

  @Test
  @SidesDiffer("the destination refuses the repair")
  @ExpectsLog("the destination refused a row: .*; resync the table")
  void rowThatTheDestinationRefusesIsLeft() {
    databases
        .source()
        .execute("CREATE TABLE a (id int PRIMARY KEY, n int)", "INSERT INTO a VALUES (1, -1)");
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      handle.awaitCaughtUp(SOON);
      databases
          .destination()
          .execute("UPDATE a SET n = 1", "ALTER TABLE a ADD CONSTRAINT positive CHECK (n > 0)");
      TableVerification refused = handle.repair(OPTIONS, A).tables().get(0);
      assertThat(refused.outcome()).isEqualTo(Outcome.DIFFERENT);
      assertThat(refused.repaired()).isZero();
      databases.destination().execute("ALTER TABLE a DROP CONSTRAINT positive");
      assertThat(handle.repair(OPTIONS, A).matches()).isTrue();
      databases.assertMirrored("public.a");
      handle.drop();
    }
  }

  @Test
  @ExpectsLog("the mirror does not run; resume it")
  void nothingIsRepairedOncePauseHasReturned() throws Exception {
    createRows(20_000);
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      handle.awaitCaughtUp(SOON);
      databases.destination().execute("UPDATE a SET n = -1");
      CompletableFuture<Void> repair = Operated.inBackground(() -> handle.repair(OPTIONS));
      Await.until(SOON, "some rows are repaired", () -> spoiled() < 20_000);
      handle.pause();
      long left = spoiled();
      assertThat(left).isPositive();
      repair.get(SOON.toSeconds(), TimeUnit.SECONDS);
      assertThat(spoiled()).isEqualTo(left);
      handle.resume();
      handle.awaitState(MirrorState.RUNNING, SOON);
      assertThat(handle.repair(OPTIONS).matches()).isTrue();
      databases.assertMirrored("public.a");
      handle.drop();
    }
  }

  @Test
  @ExpectsLog("the table was in use, on the destination or on the source")
  void tableThatIsInUseIsLeft() throws Exception {
    createRows(10);
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      handle.awaitCaughtUp(SOON);
      databases.destination().execute("UPDATE a SET n = -1");
      try (Connection user = Operated.hold(databases.destination(), "a")) {
        TableVerification left = handle.repair(OPTIONS, A).tables().get(0);
        assertThat(left.different()).isEqualTo(10);
        assertThat(left.repaired()).isZero();
        user.rollback();
      }
      assertThat(handle.repair(OPTIONS, A).matches()).isTrue();
      handle.drop();
    }
  }

  @Test
  @ExpectsLog("the table was in use, on the destination or on the source")
  void sourceTableThatIsInUseHoldsUpNobody() throws Exception {
    createRows(10);
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      handle.awaitCaughtUp(SOON);
      databases.destination().execute("UPDATE a SET n = -1");
      CompletableFuture<Void> repair;
      try (Connection user = Operated.hold(databases.destination(), "a")) {
        repair = Operated.inBackground(() -> handle.repair(OPTIONS, A));
        Operated.awaitHeldUp(databases.destination());
        // It has proven what differs, and is to look once more.
        try (Connection holder = Operated.inTransaction(databases.source(), "LOCK TABLE a")) {
          user.rollback();
          repair.get(15, TimeUnit.SECONDS);
          holder.rollback();
        }
      }
      assertThat(spoiled()).isEqualTo(10);
      assertThat(handle.repair(OPTIONS, A).matches()).isTrue();
      handle.drop();
    }
  }

  @Test
  @SidesDiffer("the destination has rows of another table")
  @ExpectsLog("were compared and repaired: .* 1 additional")
  void rowsOfAnotherMirrorStay() {
    createRows(3);
    databases.source().execute("CREATE TABLE b (LIKE a INCLUDING ALL)");
    try (MirrorHandle handle = running(mirror(databases, "public.a"));
        MirrorHandle other =
            running(
                Mirror.builder("other")
                    .source(databases.source().peer())
                    .destination(databases.destination().peer())
                    .checkpointStore(JdbcCheckpointStore.inDestination())
                    .initialSnapshot(false)
                    .table(TableMapping.from("public.b").to("public.a")))) {
      databases.source().execute("INSERT INTO b VALUES (9, 9, 'other')");
      handle.awaitCaughtUp(SOON);
      other.awaitCaughtUp(SOON);
      databases.destination().execute("DELETE FROM a WHERE id = 1");
      assertThatThrownBy(() -> handle.repair(OPTIONS, A))
          .isInstanceOf(PreflightException.class)
          .hasMessageContaining("written by mirror 'other' too");
      TableVerification repaired =
          handle.repair(OPTIONS.deletesAdditional(false), A).tables().get(0);
      assertThat(repaired.repaired()).isOne();
      assertThat(repaired.additional()).isOne();
      assertThat(databases.destination().queryStrings("SELECT id FROM a ORDER BY id"))
          .containsExactly("1", "2", "3", "9");
      other.drop();
      handle.drop();
    }
  }

  @Test
  void killedRepairLeavesWholeRowsAndGoesOn() throws Exception {
    createRows(30_000);
    try (ChildMirror child =
        ChildMirror.launchIdle(databases, "repaired", 1 << 20, List.of("public.a"))) {
      awaitRows(30_000);
      Await.until(SOON, "it runs", () -> child.order(Order.TELL) == MirrorState.RUNNING);
      databases
          .destination()
          .execute("UPDATE a SET n = -1, t = NULL", "DELETE FROM a WHERE id % 100 = 0");
      child.give(Order.REPAIR);
      Await.until(SOON, "some rows are repaired", () -> spoiled() < 29_000);
      child.kill();
    }
    assertThat(spoiled()).isPositive();
    assertThat(
            databases.destination().queryLong("SELECT count(*) FROM a WHERE n > 0 AND t IS NULL"))
        .isZero();
    databases.source().execute("UPDATE a SET t = 'after' WHERE id <= 200");
    try (MirrorHandle handle = repairedMirror()) {
      handle.awaitCaughtUp(SOON);
      assertThat(handle.repair(OPTIONS).matches()).isTrue();
      databases.assertMirrored("public.a");
      handle.drop();
    }
  }

  /** The process has 256 MB, the rows that are missing some 300 MB: with all scenarios alone. */
  @Test
  @EnabledIfSystemProperty(named = "bunny.scenarios", matches = "\\.\\*")
  void memoryDoesNotGrowWithTheRows() throws Exception {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY, t text)",
            "INSERT INTO a SELECT i, repeat('1234567890', 100000) || i FROM generate_series(1, 300) i");
    try (ChildMirror child =
        ChildMirror.launchIdle(databases, "repaired", 1 << 20, List.of("public.a"))) {
      awaitRows(300);
      Await.until(SOON, "it runs", () -> child.order(Order.TELL) == MirrorState.RUNNING);
      databases.destination().execute("DELETE FROM a WHERE id > 10");
      child.give(Order.REPAIR);
      Await.until(
          Duration.ofMinutes(2),
          "the rows are repaired",
          () -> child.output().contains("290 missing, 290 repaired"));
      child.end();
    }
    try (MirrorHandle handle = repairedMirror()) {
      handle.drop();
    }
  }

  private static void createRows(int rows) {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY, n int, t text)",
            "INSERT INTO a SELECT i, i, 't' || i FROM generate_series(1, " + rows + ") i");
  }

  private static long spoiled() {
    return databases.destination().queryLong("SELECT count(*) FROM a WHERE n = -1");
  }

  private static void awaitRows(long rows) {
    Await.until(
        Duration.ofSeconds(60),
        "the rows are copied",
        () -> databases.destination().queryLong("SELECT count(*) FROM a") == rows);
  }

  private static MirrorHandle repairedMirror() {
    return running(
        Mirror.builder("repaired")
            .source(databases.source().peer())
            .destination(databases.destination().peer())
            .checkpointStore(JdbcCheckpointStore.inDestination())
            .table("public.a"));
  }
}
