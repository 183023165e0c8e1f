package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.inTransaction;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.bunnydb.EventQuery;
import io.bunnydb.MirrorEvent;
import io.bunnydb.MirrorEvent.Level;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.SchemaPolicy;
import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.SidesDiffer;
import io.bunnydb.testing.TableComparison;
import io.bunnydb.testing.TestDatabase;
import io.bunnydb.testing.Workload;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.postgresql.PGConnection;

/** What a mirror does by itself when tables are altered on the source. */
final class SchemaPolicyIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private static final String COLUMNS =
      """
      SELECT string_agg(concat_ws(' ', attname, format_type(atttypid, atttypmod),
               CASE WHEN attnotnull THEN 'NOT NULL' END, pg_get_expr(adbin, adrelid)), ', '
               ORDER BY attname)
      FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
      WHERE attrelid = ?::regclass AND attnum > 0 AND NOT attisdropped
      """;

  private static void createTables() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY, n int NOT NULL, t varchar(9), v int)",
            "INSERT INTO a SELECT i, i, 'old' FROM generate_series(1, 200) i",
            "CREATE TABLE b (id int PRIMARY KEY, old_name text, n int)",
            "INSERT INTO b SELECT i, 'x', 0 FROM generate_series(1, 200) i");
  }

  private static void write(Connection connection, Random random) throws SQLException {
    int id = 1 + random.nextInt(400);
    try (Statement statement = connection.createStatement()) {
      statement.execute("UPDATE b SET n = n + 1 WHERE id = " + id);
      statement.execute(
          "INSERT INTO a (id, n) VALUES ("
              + id
              + ", 1) ON CONFLICT (id) DO UPDATE SET v = a.v + 1");
      statement.execute("DELETE FROM a WHERE id = " + (1 + random.nextInt(400)));
      statement.execute("INSERT INTO b (id, n) VALUES (" + id + ", 0) ON CONFLICT DO NOTHING");
    }
    LockSupport.parkNanos(1_000_000);
  }

  private static void awaitColumns(TestDatabase source, String table) {
    String expected = source.queryString(COLUMNS, table);
    Await.value(
        SOON,
        "table " + table + " is altered to " + expected,
        () -> String.valueOf(databases.destination().queryString(COLUMNS, table)),
        found -> found.equals(expected));
  }

  @Test
  void everythingThatIsCertainIsFollowedUnderLoad() {
    createTables();
    TestDatabase source = databases.source();
    try (Workload writes = Workload.start(source, SchemaPolicyIT::write);
        MirrorHandle handle =
            running(mirror(databases, "public.a", "public.b").schemaChanges(SchemaPolicy.FOLLOW))) {
      handle.awaitCaughtUp(SOON);
      String[] changes = {
        "ALTER TABLE a ADD c int NOT NULL DEFAULT 5",
        "ALTER TABLE a ADD d timestamptz DEFAULT now(), ADD e text",
        "BEGIN; ALTER TABLE a ALTER n TYPE bigint;"
            + " UPDATE a SET n = 5000000000 WHERE id = 7; COMMIT",
        "BEGIN; ALTER TABLE a ALTER t TYPE text; UPDATE a SET t = repeat('long', 99); COMMIT",
        "BEGIN; ALTER TABLE a ALTER n DROP NOT NULL; UPDATE a SET n = NULL WHERE id < 9; COMMIT",
        "ALTER TABLE b RENAME old_name TO new_name",
        "ALTER TABLE b ALTER n SET NOT NULL, ALTER n SET DEFAULT 7"
      };
      for (String change : changes) {
        source.execute(change);
        handle.awaitCaughtUp(SOON);
        assertThat(handle.state()).isIn(MirrorState.RUNNING, MirrorState.SYNCING_SCHEMA);
        // What the next one does to the table may leave this one no longer certain.
        awaitColumns(source, "a");
        awaitColumns(source, "b");
      }
      source.execute("UPDATE b SET new_name = 'y' WHERE id < 20");
      awaitColumns(source, "a");
      awaitColumns(source, "b");
      writes.close();
      handle.awaitCaughtUp(SOON);
      assertThat(handle.status().failure()).isNull();
      assertThat(handle.status().tables()).allMatch(t -> t.rowsMissing() == 0);
      databases.assertMirrored("a", "b");
      handle.drop();
    }
  }

  @Test
  @ExpectsLog("value too long for type character varying\\(9\\).*paused")
  void addedColumnsAloneAreAddedWhereThatIsThePolicy() {
    createTables();
    TestDatabase source = databases.source();
    try (MirrorHandle handle =
        running(
            mirror(databases, "public.a", "public.b").schemaChanges(SchemaPolicy.ADD_COLUMNS))) {
      handle.awaitCaughtUp(SOON);
      source.execute(
          "CREATE TYPE mood AS ENUM ('sad', 'it''s')",
          "CREATE DOMAIN moods AS mood[] CHECK (cardinality(VALUE) < 9)",
          "CREATE DOMAIN amount AS numeric(8,2) DEFAULT 1.5 NOT NULL CHECK (VALUE > 0)",
          "ALTER TABLE a ADD c int DEFAULT 5",
          "UPDATE a SET c = 6 WHERE id = 6",
          "ALTER TABLE b ADD m moods DEFAULT '{sad}', ADD p amount",
          "UPDATE b SET n = 6 WHERE id = 6");
      handle.awaitCaughtUp(SOON);
      source.execute("UPDATE b SET m = '{it''s}', p = 9 WHERE id = 6");
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("a", "b");
      source.execute(
          "ALTER TABLE a ALTER t TYPE text", "UPDATE a SET t = 'much too long' WHERE id = 1");
      handle.awaitState(MirrorState.PAUSED, SOON);
      handle.syncSchema();
      handle.resume();
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("a", "b");
      handle.drop();
    }
  }

  private static List<MirrorEvent> events(MirrorHandle handle, Level level, String words) {
    return handle.events(new EventQuery(99, 0, level, words)).events();
  }

  private static MirrorEvent awaitEvent(MirrorHandle handle, Level level, String words) {
    return Await.value(
            SOON, "told: " + words, () -> events(handle, level, words), e -> !e.isEmpty())
        .get(0);
  }

  private static void setDefaultOfA(int value) {
    databases
        .source()
        .execute("ALTER TABLE a ALTER n SET DEFAULT " + value, "UPDATE a SET n = " + value);
  }

  @Test
  @SidesDiffer("columns are excluded")
  @ExpectsLog("table public.a goes on without what is not sent: .* new column late")
  void aColumnThatThePublicationLeavesOutConcernsItsTableAlone() {
    assumeTrue(databases.source().server().major() >= 15, "PostgreSQL 14 excludes no columns");
    createTables();
    TestDatabase source = databases.source();
    TableMapping mapping = TableMapping.from("public.a").excludeColumns("v");
    try (MirrorHandle handle =
        running(
            mirror(databases, "public.b").table(mapping).schemaChanges(SchemaPolicy.ADD_COLUMNS))) {
      handle.awaitCaughtUp(SOON);
      source.execute(
          "ALTER TABLE a ADD late int DEFAULT 3",
          "UPDATE a SET late = 4 WHERE id < 9",
          "ALTER TABLE b ADD c int DEFAULT 5",
          "UPDATE b SET c = 6 WHERE id = 6");
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("b");
      awaitEvent(handle, Level.WARN, "add it to the destination and call resync(public.a)");
      // Whatever else is published anew, the column stays left out until its table is copied.
      handle.resync(TableName.parse("public.b"));
      source.execute("UPDATE a SET late = 5, n = 7 WHERE id < 5");
      handle.awaitCaughtUp(SOON);
      assertThat(handle.state()).isEqualTo(MirrorState.RUNNING);
      databases.destination().execute("ALTER TABLE a ADD late int");
      handle.resync(TableName.parse("public.a"));
      source.execute("UPDATE a SET late = 6 WHERE id < 3");
      handle.awaitCaughtUp(SOON);
      TableComparison.assertEqual(source, "a", databases.destination(), "a", "id", "n", "late");
      databases.assertMirrored("b");
      handle.drop();
    }
  }

  @Test
  @SidesDiffer("a column cannot be followed")
  void rowsAreNotLookedThroughByEveryComparison() {
    createTables();
    try (Overheard log = new Overheard();
        MirrorHandle handle =
            running(mirror(databases, "public.a", "public.b").schemaChanges(SchemaPolicy.FOLLOW))) {
      handle.awaitCaughtUp(SOON);
      databases
          .source()
          .execute(
              "ALTER TABLE b ADD odd double precision DEFAULT random()",
              "CREATE INDEX left_alone ON b (n)");
      for (int value = 1; value < 4; value++) {
        setDefaultOfA(value);
        awaitColumns(databases.source(), "a");
      }
      String looked = "the rows of public.b are looked through for odd";
      assertThat(log.text()).containsOnlyOnce(looked);
      // Somebody who asks is told how it is now.
      assertThat(handle.planSchema()).anyMatch(change -> change.sql().contains("odd"));
      assertThat(log.text().split(looked, -1)).hasSize(3);
      assertThat(handle.planSchema()).anyMatch(change -> change.sql().contains("left_alone"));
      assertThat(log.text()).doesNotContain("left_alone");
      handle.drop();
    }
  }

  @Test
  @ExpectsLog("change of the source's schema waits, and is tried again in 5 s: .* in use by pid")
  @ExpectsLog(value = "change of the source's schema waits, and is tried again in", optional = true)
  void aLongReaderHoldsTheStreamUpForSecondsAlone() throws Exception {
    createTables();
    TestDatabase destination = databases.destination();
    try (MirrorHandle handle =
        running(mirror(databases, "public.a", "public.b").schemaChanges(SchemaPolicy.FOLLOW))) {
      handle.awaitCaughtUp(SOON);
      try (Connection reader = inTransaction(destination, "SELECT count(*) FROM a")) {
        int pid = reader.unwrap(PGConnection.class).getBackendPID();
        setDefaultOfA(8);
        MirrorEvent told = awaitEvent(handle, Level.WARN, "in use by pid " + pid + " (");
        Instant begun = events(handle, Level.INFO, "is SYNCING_SCHEMA").get(0).at();
        assertThat(Duration.between(begun, told.at())).isLessThan(Duration.ofSeconds(10));
        databases.source().execute("UPDATE b SET n = 8");
        handle.awaitCaughtUp(SOON);
      }
      awaitColumns(databases.source(), "a");
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("a", "b");
      handle.drop();
    }
  }

  @Test
  @ExpectsLog("has no column odd.*paused")
  void whatIsNotCertainPausesTheMirrorWhateverThePolicy() {
    createTables();
    TestDatabase source = databases.source();
    try (MirrorHandle handle =
        running(mirror(databases, "public.a", "public.b").schemaChanges(SchemaPolicy.FOLLOW))) {
      handle.awaitCaughtUp(SOON);
      source.execute(
          "ALTER TABLE b ADD odd double precision DEFAULT random()",
          "UPDATE b SET n = 2 WHERE id = 2");
      handle.awaitState(MirrorState.PAUSED, SOON);
      databases.destination().execute("ALTER TABLE b ADD odd double precision");
      handle.resync();
      handle.resume();
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("a", "b");
      handle.drop();
    }
  }
}
