package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.awaitHeldUp;
import static io.bunnydb.mirror.Operated.hold;
import static io.bunnydb.mirror.Operated.inTransaction;
import static io.bunnydb.mirror.Operated.mappings;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.EventQuery;
import io.bunnydb.MirrorBuilder;
import io.bunnydb.MirrorEvent;
import io.bunnydb.MirrorEvent.Level;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorPlan;
import io.bunnydb.MirrorState;
import io.bunnydb.Peer;
import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.TableState;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.TableComparison;
import io.bunnydb.testing.TestDatabase;
import io.bunnydb.testing.Workload;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Foreign keys follow the tables that Bunny makes. */
final class ForeignKeysIT {
  private static final String KEYS =
      """
      SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint k
      WHERE conrelid = ?::regclass AND contype = 'f' AND NOT EXISTS
        (SELECT FROM pg_constraint p WHERE p.oid = k.conparentid AND p.conrelid = k.conrelid)
      ORDER BY 1
      """;

  private static final String NOTES =
      "SELECT count(*) FROM pg_description WHERE description LIKE 'Bunny: constraints to come%'";

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private static List<@Nullable String> keys(TestDatabase database, String table) {
    return database.queryStrings(KEYS, table);
  }

  private static void awaitAllMade() {
    Await.until(
        SOON, "no constraint is to come", () -> databases.destination().queryLong(NOTES) == 0);
  }

  private static List<String> events(MirrorHandle handle, Level level, String words) {
    return handle.events(new EventQuery(99, 0, level, words)).events().stream()
        .map(MirrorEvent::message)
        .toList();
  }

  private static void awaitEvent(MirrorHandle handle, Level level, String words) {
    Await.value(SOON, "once: " + words, () -> events(handle, level, words), e -> e.size() == 1);
  }

  private static void createFamily() {
    databases
        .source()
        .execute(
            "CREATE TABLE parent (id int PRIMARY KEY, code text UNIQUE)",
            "CREATE TABLE child (id int PRIMARY KEY, parent int CONSTRAINT own REFERENCES parent)",
            "INSERT INTO parent SELECT i, 'c' || i FROM generate_series(1, 100) i",
            "INSERT INTO child SELECT i, i FROM generate_series(1, 100) i");
  }

  private static void assertFamilyIsMirrored() {
    databases.assertMirrored("parent", "child");
    assertThat(keys(databases.destination(), "child"))
        .containsExactly("own FOREIGN KEY (parent) REFERENCES parent(id)");
  }

  private static void createEveryKind() {
    TestDatabase source = databases.source();
    source.execute(
        "CREATE TABLE parent (id int PRIMARY KEY, code text UNIQUE, a int, b int, UNIQUE (a, b))",
        "CREATE TABLE child (id int PRIMARY KEY,"
            + " parent int REFERENCES parent ON DELETE CASCADE ON UPDATE SET NULL,"
            + " code text REFERENCES parent (code) DEFERRABLE INITIALLY DEFERRED, b int, a int,"
            + " up int REFERENCES child DEFERRABLE, CONSTRAINT \"Full \"\"match\" FOREIGN KEY (b, a)"
            + " REFERENCES parent (b, a) MATCH FULL ON DELETE SET DEFAULT ON UPDATE RESTRICT)",
        "CREATE TABLE x (id int PRIMARY KEY, y int)",
        "CREATE TABLE y (id int PRIMARY KEY, x int REFERENCES x)",
        "ALTER TABLE x ADD FOREIGN KEY (y) REFERENCES y DEFERRABLE INITIALLY DEFERRED",
        "INSERT INTO x VALUES (12345)",
        "ALTER TABLE x ADD CONSTRAINT later FOREIGN KEY (id) REFERENCES parent NOT VALID",
        "CREATE TABLE part (id int PRIMARY KEY, parent int REFERENCES parent)"
            + " PARTITION BY RANGE (id)",
        "CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (500)",
        "CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM (500) TO (5000)",
        "CREATE TABLE of_part (id int PRIMARY KEY, part int REFERENCES part)",
        "INSERT INTO parent SELECT i, 'c' || i, i, i FROM generate_series(1, 90) i",
        "INSERT INTO child SELECT i, i, 'c' || i, i, i, i FROM generate_series(1, 90) i",
        "INSERT INTO part SELECT i * 9, i FROM generate_series(1, 90) i",
        "INSERT INTO of_part SELECT i, i * 9 FROM generate_series(1, 90) i");
    if (isOnBothSides(15)) {
      source.execute(
          "ALTER TABLE child ADD CONSTRAINT two FOREIGN KEY (a, b) REFERENCES parent (a, b)"
              + " ON DELETE SET NULL (b)");
    }
    if (isOnBothSides(18)) {
      source.execute(
          "ALTER TABLE y ADD CONSTRAINT loose FOREIGN KEY (x) REFERENCES parent NOT ENFORCED");
    }
  }

