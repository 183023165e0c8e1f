package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.mappings;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.Peer;
import io.bunnydb.PreflightException;
import io.bunnydb.SlotLostException;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.SidesDiffer;
import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Partitions that come and go. The story: a partition attached with rows in it, loaded beforehand
 * as the manual recommends, was missing on the destination, and nothing said so.
 */
final class PartitionsIT {
  private static final String ATTACH =
      "ALTER TABLE t ATTACH PARTITION loaded FOR VALUES FROM (100) TO (200)";

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  @BeforeEach
  void createTable() {
    databases
        .source()
        .execute(
            "CREATE TABLE t (id int PRIMARY KEY) PARTITION BY RANGE (id)",
            "CREATE TABLE low PARTITION OF t FOR VALUES FROM (0) TO (10)",
            "CREATE TABLE watched PARTITION OF t FOR VALUES FROM (10) TO (20)",
            "CREATE TABLE loaded (id int PRIMARY KEY)",
            "CREATE TABLE other (id int PRIMARY KEY)",
            "INSERT INTO t VALUES (1), (11)",
            "INSERT INTO loaded VALUES (101)");
  }

  private static void awaitPaused(MirrorHandle handle) {
    Await.until(SOON, "the mirror pauses", () -> handle.status().state() == MirrorState.PAUSED);
    assertThat(handle.status().error()).contains("partition public.loaded");
  }

  /** Returns when the mirror has looked at the partitions as they are now. */
  private static void awaitLook() {
    try (Overheard log = new Overheard()) {
      databases.source().execute("ALTER TABLE t DETACH PARTITION watched");
      Await.until(
          SOON, "the watch tells", () -> log.text().contains("public.watched was detached"));
    }
  }

  private static void refusesUntilAddedAnew(MirrorHandle handle) {
    for (int attempt = 0; attempt < 2; attempt++) {
      assertThatThrownBy(handle::resume)
          .isInstanceOf(SlotLostException.class)
          .hasMessageContaining("table public.t: partition public.loaded")
          .hasMessageContaining("updateTables");
      assertThat(handle.status().state()).isEqualTo(MirrorState.PAUSED);
    }
    handle.updateTables(mappings("public.other"));
    databases.destination().execute("TRUNCATE t");
    handle.updateTables(mappings("public.t", "public.other"));
    handle.resume();
    databases.source().execute("INSERT INTO t VALUES (102)", "INSERT INTO other VALUES (1)");
    handle.awaitCaughtUp(SOON);
    handle.pause();
    handle.resume();
    handle.awaitCaughtUp(SOON);
    databases.assertMirrored("public.t", "public.other");
    handle.drop();
  }

  @Test
  void rowsAttachedWhilePausedRefuseTheResume() {
    try (MirrorHandle handle = running(mirror(databases, "public.t", "public.other"))) {
      handle.pause();
      databases.source().execute(ATTACH);
      refusesUntilAddedAnew(handle);
    }
  }

  @Test
  @ExpectsLog("joined it with rows of before")
  void rowsAttachedWhileRunningPause() {
    try (MirrorHandle handle = running(mirror(databases, "public.t", "public.other"))) {
      databases.source().execute(ATTACH, "INSERT INTO t VALUES (2), (103)");
      awaitPaused(handle);
      refusesUntilAddedAnew(handle);
    }
  }

  @Test
  void refusesToAddPartitionBesideItsTable() {
    try (MirrorHandle handle = running(mirror(databases, "public.t"))) {
      handle.pause();
      assertThatThrownBy(() -> handle.updateTables(mappings("public.t", "public.low")))
          .isInstanceOf(PreflightException.class)
          .hasMessageContaining("table public.low is a partition of public.t");
      handle.updateTables(mappings("public.low"));
      handle.resume();
      databases.source().execute("INSERT INTO t VALUES (2), (12)");
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.low");
      databases.destination().execute("DROP TABLE t");
      handle.drop();
    }
  }

  /** The snapshot does not show them, and the session that copies does not look at the table. */
  @Test
  @ExpectsLog("joined it with rows of before")
  void rowsAttachedDuringTheCopyPause() throws SQLException {
    databases.destination().execute("CREATE TABLE other (id int PRIMARY KEY)");
    try (Connection held = Operated.hold(databases.destination(), "other");
        MirrorHandle handle = mirror(databases, "public.t", "public.other").build().start()) {
      Operated.awaitHeldUp(databases.destination());
      databases.source().execute(ATTACH);
      held.rollback();
      awaitPaused(handle);
      refusesUntilAddedAnew(handle);
    }
  }

