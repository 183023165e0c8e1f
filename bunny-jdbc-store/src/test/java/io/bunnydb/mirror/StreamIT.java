package io.bunnydb.mirror;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.EventQuery;
import io.bunnydb.Mirror;
import io.bunnydb.MirrorBuilder;
import io.bunnydb.MirrorEvent.Level;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorPhase;
import io.bunnydb.MirrorState;
import io.bunnydb.MirrorStatus;
import io.bunnydb.TableMapping;
import io.bunnydb.jdbc.JdbcCheckpointStore;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.SidesDiffer;
import io.bunnydb.testing.TableComparison;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The copy, and then every kind of change. */
final class StreamIT {
  private static final Duration SOON = Duration.ofSeconds(60);

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private static MirrorBuilder mirror() {
    return Mirror.builder("stream")
        .source(databases.source().peer())
        .destination(databases.destination().peer())
        .checkpointStore(JdbcCheckpointStore.inDestination());
  }

  private static MirrorHandle running(MirrorBuilder builder) {
    MirrorHandle handle = builder.build().start();
    handle.awaitState(MirrorState.RUNNING, SOON);
    return handle;
  }

  @Test
  void copiesAndThenFollows() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id bigint PRIMARY KEY, n numeric(12,2), t text, tags text[], at timestamptz)",
            "INSERT INTO a SELECT i, i / 3.0, 'text ' || i, ARRAY['x', NULL, 'tab\tnew\nline'], now()"
                + " FROM generate_series(1, 1000) i");
    try (MirrorHandle handle = running(mirror().table("public.a"))) {
      databases
          .source()
          .execute(
              "INSERT INTO a VALUES (2000, 1.5, E'back\\\\slash\\ttab\\nnew\\rreturn', NULL, NULL)",
              "INSERT INTO a VALUES (2001, NULL, '', '{}', 'infinity'), (2002, NULL, '\\N', NULL, NULL)",
              "UPDATE a SET n = n + 1 WHERE id % 2 = 0",
              "UPDATE a SET id = id + 10000 WHERE id < 10",
              "DELETE FROM a WHERE id BETWEEN 100 AND 199");
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      MirrorStatus status = handle.status();
      assertThat(status.state()).isEqualTo(MirrorState.RUNNING);
      assertThat(status.phase()).isEqualTo(MirrorPhase.CDC);
      assertThat(status.error()).isNull();
      assertThat(status.transactionsApplied()).isEqualTo(5);
      assertThat(status.tables())
          .singleElement()
          .satisfies(
              table -> {
                assertThat(table.rowsCopied()).isEqualTo(1000);
                assertThat(table.rowsInserted()).isEqualTo(3);
                assertThat(table.rowsUpdated()).isEqualTo(502 + 9);
                assertThat(table.rowsDeleted()).isEqualTo(100);
                assertThat(table.rowsMissing()).isZero();
              });
      handle.drop();
    }
  }

  @Test
  void keepsUnchangedLargeValues() {
    databases
        .source()
        .execute(
            "CREATE TABLE big (id int PRIMARY KEY, n int, body text)",
            "ALTER TABLE big ALTER body SET STORAGE EXTERNAL",
            "INSERT INTO big SELECT i, 0, repeat(md5(i::text), 500) FROM generate_series(1, 20) i");
    try (MirrorHandle handle = running(mirror().table("public.big"))) {
      databases
          .source()
          .execute(
              "UPDATE big SET n = 1",
              "UPDATE big SET id = id + 100 WHERE id <= 10",
              "UPDATE big SET body = 'short' WHERE id = 15",
              "BEGIN; UPDATE big SET body = repeat('x', 9000) WHERE id = 16;"
                  + " UPDATE big SET n = 2 WHERE id = 16; COMMIT");
      handle.awaitCaughtUp(SOON);
      handle.drop();
    }
  }

  @Test
  void followsTablesWithoutKey() {
    databases
        .source()
        .execute(
            "CREATE TABLE log (t text, c char(5), b bool, n numeric, j json, p point, f float8)",
            "ALTER TABLE log REPLICA IDENTITY FULL",
            "INSERT INTO log SELECT 'same', 'ab', true, 1.0, '{\"a\": 1}', '(1,2)', '-0' FROM"
                + " generate_series(1, 5)",
            "INSERT INTO log VALUES ('same', 'ab', true, 1.00, '{\"a\": 1}', '(1,2)', 'NaN'), (NULL, NULL,"
                + " NULL, NULL, NULL, NULL, NULL)");
    try (MirrorHandle handle = running(mirror().table("public.log"))) {
      databases
          .source()
          .execute(
              "DELETE FROM log WHERE ctid = (SELECT ctid FROM log WHERE t = 'same' LIMIT 1)",
              "UPDATE log SET t = 'other' WHERE ctid = (SELECT max(ctid) FROM log WHERE t = 'same' AND"
                  + " n::text = '1.00')",
              "UPDATE log SET b = false WHERE b IS NULL",
              "INSERT INTO log SELECT * FROM log");
      handle.awaitCaughtUp(SOON);
      assertThat(handle.status().tables().get(0).rowsMissing()).isZero();
      handle.drop();
    }
  }

  @Test
  void truncatesOnlyWhatIsMapped() {
    databases
        .source()
        .execute(
            "CREATE TABLE parent (id int PRIMARY KEY)",
            "CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent)",
            "INSERT INTO parent SELECT generate_series(1, 10)",
            "INSERT INTO child SELECT i, i FROM generate_series(1, 10) i");
    try (MirrorHandle handle = running(mirror().table("public.parent").table("public.child"))) {
      databases
          .source()
          .execute(
              "TRUNCATE parent CASCADE",
              "INSERT INTO parent VALUES (1)",
              "INSERT INTO child VALUES (1, 1)");
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.parent", "public.child");
      handle.drop();
    }
  }

  @Test
  @SidesDiffer("renamed, filtered and narrowed")
  void renamesFiltersAndExcludes() {
    databases
        .source()
        .execute(
            "CREATE TABLE products (id int PRIMARY KEY, name text, internal_cost numeric)",
            "INSERT INTO products SELECT i, 'p' || i, i FROM generate_series(1, 30) i");
    TableMapping mapping =
        TableMapping.from("public.products")
            .to("\"Shop\".\"Product.s\"")
            .excludeColumns("internal_cost")
            .where("id > 10");
    try (MirrorHandle handle = running(mirror().table(mapping))) {
      databases
          .source()
          .execute(
              "INSERT INTO products VALUES (5000, 'in', 1), (-1, 'out', 2)",
              "UPDATE products SET internal_cost = 0",
              "UPDATE products SET id = 0 WHERE id = 12",
              "UPDATE products SET id = 1300, name = 'moved in' WHERE id = 3");
      handle.awaitCaughtUp(SOON);
      TableComparison.assertQueriesEqual(
          databases.source(),
          "SELECT id, name FROM products WHERE id > 10",
          databases.destination(),
          "SELECT * FROM \"Shop\".\"Product.s\"");
      handle.drop();
    }
  }

  @Test
  @ExpectsLog("met no row")
  void countsAndWarnsOfMissingRows() {
    databases
        .source()
        .execute("CREATE TABLE a (id int PRIMARY KEY)", "INSERT INTO a VALUES (1), (2)");
    try (MirrorHandle handle = running(mirror().table("public.a"))) {
      databases.destination().execute("DELETE FROM a");
      databases.source().execute("DELETE FROM a");
      handle.awaitCaughtUp(SOON);
      assertThat(handle.status().tables().get(0).rowsMissing()).isEqualTo(2);
      assertThat(handle.events(new EventQuery(9, 0, Level.WARN, "met no row")).events())
          .hasSize(1)
          .allMatch(event -> event.details().get("rowsMissing").equals("2"));
      handle.drop();
    }
  }
}
