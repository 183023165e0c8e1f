package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.bunnydb.EventQuery;
import io.bunnydb.Lsn;
import io.bunnydb.Mirror;
import io.bunnydb.MirrorEvent;
import io.bunnydb.MirrorHandle;
import io.bunnydb.Peer;
import io.bunnydb.PreflightException;
import io.bunnydb.RowDifference;
import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.TableVerification;
import io.bunnydb.TableVerification.Outcome;
import io.bunnydb.VerifyOptions;
import io.bunnydb.jdbc.JdbcCheckpointStore;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.SidesDiffer;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A comparison finds every difference that somebody has made on the destination, and no other. */
@ExpectsLog(value = "tables were compared( and repaired)?: ", optional = true)
final class VerifyIT {
  private static final VerifyOptions SMALL_RANGES =
      VerifyOptions.defaults().rowsPerRange(100).workShare(1);
  private static final EventQuery COMPARISONS_THAT_DIFFER =
      new EventQuery(10, 0, MirrorEvent.Level.WARN, "were compared: ");
  private static final String READ_BY_INDEX =
      "SELECT coalesce(sum(idx_tup_read), 0) FROM pg_stat_user_indexes WHERE relname = 'a'";
  private static final TableName A = TableName.parse("public.a");

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private static TableVerification verified(MirrorHandle handle, VerifyOptions options) {
    handle.awaitCaughtUp(SOON);
    return handle.verify(options, A).tables().get(0);
  }

  private static List<String> rows(TableVerification table) {
    return table.rows().stream().map(RowDifference::toString).sorted().toList();
  }

