package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.MirrorBuilder;
import io.bunnydb.MirrorException;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.Peer;
import io.bunnydb.TableMapping;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Tables that are not like others. The story: each was accepted, and then lost rows or changes in
 * silence, failed on the source, or stopped the mirror for good.
 */
final class OddTablesIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private final Refusals refusals = new Refusals(databases);

  private void assertRefused(String reason) {
    assertThat(refusals.problem(refusals.mirror().table("public.a"))).contains("public.a", reason);
  }

  @Test
  void rowLevelSecurityIsRefusedUntilTheRoleMayPassIt() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY)",
            "INSERT INTO a SELECT generate_series(1, 5)",
            "ALTER TABLE a ENABLE ROW LEVEL SECURITY",
            "CREATE POLICY few ON a USING (id < 3)",
            "CREATE ROLE reader LOGIN REPLICATION PASSWORD 'pw'",
            "GRANT SELECT ON a TO reader",
            "CREATE PUBLICATION given FOR TABLE a");
    MirrorBuilder restricted =
        mirror(databases, "public.a")
            .source(Peer.of("source", databases.source().url(), "reader", "pw"))
            .publication("given");
    assertThatThrownBy(() -> restricted.build().start())
        .isInstanceOf(MirrorException.class)
        .hasMessageContaining("row-level security");
    databases.source().execute("ALTER ROLE reader BYPASSRLS");
    try (MirrorHandle handle = restricted.build().start()) {
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      handle.drop();
    }
    databases.source().execute("DROP PUBLICATION given");
  }

  @Test
  void deferrableKeyIsNoReplicaIdentity() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY DEFERRABLE, n int)",
            "INSERT INTO a VALUES (1, 1), (2, 2)");
    assertRefused("no replica identity");
    databases.source().execute("UPDATE a SET n = 3", "ALTER TABLE a REPLICA IDENTITY FULL");
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      databases.source().execute("UPDATE a SET id = 3 - id, n = id", "DELETE FROM a WHERE id = 1");
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      handle.drop();
    }
  }

  @Test
  void deferrableKeyOfAPartitionIsNoReplicaIdentity() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int NOT NULL, n int) PARTITION BY RANGE (id)",
            "CREATE TABLE part PARTITION OF a FOR VALUES FROM (0) TO (9)",
            "ALTER TABLE part ADD PRIMARY KEY (id) DEFERRABLE",
            "CREATE UNIQUE INDEX a_id ON a (id)",
            "ALTER TABLE a REPLICA IDENTITY USING INDEX a_id");
    assertRefused("part");
  }

  @Test
  void compositeValueWithANullInItIsFoundAgain() {
    databases.destination().execute("CREATE TYPE pair AS (x int, y text)");
    databases
        .source()
        .execute(
            "CREATE TYPE pair AS (x int, y text)",
            "CREATE TABLE a (p pair, n int)",
            "ALTER TABLE a REPLICA IDENTITY FULL",
            "INSERT INTO a VALUES ((1, NULL), 1), ((NULL, NULL), 2), (NULL, 3), ((NULL, NULL), 4),"
                + " (NULL, 5), ((2, NULL), 6)");
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      databases
          .source()
          .execute("UPDATE a SET n = -n WHERE n < 4", "DELETE FROM a WHERE n IN (4, 5, 6)");
      handle.awaitCaughtUp(SOON);
      assertThat(handle.status().tables().get(0).rowsMissing()).isZero();
      databases.assertMirrored("public.a");
      handle.drop();
    }
  }

  @Test
  void widerTypeWithoutAKeyIsRefused() {
    databases
        .source()
        .execute("CREATE TABLE a (v date, n int)", "ALTER TABLE a REPLICA IDENTITY FULL");
    databases.destination().execute("CREATE TABLE a (v timestamp, n int)");
    assertRefused("timestamp without time zone instead of date");
    databases.destination().execute("DROP TABLE a");
  }

  @Test
  @ExpectsLog("column list of its publication")
  void newColumnBehindAColumnListStopsUntilTheTableIsAddedAnew() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY, secret int)",
            "INSERT INTO a VALUES (1, 1)",
            "CREATE TABLE b (id int PRIMARY KEY, secret int)",
            "INSERT INTO b VALUES (1, 1)");
    TableMapping a = TableMapping.from("public.a").excludeColumns("secret");
    TableMapping b = TableMapping.from("public.b").excludeColumns("secret").where("id > 0");
    try (MirrorHandle handle = running(mirror(databases).table(a).table(b))) {
      databases.source().execute("ALTER TABLE a ADD n int", "INSERT INTO a VALUES (2, 2, 42)");
      handle.awaitCaughtUp(SOON);
    }
    try (MirrorHandle handle = mirror(databases).table(a).table(b).build().start()) {
      assertThatThrownBy(() -> handle.awaitState(MirrorState.RUNNING, SOON))
          .isInstanceOf(MirrorException.class)
          .hasMessageContaining("public.a")
          .hasMessageContaining("new column n")
          .hasMessageContaining("updateTables");
      handle.updateTables(b);
      databases.destination().execute("TRUNCATE a", "ALTER TABLE a ADD n int");
      handle.updateTables(a, b);
      handle.resume();
      handle.awaitCaughtUp(SOON);
      databases.source().execute("INSERT INTO a VALUES (3, 3, 43)", "INSERT INTO b VALUES (3, 3)");
      handle.pause();
      handle.resume();
      handle.awaitCaughtUp(SOON);
      databases.source().execute("ALTER TABLE a DROP secret", "ALTER TABLE b DROP secret");
      databases.assertMirrored("public.a", "public.b");
      handle.drop();
    }
  }

  @Test
  void identityColumnsAreUpdated() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
                + " v int GENERATED ALWAYS AS IDENTITY, t text)",
            "INSERT INTO a (t) VALUES ('x'), ('y')");
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      databases
          .source()
          .execute(
              "UPDATE a SET v = DEFAULT",
              "UPDATE a SET id = DEFAULT WHERE id = 1",
              "UPDATE a SET id = DEFAULT, v = DEFAULT, t = 'z' WHERE id = 2",
              "INSERT INTO a (t) VALUES ('new')");
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      handle.drop();
    }
  }

  @Test
  void destinationThatRefusesToUpdateAnIdentityColumnIsRefused() {
    databases
        .source()
        .execute("CREATE TABLE a (id int PRIMARY KEY, v int GENERATED ALWAYS AS IDENTITY)");
    databases
        .destination()
        .execute("CREATE TABLE a (id int PRIMARY KEY, v int GENERATED ALWAYS AS IDENTITY)");
    assertRefused("SET GENERATED BY DEFAULT");
  }

  @Test
  void tableWithoutColumnsIsMirrored() {
    databases
        .source()
        .execute(
            "CREATE TABLE a ()",
            "ALTER TABLE a REPLICA IDENTITY FULL",
            "INSERT INTO a DEFAULT VALUES");
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      assertThat(databases.destination().queryLong("SELECT count(*) FROM a")).isEqualTo(1);
      databases.source().execute("INSERT INTO a DEFAULT VALUES", "INSERT INTO a DEFAULT VALUES");
      handle.awaitCaughtUp(SOON);
      assertThat(databases.destination().queryLong("SELECT count(*) FROM a")).isEqualTo(3);
      databases.source().execute("DELETE FROM a WHERE ctid = (SELECT min(ctid) FROM a)");
      handle.awaitCaughtUp(SOON);
      assertThat(databases.destination().queryLong("SELECT count(*) FROM a")).isEqualTo(2);
      handle.drop();
    }
  }
}
