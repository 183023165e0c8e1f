package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.awaitHeldUp;
import static io.bunnydb.mirror.Operated.inTransaction;
import static io.bunnydb.mirror.Operated.mappings;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.returnsSoon;
import static io.bunnydb.mirror.Operated.running;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.MirrorBuilder;
import io.bunnydb.MirrorHandle;
import io.bunnydb.TableMapping;
import io.bunnydb.spi.CheckpointStore;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import java.sql.Connection;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The keys and indexes of a table that Bunny makes follow its rows, whatever comes between. */
final class FirstCopyIT {
  private static final String[] FINISHED = {
    "k integer NOT NULL",
    "n integer NOT NULL",
    "t text",
    "UNIQUE (n, t)",
    "PRIMARY KEY (k)",
    "CREATE UNIQUE INDEX USING btree (n)",
    "CREATE UNIQUE INDEX USING btree (n, t)",
    "CREATE INDEX USING btree (t)",
    "REPLICA IDENTITY USING INDEX n"
  };

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  /** A command of a kind can be held up in the sessions that copy. */
  @BeforeEach
  void createTables() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (k int PRIMARY KEY, n int NOT NULL, t text, UNIQUE (n, t))",
            "CREATE UNIQUE INDEX by_n ON a (n)",
            "ALTER TABLE a REPLICA IDENTITY USING INDEX by_n",
            "CREATE INDEX by_t ON a (t)",
            "INSERT INTO a SELECT i, -i, 'text ' || i % 9 FROM generate_series(1, 5000) i",
            "ANALYZE a",
            "CREATE TABLE b (id int PRIMARY KEY)",
            "INSERT INTO b VALUES (1)");
    databases
        .destination()
        .execute(
            "CREATE FUNCTION wait() RETURNS event_trigger LANGUAGE plpgsql AS"
                + " 'BEGIN IF pg_catalog.current_setting(''application_name'') ~ '' copy '' THEN"
                + " PERFORM pg_catalog.pg_advisory_xact_lock_shared(42); END IF; END'");
  }

  private static Connection holdAt(String command) {
    databases
        .destination()
        .execute(
            "CREATE EVENT TRIGGER held ON ddl_command_start WHEN TAG IN ('"
                + command
                + "') EXECUTE FUNCTION wait()",
            "ALTER EVENT TRIGGER held ENABLE ALWAYS");
    return inTransaction(databases.destination(), "SELECT pg_advisory_xact_lock(42)");
  }

  private static MirrorBuilder inRanges(String... tables) {
    return mirror(databases, tables).snapshotRowsPerPartition(500);
  }

  private static void assertUnfinished(int indexes) {
    assertThat(databases.destination().queryLong("SELECT count(*) FROM a")).isEqualTo(5000);
    assertThat(comment())
        .isEqualTo("Bunny: keys and indexes follow the first copy of mirror operated");
    assertThat(
            databases
                .destination()
                .queryLong("SELECT count(*) FROM pg_index WHERE indrelid = 'a'::regclass"))
        .isEqualTo(indexes);
  }

  private static String comment() {
    return databases.destination().queryString("SELECT obj_description('a'::regclass, 'pg_class')");
  }

  private static void assertFinished() {
    assertThat(Declaration.of(databases.destination(), "a")).containsExactlyInAnyOrder(FINISHED);
    assertThat(comment()).isNull();
    assertThat(
            databases
                .destination()
                .queryStrings(
                    "SELECT indexrelid::regclass::text FROM pg_index"
                        + " WHERE indrelid = 'a'::regclass ORDER BY 1"))
        .containsExactly("a_n_idx", "a_n_t_key", "a_pkey", "by_t");
  }

  /** Every kind of change, found by the identity's index. */
  private static void finish(MirrorHandle handle) {
    databases
        .source()
        .execute(
            "UPDATE a SET t = 'new' WHERE k < 3000",
            "DELETE FROM a WHERE k % 7 = 0",
            "UPDATE a SET n = n - 10000 WHERE k % 5 = 0",
            "INSERT INTO a VALUES (7, -7, 'again')");
    handle.awaitCaughtUp(SOON);
    assertThat(handle.status().tables()).allMatch(table -> table.rowsMissing() == 0);
    databases.assertMirrored("public.a");
    assertFinished();
    handle.drop();
  }

  @Test
  void keysAndIndexesAreThereWhenTheRowsAre() {
    try (MirrorHandle handle = running(inRanges("public.a"))) {
      assertFinished();
      assertThat(databases.destination().queryLong("SELECT count(DISTINCT xmin::text) FROM a"))
          .isGreaterThan(5);
      finish(handle);
    }
  }

  @Test
  void smallTableIsFinishedInTheTransactionOfItsRows() {
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      assertFinished();
      assertThat(databases.destination().queryLong("SELECT count(DISTINCT xmin::text) FROM a"))
          .isEqualTo(1);
      finish(handle);
    }
  }

  @Test
  void copyThatEndsBeforeTheKeyBeginsAnew() throws Exception {
    Connection held = holdAt("CREATE INDEX");
    try (MirrorHandle handle = inRanges("public.a").build().start()) {
      awaitHeldUp(databases.destination());
      assertUnfinished(0);
      returnsSoon(handle::close);
    }
    databases.source().execute("DELETE FROM a WHERE k > 4000");
    held.close();
    try (MirrorHandle handle = running(inRanges("public.a"))) {
      finish(handle);
    }
  }

  @Test
  void copyThatEndsBeforeItsLastTransactionDropsTheIndexesAndBeginsAnew() throws Exception {
    Connection held = holdAt("ALTER TABLE");
    try (MirrorHandle handle = inRanges("public.a").build().start()) {
      awaitHeldUp(databases.destination());
      assertUnfinished(4);
      returnsSoon(handle::close);
      assertUnfinished(4);
    }
    databases.source().execute("UPDATE a SET t = 'meanwhile' WHERE k > 4000");
    held.close();
    try (MirrorHandle handle = running(inRanges("public.a").createTables(false))) {
      finish(handle);
    }
  }

  @Test
  @ExpectsLog("copying failed.* attempt 1 failed")
  void lostSessionThatBuildsAnIndexHasAllBeginAnew() throws Exception {
    Connection held = holdAt("CREATE INDEX");
    try (MirrorHandle handle = inRanges("public.a").build().start()) {
      awaitHeldUp(databases.destination());
      databases
          .destination()
          .queryStrings(
              "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                  + " WHERE application_name LIKE 'bunny operated copy%'"
                  + " AND query LIKE 'CREATE %INDEX%' LIMIT 1");
      held.close();
      handle.awaitCaughtUp(SOON);
      finish(handle);
    }
  }

  @Test
  void tableThatLeftUnfinishedMayComeBack() throws Exception {
    Connection held = holdAt("CREATE INDEX");
    databases.destination().execute("CREATE TABLE b (id int PRIMARY KEY)");
    try (MirrorHandle handle = inRanges("public.a", "public.b").build().start()) {
      awaitHeldUp(databases.destination());
      returnsSoon(handle::pause);
      handle.updateTables(mappings("public.b"));
      handle.resume();
      handle.awaitCaughtUp(SOON);
      assertUnfinished(0);
      held.close();
      handle.pause();
      handle.updateTables(mappings("public.b", "public.a"));
      handle.resume();
      handle.awaitCaughtUp(SOON);
      finish(handle);
    }
  }

  @Test
  void unfinishedTableIsNoneToGoOnWithWithoutACopy() throws Exception {
    Connection held = holdAt("CREATE INDEX");
    try (MirrorHandle handle = inRanges("public.a").build().start()) {
      awaitHeldUp(databases.destination());
      handle.drop();
    }
    held.close();
    assertThatThrownBy(() -> mirror(databases, "public.a").initialSnapshot(false).build().start())
        .hasMessageContaining("destination table public.a was made for a first copy")
        .hasMessageContaining("drop it");
    Refusals refusals = new Refusals(databases);
    assertThat(refusals.problem(refusals.mirror().table("public.a")))
        .contains(
            "destination table public.a is being made by mirror 'operated'", "drop the table");
    databases.destination().execute("DROP TABLE a");
    databases.source().execute("DELETE FROM a");
  }

  @Test
  void whereNothingIsCopiedKeysAndIndexesAreMadeAtOnce() {
    databases.source().execute("DELETE FROM a");
    try (MirrorHandle handle = running(mirror(databases, "public.a").initialSnapshot(false))) {
      databases.source().execute("INSERT INTO a SELECT i, -i FROM generate_series(1, 50) i");
      handle.awaitCaughtUp(SOON);
      finish(handle);
    }
  }

  @Test
  void stateThatIsKeptElsewhereIsNotedAfterwards() {
    try (MirrorHandle handle =
        running(inRanges("public.a").checkpointStore(CheckpointStore.inMemory()))) {
      databases.source().execute("DELETE FROM a WHERE k < 100");
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      // A unique index might refuse a change that comes again.
      assertThat(
              databases
                  .destination()
                  .queryStrings(
                      "SELECT indexrelid::regclass::text FROM pg_index"
                          + " WHERE indrelid = 'a'::regclass ORDER BY 1"))
          .containsExactly("a_n_idx", "a_pkey", "by_t");
      assertThat(comment()).isNull();
      handle.drop();
    }
  }

  @Test
  void tableThatIsTheUsersIsNotAltered() {
    databases
        .destination()
        .execute(
            "CREATE TABLE a (k int, n int PRIMARY KEY, t text)", "COMMENT ON TABLE a IS 'mine'");
    try (MirrorHandle handle = running(inRanges("public.a"))) {
      databases.source().execute("UPDATE a SET t = 'new' WHERE k < 3000");
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      assertThat(Declaration.of(databases.destination(), "a"))
          .containsExactly(
              "k integer",
              "n integer NOT NULL",
              "t text",
              "PRIMARY KEY (n)",
              "REPLICA IDENTITY DEFAULT");
      assertThat(comment()).isEqualTo("mine");
      handle.drop();
    }
  }

  @Test
  void nameOfTheKeyIsAsTheServerChoosesIt() {
    String longest = "ä".repeat(31);
    databases
        .source()
        .execute(
            "CREATE TABLE " + longest + " (id int PRIMARY KEY)",
            "INSERT INTO " + longest + " VALUES (1)");
    databases.destination().execute("CREATE TABLE b_pkey ()");
    try (MirrorHandle handle =
        running(mirror(databases, "public." + longest).table(TableMapping.from("public.b")))) {
      assertThat(keyOf(longest)).isEqualTo("ä".repeat(29) + "_pkey");
      assertThat(keyOf("b")).isEqualTo("b_pkey1");
      databases.destination().execute("DROP TABLE b_pkey");
      handle.drop();
    }
  }

  private static String keyOf(String table) {
    return databases
        .destination()
        .queryString(
            "SELECT conname FROM pg_constraint WHERE contype = 'p' AND conrelid = ?::regclass",
            table);
  }
}