  @Test
  @SidesDiffer("somebody writes to the destination")
  void findsWhatIsMissingAdditionalAndDifferent() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (g int, id int, t text, body text, j json, PRIMARY KEY (g, id))",
            "ALTER TABLE a ALTER body SET STORAGE EXTERNAL",
            "INSERT INTO a SELECT i % 7, i, CASE WHEN i % 2 = 0 THEN '' END,"
                + " repeat(md5(i::text), 200), '{\"a\" : 1}' FROM generate_series(1, 1000) i");
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      TableVerification before = verified(handle, SMALL_RANGES);
      assertThat(before.outcome()).isEqualTo(Outcome.EQUAL);
      assertThat(before.sourceRows()).isEqualTo(1000);
      assertThat(before.destinationRows()).isEqualTo(1000);
      assertThat(before.ranges()).isGreaterThanOrEqualTo(10);
      assertThat(before.lsn()).isGreaterThan(Lsn.ZERO);

      databases
          .destination()
          .execute(
              "DELETE FROM a WHERE id = 14",
              "INSERT INTO a VALUES (-1, 5, 'before the first', '', '{}')",
              "INSERT INTO a VALUES (99, 5, 'behind the last', '', '{}')",
              "UPDATE a SET t = '' WHERE id = 501",
              "UPDATE a SET t = NULL WHERE id = 502",
              "UPDATE a SET body = repeat(md5('503'), 199) || md5('-') WHERE id = 503",
              "UPDATE a SET j = '{\"a\": 1}' WHERE id = 504",
              "UPDATE a SET id = 2000 WHERE id = 505");
      TableVerification after = verified(handle, SMALL_RANGES);
      assertThat(rows(after))
          .containsExactly(
              "ADDITIONAL {g=-1, id=5}",
              "ADDITIONAL {g=1, id=2000}",
              "ADDITIONAL {g=99, id=5}",
              "DIFFERENT {g=0, id=504}",
              "DIFFERENT {g=4, id=501}",
              "DIFFERENT {g=5, id=502}",
              "DIFFERENT {g=6, id=503}",
              "MISSING {g=0, id=14}",
              "MISSING {g=1, id=505}");
      assertThat(after.outcome()).isEqualTo(Outcome.DIFFERENT);
      assertThat(after.matches()).isFalse();
      assertThat(handle.events(COMPARISONS_THAT_DIFFER).total()).isOne();

      TableVerification one = verified(handle, SMALL_RANGES.listedRows(1));
      assertThat(one.rows()).hasSize(1);
      assertThat(one.differences()).isEqualTo(9);
      handle.drop();
    }
  }

  /** Of the table that the destination was given, most rows are too many. */
  @Test
  @SidesDiffer("somebody writes to the destination")
  void dividesRangesOfWhichTheDestinationHasMore() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY)",
            "INSERT INTO a SELECT i * 10000 FROM generate_series(1, 50) i");
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      handle.awaitCaughtUp(SOON);
      databases
          .destination()
          .execute("INSERT INTO a SELECT i * 100 + 1 FROM generate_series(1, 6000) i");
      TableVerification table = verified(handle, SMALL_RANGES);
      assertThat(table.additional()).isEqualTo(6000);
      assertThat(table.differences()).isEqualTo(6000);
      databases.destination().execute("TRUNCATE a");
      assertThat(verified(handle, SMALL_RANGES).missing()).isEqualTo(50);
      handle.drop();
    }
  }

  @Test
  @SidesDiffer("somebody writes to the destination")
  void comparesMirroredColumnsAndRowsAlone() {
    assumeTrue(databases.source().server().major() >= 15, "PostgreSQL 14 has no row filters");
    databases
        .source()
        .execute(
            "CREATE TABLE a (secret text, id int PRIMARY KEY, n int,"
                + " twice int GENERATED ALWAYS AS (n * 2) STORED, j jsonb)",
            "INSERT INTO a (secret, id, n, j) SELECT 's', i, i, jsonb_build_object('?', i)"
                + " FROM generate_series(1, 300) i");
    databases
        .destination()
        .execute(
            "CREATE SCHEMA other",
            "CREATE TABLE other.b (j jsonb, own text DEFAULT 'own', n bigint, secret text,"
                + " id int PRIMARY KEY, twice int)");
    try (MirrorHandle handle =
        running(
            Mirror.builder("operated")
                .source(databases.source().peer())
                .destination(databases.destination().peer())
                .checkpointStore(JdbcCheckpointStore.inDestination())
                .table(
                    TableMapping.from("public.a")
                        .to("other.b")
                        .excludeColumns("secret", "twice")
                        .where("id % 3 = 0 OR id = 1 AND '?' = '?'")))) {
      databases.destination().execute("UPDATE other.b SET own = 'x', secret = 'y', twice = 0");
      TableVerification same = verified(handle, SMALL_RANGES);
      assertThat(same.outcome()).as("%s", same).isEqualTo(Outcome.EQUAL);
      assertThat(same.sourceRows()).isEqualTo(101);

      databases
          .destination()
          .execute(
              "UPDATE other.b SET n = -n WHERE id = 9",
              "INSERT INTO other.b (id, n, j) VALUES (2, 2, '{\"?\": 2}')");
      assertThat(rows(verified(handle, SMALL_RANGES)))
          .containsExactly("ADDITIONAL {id=2}", "DIFFERENT {id=9}");
      handle.drop();
    }
  }

  @Test
  @SidesDiffer("somebody writes to the destination")
  void findsRowsByKeysThatTheSidesOrderDifferently() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id text COLLATE \"C\" PRIMARY KEY, n int)",
            "INSERT INTO a SELECT CASE i % 3 WHEN 0 THEN 'Z' WHEN 1 THEN 'a-' ELSE '-' END || i, i"
                + " FROM generate_series(1, 2500) i");
    databases
        .destination()
        .execute("CREATE TABLE a (id text COLLATE \"und-x-icu\" PRIMARY KEY, n int)");
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      assertThat(verified(handle, SMALL_RANGES).outcome()).isEqualTo(Outcome.EQUAL);
      databases
          .destination()
          .execute(
              "DELETE FROM a WHERE n = 3",
              "UPDATE a SET n = NULL WHERE n = 1000",
              "INSERT INTO a VALUES ('new', 1), ('', 2)");
      assertThat(rows(verified(handle, VerifyOptions.defaults())))
          .containsExactly(
              "ADDITIONAL {id=new}",
              "ADDITIONAL {id=}",
              "DIFFERENT {id=a-1000}",
              "MISSING {id=Z3}");
      handle.drop();
    }
  }

  @Test
  @SidesDiffer("the sides' keys are in another order")
  void readsEachSideByAnIndexOfItsOwn() {
    int rows = 5000;
    String table = "CREATE TABLE a (g int, id int, t text, PRIMARY KEY (%s))";
    databases
        .source()
        .execute(
            table.formatted("g, id"),
            "INSERT INTO a SELECT 1, i, 'x' FROM generate_series(1, " + rows + ") i");
    databases.destination().execute(table.formatted("id, g"));
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      handle.awaitCaughtUp(SOON);
      databases
          .destination()
          .execute(
              "DELETE FROM a WHERE id = 7",
              "UPDATE a SET t = 'y' WHERE id = 500",
              "INSERT INTO a VALUES (0, 9, 'x')");
      long before = databases.destination().queryLong(READ_BY_INDEX);
      List<String> differing =
          List.of("ADDITIONAL {g=0, id=9}", "DIFFERENT {g=1, id=500}", "MISSING {g=1, id=7}");
      TableVerification byKeys = verified(handle, SMALL_RANGES);
      assertThat(rows(byKeys)).isEqualTo(differing);
      // As statistics come late, no more than a bound is awaited: each row walked, and looked up.
      Await.until(
          SOON,
          "what was read is counted",
          () -> databases.destination().queryLong(READ_BY_INDEX) - before >= 2L * rows - 2);
      assertThat(databases.destination().queryLong(READ_BY_INDEX) - before).isLessThan(4L * rows);

      databases.source().execute("CREATE INDEX ON a (id, g)");
      TableVerification byRanges = verified(handle, SMALL_RANGES);
      assertThat(rows(byRanges)).isEqualTo(differing);
      assertThat(byRanges.ranges()).isLessThan(byKeys.ranges());
      handle.drop();
    }
  }

  @Test
  @SidesDiffer("somebody writes to the destination")
  void keysThatACollationTakesForEqualAreToldApart() {
    String collation =
        "CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2',"
            + " deterministic = false)";
    databases
        .source()
        .execute(
            collation,
            "CREATE TABLE a (id text COLLATE nocase PRIMARY KEY, n int)",
            "INSERT INTO a VALUES ('a', 1), ('B', 2), ('c', 3)");
    databases.destination().execute(collation);
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      handle.awaitCaughtUp(SOON);
      databases
          .destination()
          .execute("UPDATE a SET id = 'A' WHERE id = 'a'", "UPDATE a SET n = 4 WHERE id = 'c'");
      assertThat(rows(verified(handle, SMALL_RANGES)))
          .containsExactly("ADDITIONAL {id=A}", "DIFFERENT {id=c}", "MISSING {id=a}");
      assertThat(handle.repair(SMALL_RANGES, A).tables().get(0).repaired()).isEqualTo(3);
      databases.assertMirrored("public.a");
      handle.drop();
    }
  }

  @Test
  @SidesDiffer("somebody writes to the destination")
  void findsRowsInPartitions() {
    String table = "CREATE TABLE a (id int, day int, t text, PRIMARY KEY (id, day))";
    databases
        .source()
        .execute(
            table + " PARTITION BY RANGE (day)",
            "CREATE TABLE a_1 PARTITION OF a FOR VALUES FROM (0) TO (5)",
            "CREATE TABLE a_2 PARTITION OF a DEFAULT",
            "INSERT INTO a SELECT i, i % 10, 'x' FROM generate_series(1, 400) i");
    databases
        .destination()
        .execute(
            table + " PARTITION BY HASH (id)",
            "CREATE TABLE a_1 PARTITION OF a FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
            "CREATE TABLE a_2 PARTITION OF a FOR VALUES WITH (MODULUS 2, REMAINDER 1)");
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      assertThat(verified(handle, SMALL_RANGES).outcome()).isEqualTo(Outcome.EQUAL);
      databases
          .destination()
          .execute("DELETE FROM a_1 WHERE id <= 10", "UPDATE a_2 SET t = 'y' WHERE id = 100");
      databases.destination().execute("UPDATE a SET t = 'y' WHERE id = 101");
      long gone = 400 - databases.destination().queryLong("SELECT count(*) FROM a");
      TableVerification found = verified(handle, SMALL_RANGES);
      assertThat(found.missing()).isEqualTo(gone).isPositive();
      assertThat(rows(found)).contains("DIFFERENT {id=101, day=1}");
      handle.drop();
    }
  }

  private static void createTableWithoutKey() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (t text)",
            "ALTER TABLE a REPLICA IDENTITY FULL",
            "INSERT INTO a VALUES ('x'), ('x'), ('y'), (NULL)",
            "INSERT INTO a SELECT repeat('z', 1000) FROM generate_series(1, 2000)");
  }

  @Test
  @SidesDiffer("somebody writes to the destination")
  void comparesATableWithoutKeyAsAWhole() {
    createTableWithoutKey();
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      assertThat(verified(handle, SMALL_RANGES).outcome()).isEqualTo(Outcome.EQUAL);
      databases
          .destination()
          .execute("UPDATE a SET t = 'y' WHERE ctid = (SELECT min(ctid) FROM a WHERE t = 'x')");
      TableVerification other = verified(handle, SMALL_RANGES);
      assertThat(other.outcome()).as("%s", other).isEqualTo(Outcome.DIFFERENT);
      assertThat(other.differences()).isZero();
      assertThat(other.remark()).contains("has no key", "resync it");
      databases.destination().execute("DELETE FROM a");
      assertThat(verified(handle, SMALL_RANGES).missing()).isEqualTo(2004);
      handle.drop();
    }
  }

  @Test
  void tableThatIsReadAsAWholeIsLeftToWhoWaitsForIt() throws Exception {
    createTableWithoutKey();
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      handle.awaitCaughtUp(SOON);
      VerifyOptions slow = SMALL_RANGES.workShare(0.0001);
      CompletableFuture<Void> comparison = Operated.inBackground(() -> handle.verify(slow));
      Await.until(
          SOON,
          "some pages are read",
          () ->
              databases
                      .source()
                      .queryLong(
                          "SELECT count(*) FROM pg_stat_activity JOIN pg_locks USING (pid)"
                              + " WHERE application_name LIKE 'bunny operated verify%'"
                              + " AND state = 'idle in transaction'"
                              + " AND relation = 'a'::regclass")
                  == 1);
      try (Connection user =
          Operated.inTransaction(databases.source(), "SET lock_timeout = '10s'; LOCK TABLE a")) {
        assertThat(comparison).isNotDone();
        user.rollback();
      }
      Operated.returnsSoon(handle::drop);
      assertThatThrownBy(() -> comparison.get(10, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void ofAPausedMirrorWhatIsNotEqualIsUnsettled() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY, n int)",
            "INSERT INTO a SELECT i, 0 FROM generate_series(1, 1000) i");
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      handle.awaitCaughtUp(SOON);
      handle.pause();
      assertThat(handle.verify(SMALL_RANGES).matches()).isTrue();
      databases
          .source()
          .execute("UPDATE a SET n = 1 WHERE id = 500", "INSERT INTO a VALUES (1001, 0)");
      TableVerification paused = handle.verify(A).tables().get(0);
      assertThat(paused.outcome()).isEqualTo(Outcome.UNSETTLED);
      assertThat(rows(paused)).containsExactly("UNSETTLED {id=1001}", "UNSETTLED {id=500}");
      assertThatThrownBy(() -> handle.repair(A))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("repair needs it to be RUNNING");
      handle.resume();
      assertThat(verified(handle, SMALL_RANGES).outcome()).isEqualTo(Outcome.EQUAL);
      handle.drop();
    }
  }

  /** Its row may have been applied already, as far as anybody can tell, and not be visible yet. */
  @Test
  @SidesDiffer("somebody writes to the destination")
  void rowIsNotCalledAdditionalWhileAnOlderTransactionWrites() throws Exception {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY, n int)", "INSERT INTO a VALUES (1, 1), (2, 2)");
    VerifyOptions quick = SMALL_RANGES.patience(Duration.ofMillis(700));
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      handle.awaitCaughtUp(SOON);
      databases
          .destination()
          .execute("INSERT INTO a VALUES (3, 3)", "UPDATE a SET n = 3 WHERE id = 1");
      try (Connection writer =
          Operated.inTransaction(
              databases.source(), "INSERT INTO a VALUES (4, 4); UPDATE a SET n = 0 WHERE id = 2")) {
        // The other one is certain: nobody has touched its row on the source.
        assertThat(rows(verified(handle, quick)))
            .containsExactly("DIFFERENT {id=1}", "UNSETTLED {id=3}");
        writer.rollback();
      }
      assertThat(rows(verified(handle, quick)))
          .containsExactly("ADDITIONAL {id=3}", "DIFFERENT {id=1}");
      handle.drop();
    }
  }

  @Test
  @SidesDiffer("the destination's types write values otherwise")
  void comparesWhatTheDestinationsTypesWrite() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY, n numeric(5,2), f float4, b jsonb)",
            "INSERT INTO a VALUES (1, 1.05, 1.1, '1'), (2, 1.5, 0.1, '[]'), (3, NULL, NULL, NULL)");
    databases
        .destination()
        .execute("CREATE TABLE a (id bigint PRIMARY KEY, n numeric(12,4), f float8, b text)");
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      assertThat(verified(handle, SMALL_RANGES).outcome()).isEqualTo(Outcome.EQUAL);
      databases.destination().execute("UPDATE a SET n = 1.5001, b = '' WHERE id = 2");
      assertThat(handle.repair(SMALL_RANGES, A).tables().get(0).repaired()).isOne();
      assertThat(verified(handle, SMALL_RANGES).outcome()).isEqualTo(Outcome.EQUAL);
      handle.drop();
    }
  }

  @Test
  void anotherTableOfThatNameAndATableThatCannotBeReadAreSkipped() {
    assumeTrue(databases.source().server().major() >= 15, "PostgreSQL 14 has no row filters");
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY)",
            "CREATE TABLE b (id int PRIMARY KEY)",
            "CREATE TABLE c (id int PRIMARY KEY, n int)",
            "INSERT INTO c VALUES (1, 0)");
    TableMapping filtered = TableMapping.from("public.c").where("id < 5");
    try (MirrorHandle handle = running(mirror(databases, "public.a", "public.b").table(filtered))) {
      handle.awaitCaughtUp(SOON);
      handle.pause();
      databases
          .source()
          .execute(
              "ALTER TABLE a RENAME TO old",
              "CREATE TABLE a (id int PRIMARY KEY)",
              "ALTER TABLE c RENAME n TO m");
      List<TableVerification> tables = handle.verify(SMALL_RANGES).tables();
      assertThat(tables)
          .extracting(TableVerification::outcome)
          .containsExactly(Outcome.SKIPPED, Outcome.EQUAL, Outcome.SKIPPED);
      assertThat(tables.get(0).toString()).contains("another table of that name");
      databases
          .source()
          .execute("DROP TABLE a", "ALTER TABLE old RENAME TO a", "ALTER TABLE c RENAME m TO n");
      handle.resume();
      handle.awaitCaughtUp(SOON);
      assertThat(handle.verify().matches()).isTrue();
      handle.drop();
    }
  }

  @Test
  void tellsWhichRightIsMissing() {
    databases
        .source()
        .execute("CREATE TABLE a (id int PRIMARY KEY)", "CREATE ROLE reader LOGIN REPLICATION");
    databases.source().execute("ALTER ROLE reader PASSWORD 'secret'");
    databases.source().execute("GRANT SELECT ON a TO reader");
    databases.source().execute("CREATE PUBLICATION given FOR TABLE a");
    Peer reader = Peer.of("source", databases.source().url(), "reader", "secret");
    try (MirrorHandle handle =
        running(mirror(databases, "public.a").source(reader).publication("given"))) {
      handle.awaitCaughtUp(SOON);
      databases.source().execute("REVOKE SELECT ON a FROM reader");
      assertThatThrownBy(handle::verify)
          .isInstanceOf(PreflightException.class)
          .hasMessageContaining("GRANT SELECT ON \"public\".\"a\" TO \"reader\"");
      databases.source().execute("GRANT SELECT ON a TO reader");
      assertThat(handle.verify().matches()).isTrue();
      handle.drop();
    }
    databases.source().execute("DROP PUBLICATION given");
  }

  @Test
  void otherTablesAndNoneAreRefused() {
    databases.source().execute("CREATE TABLE a (id int PRIMARY KEY)");
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      assertThatThrownBy(() -> handle.verify(TableName.parse("public.b")))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("mirror 'operated' has no source table public.b");
      assertThatThrownBy(() -> handle.repair(new TableName[0]))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("repair() for all");
      handle.drop();
    }
  }

  @Test
  void closeEndsIt() throws Exception {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY)",
            "INSERT INTO a SELECT generate_series(1, 100000)");
    MirrorHandle handle = running(mirror(databases, "public.a"));
    handle.awaitCaughtUp(SOON);
    VerifyOptions slow = SMALL_RANGES.workShare(0.001);
    CompletableFuture<Void> comparison = Operated.inBackground(() -> handle.verify(slow));
    Await.until(
        SOON,
        "it reads",
        () ->
            databases
                    .destination()
                    .queryLong(
                        "SELECT count(*) FROM pg_stat_activity"
                            + " WHERE application_name LIKE 'bunny operated verify%'")
                == 1);
    Operated.returnsSoon(handle::close);
    assertThatThrownBy(() -> comparison.get(10, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(IllegalStateException.class);
    try (MirrorHandle again = running(mirror(databases, "public.a"))) {
      again.drop();
    }
  }
}