  @Test
  void rowsOfPartitionThatTheRoleMayNotReadRefuseTheResume() {
    databases
        .source()
        .execute(
            "CREATE ROLE reader LOGIN REPLICATION PASSWORD 'secret'",
            "GRANT CREATE ON DATABASE " + databases.source().name() + " TO reader",
            "ALTER TABLE t OWNER TO reader",
            "ALTER TABLE other OWNER TO reader");
    Peer reader = Peer.of("source", databases.source().url(), "reader", "secret");
    try (MirrorHandle handle =
        running(mirror(databases, "public.t", "public.other").source(reader))) {
      handle.pause();
      databases.source().execute(ATTACH, "INSERT INTO t VALUES (2)");
      refusesUntilAddedAnew(handle);
    }
  }

  @Test
  @ExpectsLog("was detached or dropped")
  @SidesDiffer("the rows of a detached partition stay")
  void partitionsWithoutRowsOfBeforeAreWelcome() throws SQLException {
    try (MirrorHandle handle = running(mirror(databases, "public.t", "public.other"));
        Connection early =
            Operated.inTransaction(databases.source(), "INSERT INTO other VALUES (1)")) {
      databases
          .source()
          .execute(
              "CREATE TABLE a PARTITION OF t FOR VALUES FROM (20) TO (30)",
              "BEGIN; CREATE TABLE b (LIKE t INCLUDING ALL);"
                  + " ALTER TABLE t ATTACH PARTITION b FOR VALUES FROM (30) TO (40);"
                  + " INSERT INTO t VALUES (31); COMMIT",
              "BEGIN; INSERT INTO t VALUES (2); SAVEPOINT s;"
                  + " CREATE TABLE c PARTITION OF t FOR VALUES FROM (40) TO (50);"
                  + " RELEASE s; INSERT INTO t VALUES (41); COMMIT",
              "CREATE TABLE d (id int PRIMARY KEY) PARTITION BY RANGE (id)",
              "CREATE TABLE d1 PARTITION OF d FOR VALUES FROM (50) TO (55)",
              "ALTER TABLE t ATTACH PARTITION d FOR VALUES FROM (50) TO (60)",
              "INSERT INTO t SELECT generate_series(50, 54)",
              "CREATE TABLE d2 PARTITION OF d FOR VALUES FROM (55) TO (60)",
              "INSERT INTO d2 VALUES (55)",
              "VACUUM FREEZE d1");
      early.createStatement().execute("INSERT INTO t VALUES (21)");
      early.commit();
      awaitLook();
      handle.awaitCaughtUp(SOON);
      assertThat(handle.status().state()).isEqualTo(MirrorState.RUNNING);
      handle.pause();
      handle.resume();
      databases.source().execute("INSERT INTO t VALUES (32)");
      handle.awaitCaughtUp(SOON);
      databases.destination().execute("DELETE FROM t WHERE id = 11");
      databases.assertMirrored("public.t", "public.other");
      handle.drop();
    }
  }

  @Test
  @ExpectsLog("public.low was emptied by TRUNCATE")
  @ExpectsLog("public.watched was detached or dropped")
  @SidesDiffer("the rows of a truncated partition stay")
  void truncatedPartitionIsToldOfAndRewrittenOnesAreNot() {
    databases
        .source()
        .execute(
            "CREATE TABLE higher PARTITION OF t FOR VALUES FROM (20) TO (30)",
            "INSERT INTO t VALUES (21)");
    try (MirrorHandle handle = running(mirror(databases, "public.t", "public.other"));
        Overheard log = new Overheard()) {
      databases.source().execute("VACUUM FULL higher", "CLUSTER watched USING watched_pkey");
      databases.source().execute("TRUNCATE low");
      awaitLook();
      assertThat(log.text()).doesNotContain("public.higher");
      databases.source().execute("TRUNCATE t", "INSERT INTO t VALUES (5)");
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.t");
      handle.pause();
      handle.resume();
      assertThat(log.text()).doesNotContain("public.higher");
      handle.drop();
    }
  }

  @Test
  @ExpectsLog("partitions [public.bare] have no replica identity")
  void partitionWithoutIdentityIsToldOf() {
    databases
        .source()
        .execute(
            "CREATE TABLE k (n int) PARTITION BY LIST (n)",
            "CREATE TABLE k1 PARTITION OF k FOR VALUES IN (1)",
            "ALTER TABLE k REPLICA IDENTITY FULL",
            "ALTER TABLE k1 REPLICA IDENTITY FULL");
    try (MirrorHandle handle = running(mirror(databases, "public.k"))) {
      handle.pause();
      databases
          .source()
          .execute(
              "CREATE TABLE bare PARTITION OF k FOR VALUES IN (2)", "INSERT INTO k VALUES (2)");
      handle.resume();
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.k");
      handle.drop();
    }
  }
}