  private static boolean isOnBothSides(int major) {
    return databases.source().server().major() >= major
        && databases.destination().server().major() >= major;
  }

  /** Families come and go, each in one transaction. */
  private static void write(Connection connection, Random random) throws SQLException {
    int id = 100 + random.nextInt(2000);
    int old = 100 + random.nextInt(2000);
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          "INSERT INTO parent VALUES ("
              + id
              + ", 'c"
              + id
              + "', "
              + id
              + ", "
              + id
              + ")"
              + " ON CONFLICT DO NOTHING");
      statement.execute(
          "INSERT INTO child VALUES ("
              + id
              + ", "
              + id
              + ", 'c"
              + id
              + "', "
              + id
              + ", "
              + id
              + ", "
              + id
              + ") ON CONFLICT DO NOTHING");
      statement.execute("INSERT INTO part VALUES (" + id + ", " + id + ") ON CONFLICT DO NOTHING");
      statement.execute("DELETE FROM part WHERE parent = " + old + " AND id > 900");
      statement.execute("DELETE FROM child WHERE id = " + old);
      statement.execute(
          "DELETE FROM parent WHERE id = "
              + old
              + " AND NOT EXISTS (SELECT FROM part WHERE parent = "
              + old
              + ")");
    }
  }

  @Test
  void everyKindFollowsItsTablesWhileChangesFlow() {
    createEveryKind();
    MirrorBuilder builder =
        mirror(databases, "public.child", "public.x", "public.y", "public.part", "public.of_part")
            .table(TableMapping.from("public.parent").to("\"Far\".\"Parent one\""));
    MirrorPlan plan = builder.build().plan();
    try (Workload writes = Workload.start(databases.source(), ForeignKeysIT::write);
        MirrorHandle handle = running(builder)) {
      awaitAllMade();
      writes.close();
      handle.awaitCaughtUp(SOON);
      for (String table : List.of("child", "x", "y", "of_part")) {
        List<String> expected = new ArrayList<>();
        keys(databases.source(), table)
            .forEach(
                key ->
                    expected.add(
                        String.valueOf(key)
                            .replace("REFERENCES parent(", "REFERENCES \"Far\".\"Parent one\"(")));
        assertThat(expected).isNotEmpty();
        assertThat(keys(databases.destination(), table)).isEqualTo(expected);
      }
      // Rows of partitions that are dropped stay.
      assertThat(keys(databases.destination(), "part"))
          .containsExactly(
              "part_parent_fkey FOREIGN KEY (parent) REFERENCES \"Far\".\"Parent one\"(id) NOT VALID");
      databases.assertMirrored("child", "x", "y", "part", "of_part");
      TableComparison.assertEqual(
          databases.source(), "parent", databases.destination(), "\"Far\".\"Parent one\"");
      assertThat(plan.destinationStatements())
          .contains(
              "ALTER TABLE \"public\".\"y\" ADD CONSTRAINT \"y_x_fkey\" FOREIGN KEY (\"x\")"
                  + " REFERENCES \"public\".\"x\" (\"id\") NOT VALID",
              "ALTER TABLE \"public\".\"y\" VALIDATE CONSTRAINT \"y_x_fkey\"")
          .doesNotContain("ALTER TABLE \"public\".\"x\" VALIDATE CONSTRAINT \"later\"");
      assertThat(handle.planSchema()).isEmpty();
      handle.drop();
    }
  }

  @Test
  void keyToATableOutsideComesWhenThatIsAdded() throws Exception {
    createFamily();
    MirrorBuilder builder = mirror(databases, "public.child");
    String told =
        "constraint own of public.child is not made on the destination: it refers to public.parent,"
            + " which the mirror has not";
    assertThat(builder.build().plan().notes()).anyMatch(note -> note.what().equals(told));
    MirrorHandle first = running(builder);
    try (first) {
      first.awaitCaughtUp(SOON);
      awaitEvent(first, Level.INFO, told);
      first.pause();
      first.updateTables(mappings("public.child", "public.parent"));
      try (Connection held = hold(databases.destination(), "child")) {
        first.resume();
        Await.until(
            SOON,
            "the table has joined",
            () -> first.status().tables().stream().allMatch(t -> t.state() == TableState.LIVE));
        awaitHeldUp(databases.destination());
        databases.source().execute("INSERT INTO parent VALUES (101, 'beside')");
        first.awaitCaughtUp(SOON);
        assertThat(keys(databases.destination(), "child")).isEmpty();
        assertThat(held.isValid(1)).isTrue();
        first.close();
      }
    }
    // Whoever goes on knows what is missing.
    try (MirrorHandle handle = running(builder)) {
      awaitAllMade();
      handle.awaitCaughtUp(SOON);
      assertFamilyIsMirrored();
      handle.drop();
    }
  }

  @Test
  @ExpectsLog(value = "the table was rewritten after the snapshot was taken", optional = true)
  void tablesAreEmptiedThoughOthersReferToThem() throws Exception {
    createFamily();
    try (MirrorHandle handle = running(mirror(databases, "public.parent", "public.child"))) {
      awaitAllMade();
      databases
          .destination()
          .execute(
              "SET session_replication_role = replica; DELETE FROM parent;"
                  + " RESET session_replication_role");
      handle.resync(TableName.parse("public.parent"));
      databases
          .source()
          .execute(
              "BEGIN; TRUNCATE child, parent; INSERT INTO parent VALUES (1, 'anew'), (2, 'b');"
                  + " INSERT INTO child VALUES (1, 1); COMMIT");
      handle.awaitCaughtUp(SOON);
      assertFamilyIsMirrored();
      // The one that refers to it is just being copied, and is not truncated with it.
      try (Connection held = hold(databases.destination(), "child")) {
        handle.resync(TableName.parse("public.child"));
        awaitHeldUp(databases.destination());
        databases
            .source()
            .execute("TRUNCATE parent CASCADE", "INSERT INTO parent VALUES (7, 'seven')");
        Await.until(
            SOON,
            "the table is emptied",
            () -> databases.destination().queryLong("SELECT min(id) FROM parent") == 7);
        assertThat(held.isValid(1)).isTrue();
      }
      databases.source().execute("INSERT INTO child VALUES (7, 7)");
      handle.awaitCaughtUp(SOON);
      assertFamilyIsMirrored();
      handle.resync();
      handle.awaitCaughtUp(SOON);
      assertFamilyIsMirrored();
      handle.drop();
    }
  }

  @Test
  @ExpectsLog(
      "constraint own of destination table public.child stays NOT VALID.*23503.*VALIDATE CONSTRAINT")
  @ExpectsLog(
      "destination table public.child does without constraint by_code.*42830.*ADD CONSTRAINT")
  void keyThatDoesNotHoldIsToldOfAndTriedAgain() {
    createFamily();
    databases
        .source()
        .execute(
            "ALTER TABLE child ADD code text CONSTRAINT by_code REFERENCES parent (code)",
            "SET session_replication_role = replica; INSERT INTO child VALUES (777, 777);"
                + " RESET session_replication_role");
    try (MirrorHandle handle =
        running(mirror(databases, "public.parent", "public.child").replicateIndexes(false))) {
      awaitEvent(handle, Level.WARN, "stays NOT VALID");
      awaitEvent(handle, Level.WARN, "does without constraint by_code");
      assertThat(keys(databases.destination(), "child"))
          .containsExactly("own FOREIGN KEY (parent) REFERENCES parent(id) NOT VALID");
      databases
          .source()
          .execute("DELETE FROM child WHERE id = 777", "INSERT INTO child VALUES (888, 8)");
      handle.awaitCaughtUp(SOON);
      assertThat(handle.state()).isEqualTo(MirrorState.RUNNING);
      databases.destination().execute("CREATE UNIQUE INDEX ON parent (code)");
      handle.pause();
      handle.resume();
      awaitAllMade();
      assertThat(keys(databases.destination(), "child"))
          .containsExactly(
              "by_code FOREIGN KEY (code) REFERENCES parent(code)",
              "own FOREIGN KEY (parent) REFERENCES parent(id)");
      databases.assertMirrored("parent", "child");
      handle.drop();
    }
  }

  @Test
  @ExpectsLog(value = "the next follows in", optional = true)
  void comesThoughTheMirrorsConnectionsEndAgainAndAgain() {
    createFamily();
    databases
        .source()
        .execute(
            "INSERT INTO parent SELECT i, 'c' || i FROM generate_series(101, 30000) i",
            "INSERT INTO child SELECT i, 1 + i % 30000 FROM generate_series(101, 100000) i");
    try (MirrorHandle handle =
        running(
            mirror(databases, "public.parent", "public.child").snapshotRowsPerPartition(9000))) {
      for (int i = 0; i < 8 && databases.destination().queryLong(NOTES) > 0; i++) {
        databases
            .destination()
            .queryStrings(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    + " WHERE application_name LIKE 'bunny%'");
        databases.source().execute("UPDATE child SET parent = " + (7 + i) + " WHERE id = 500");
        handle.awaitCaughtUp(SOON);
      }
      awaitAllMade();
      handle.awaitCaughtUp(SOON);
      assertFamilyIsMirrored();
      handle.drop();
    }
  }

  /** Validations stop when they hold their locks, until the connection is closed. */
  private static Connection holdValidations() {
    databases
        .destination()
        .execute(
            "CREATE FUNCTION wait() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN"
                + " IF current_query() LIKE '%VALIDATE CONSTRAINT%' THEN"
                + " PERFORM pg_advisory_xact_lock(42); END IF; END $$",
            "CREATE EVENT TRIGGER wait ON ddl_command_end EXECUTE FUNCTION wait()",
            "ALTER EVENT TRIGGER wait ENABLE ALWAYS");
    return inTransaction(databases.destination(), "SELECT pg_advisory_xact_lock(42)");
  }

  @Test
  void aTruncateDoesNotWaitForAValidation() throws Exception {
    createFamily();
    try (Connection held = holdValidations();
        MirrorHandle handle = running(mirror(databases, "public.parent", "public.child"))) {
      awaitHeldUp(databases.destination());
      databases.source().execute("TRUNCATE child", "INSERT INTO child VALUES (1, 1), (2, 2)");
      handle.awaitCaughtUp(SOON);
      assertThat(databases.destination().queryLong("SELECT count(*) FROM child")).isEqualTo(2);
      assertThat(keys(databases.destination(), "child"))
          .containsExactly("own FOREIGN KEY (parent) REFERENCES parent(id) NOT VALID");
      held.close();
      Await.until(
          SOON,
          "it is validated later",
          () -> {
            databases.source().execute("UPDATE child SET parent = parent + 1");
            return databases.destination().queryLong(NOTES) == 0;
          });
      handle.awaitCaughtUp(SOON);
      assertFamilyIsMirrored();
      handle.drop();
    }
  }

  @Test
  void oneThatWasDroppedBeforeItsValidationStaysAway() throws Exception {
    createFamily();
    String told = "own of destination table public.child was dropped there after it had been made";
    try (Connection held = holdValidations();
        MirrorHandle handle = running(mirror(databases, "public.parent", "public.child"))) {
      awaitHeldUp(databases.destination());
      handle.pause();
      databases
          .destination()
          .execute(
              "DROP EVENT TRIGGER wait",
              "DROP FUNCTION wait()",
              "ALTER TABLE child DROP CONSTRAINT own");
      handle.resume();
      awaitEvent(handle, Level.INFO, told);
      awaitAllMade();
      handle.pause();
      handle.resume();
      handle.awaitCaughtUp(SOON);
      assertThat(keys(databases.destination(), "child")).isEmpty();
      awaitEvent(handle, Level.INFO, told);
      assertThat(held.isValid(1)).isTrue();
      handle.drop();
    }
  }

  @Test
  void noneAreMadeWhereTheyWouldNotRestOrAreNotWanted() {
    createFamily();
    TestDatabase destination = databases.destination();
    destination.execute(
        "CREATE ROLE limited LOGIN PASSWORD 'limited'",
        "GRANT CREATE ON DATABASE " + destination.name() + " TO limited",
        "GRANT ALL ON SCHEMA public TO limited");
    Peer limited = Peer.of("destination", destination.url(), "limited", "limited");
    MirrorBuilder builder = mirror(databases, "public.parent", "public.child").destination(limited);
    try (MirrorHandle handle = running(builder)) {
      handle.awaitCaughtUp(SOON);
      awaitEvent(handle, Level.INFO, "may not have foreign keys rest");
      assertThat(keys(destination, "child")).isEmpty();
    }
    // Another role may; first it is not wanted, then it is.
    builder.destination(destination.peer()).replicateForeignKeys(false);
    try (MirrorHandle handle = running(builder)) {
      handle.awaitCaughtUp(SOON);
      assertThat(events(handle, Level.INFO, "constraint")).isEmpty();
      assertThat(keys(destination, "child")).isEmpty();
    }
    try (MirrorHandle handle = running(builder.replicateForeignKeys(true))) {
      awaitAllMade();
      assertFamilyIsMirrored();
      handle.drop();
    }
  }
}
