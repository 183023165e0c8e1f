package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.bunnydb.MirrorBuilder;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.SchemaChange;
import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.SidesDiffer;
import io.bunnydb.testing.TableComparison;
import io.bunnydb.testing.TestDatabase;
import io.bunnydb.testing.Workload;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The source's tables change their shape, and the destination's follow. */
final class SchemaSyncIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  /** Rows that are written again and again, and such as never are. */
  private static void createUsers() {
    databases
        .source()
        .execute(
            "CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL)",
            "INSERT INTO users SELECT i, 'old' FROM generate_series(1, 200) i");
  }

  /** Names the columns that have been there from the beginning, so that any shape will do. */
  private static Workload write() {
    return Workload.start(
        databases.source(),
        (connection, random) -> {
          int id = 100 + random.nextInt(100);
          try (var statement = connection.createStatement()) {
            statement.execute("UPDATE users SET name = name || 'x' WHERE id = " + id);
            statement.execute("DELETE FROM users WHERE id = " + (id + 1));
            statement.execute(
                "INSERT INTO users (id, name) VALUES ("
                    + (id + 1)
                    + ", 'new')"
                    + " ON CONFLICT DO NOTHING");
          }
        });
  }

  private static List<String> told(List<SchemaChange> changes) {
    return changes.stream().map(c -> c.outcome() + " " + c.sql()).toList();
  }

  /** The default and whether NULL is refused, of each column of a table by its name. */
  private static List<@Nullable String> shape(
      Function<MirrorDatabases, TestDatabase> side, String table) {
    return side.apply(databases)
        .queryStrings(
            "SELECT a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull"
                + " || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '-')"
                + " || ' ' || coalesce(col_description(a.attrelid, a.attnum), '-')"
                + " FROM pg_attribute a LEFT JOIN pg_attrdef d"
                + " ON d.adrelid = a.attrelid AND d.adnum = a.attnum"
                + " WHERE a.attrelid = ?::regclass AND a.attnum > 0 AND NOT a.attisdropped"
                + " ORDER BY a.attname",
            table);
  }

  private static void assertAlike(String table) {
    databases.assertMirrored(table);
    assertThat(shape(MirrorDatabases::destination, table))
        .isEqualTo(shape(MirrorDatabases::source, table));
  }

  @Test
  @ExpectsLog("; paused")
  void aMirrorThatMetAnUnknownColumnGoesOnAfterwards() {
    createUsers();
    databases.source().execute("CREATE DOMAIN filled AS int DEFAULT 9");
    databases.destination().execute("CREATE DOMAIN filled AS int DEFAULT 9");
    try (MirrorHandle handle = running(mirror(databases, "public.users"));
        Workload writes = write()) {
      databases
          .source()
          .execute(
              "ALTER TABLE users ADD plain int",
              "ALTER TABLE users ADD n numeric(8,3) NOT NULL DEFAULT 1.50, ADD yes bool DEFAULT true,"
                  + " ADD t varchar(40) DEFAULT E'it''s \"quoted\", \\\\ {and} more',"
                  + " ADD at timestamptz NOT NULL DEFAULT now(), ADD j jsonb DEFAULT '{\"a\": [1, null]}',"
                  + " ADD b bytea DEFAULT '\\x00ff', ADD words text[] DEFAULT '{\"a,b\",NULL,\"\"}',"
                  + " ADD place box DEFAULT '(1,2),(0,0)', ADD price money DEFAULT -3,"
                  + " ADD empty text DEFAULT '', ADD unfilled filled DEFAULT NULL",
              "COMMENT ON COLUMN users.n IS 'counts'");
      handle.awaitState(MirrorState.PAUSED, SOON);
      databases
          .source()
          .execute(
              "ALTER TABLE users ALTER empty SET DEFAULT 'later', ALTER yes DROP DEFAULT",
              "UPDATE users SET plain = 7, t = 'other' WHERE id % 10 = 0");
      List<SchemaChange> plan = handle.planSchema();
      assertThat(told(plan))
          .contains(
              "DUE ALTER TABLE \"public\".\"users\" ADD COLUMN \"plain\" integer",
              "WAITS ALTER TABLE \"public\".\"users\" ALTER COLUMN \"n\" SET NOT NULL")
          .noneMatch(c -> c.startsWith("BY_HAND"));
      List<SchemaChange> done = handle.syncSchema();
      assertThat(done.stream().map(SchemaChange::sql))
          .isEqualTo(plan.stream().map(SchemaChange::sql).toList());
      assertThat(handle.state()).isEqualTo(MirrorState.PAUSED);
      assertThat(done.stream().filter(c -> c.sql().contains("ADD COLUMN")))
          .hasSize(12)
          .allMatch(c -> c.outcome() == SchemaChange.Outcome.APPLIED);
      assertThat(done.stream().filter(c -> c.outcome() == SchemaChange.Outcome.WAITS))
          .isNotEmpty()
          .allMatch(c -> String.valueOf(c.reason()).contains("resume, then call again"));
      handle.resume();
      databases.source().execute("UPDATE users SET plain = 8 WHERE id % 10 = 1");
      assertThat(told(handle.syncSchema())).allMatch(c -> c.startsWith("APPLIED"));
      assertThat(handle.syncSchema()).isEmpty();
      writes.close();
      handle.awaitCaughtUp(SOON);
      assertAlike("users");
      handle.drop();
    }
  }

  @Test
  void aRunningMirrorWaitsForTheRowsOnTheWay() {
    createUsers();
    try (MirrorHandle handle = running(mirror(databases, "public.users"))) {
      // Nobody writes to the table meanwhile, as a row of the new shape would stop the mirror.
      databases
          .source()
          .execute(
              "UPDATE users SET name = 'before' WHERE id < 50",
              "ALTER TABLE users ADD c int NOT NULL DEFAULT 5",
              "ALTER TABLE users ADD twice int GENERATED ALWAYS AS (id * 2) STORED",
              "ALTER TABLE users ALTER name DROP NOT NULL, ALTER name SET DEFAULT 'nobody'",
              "COMMENT ON TABLE users IS 'people; it''s all of them'");
      assertThat(told(handle.syncSchema()))
          .containsExactlyInAnyOrder(
              "APPLIED ALTER TABLE \"public\".\"users\" ADD COLUMN \"c\" integer DEFAULT 5",
              "APPLIED ALTER TABLE \"public\".\"users\" ALTER COLUMN \"c\" SET NOT NULL",
              "APPLIED ALTER TABLE \"public\".\"users\" ADD COLUMN \"twice\" integer GENERATED ALWAYS"
                  + " AS ((id * 2)) STORED",
              "APPLIED ALTER TABLE \"public\".\"users\" ALTER COLUMN \"name\" DROP NOT NULL",
              "APPLIED ALTER TABLE \"public\".\"users\" ALTER COLUMN \"name\" SET DEFAULT"
                  + " 'nobody'::text",
              "APPLIED COMMENT ON TABLE \"public\".\"users\" IS 'people; it''s all of them'");
      assertThat(handle.state()).isEqualTo(MirrorState.RUNNING);
      databases.source().execute("UPDATE users SET name = NULL, c = 6 WHERE id = 3");
      handle.awaitCaughtUp(SOON);
      assertAlike("users");
      assertThat(handle.syncSchema()).isEmpty();
      handle.drop();
    }
  }

  @Test
  void columnsThatBothSidesGotByHandNeedNothing() {
    createUsers();
    try (MirrorHandle handle = running(mirror(databases, "public.users"))) {
      handle.pause();
      databases.destination().execute("ALTER TABLE users ADD COLUMN last_login TIMESTAMP");
      databases.source().execute("ALTER TABLE users ADD COLUMN last_login TIMESTAMP");
      assertThat(handle.planSchema()).isEmpty();
      assertThat(handle.syncSchema()).isEmpty();
      handle.resume();
      databases.source().execute("UPDATE users SET last_login = '2020-02-02' WHERE id < 9");
      handle.awaitCaughtUp(SOON);
      assertAlike("users");
      handle.drop();
    }
  }

  @Test
  void valuesThatAreNotSentAreLeftToAPersonAndAResync() {
    createUsers();
    try (MirrorHandle handle = running(mirror(databases, "public.users"))) {
      databases.source().execute("ALTER TABLE users ADD chance float8 DEFAULT random()");
      SchemaChange change = handle.syncSchema().get(0);
      assertThat(told(List.of(change)))
          .containsExactly(
              "BY_HAND ALTER TABLE \"public\".\"users\" ADD COLUMN \"chance\" double precision");
      assertThat(change.reason()).contains("not sent", "run it, then resync(public.users)");
      databases.destination().execute(change.sql());
      handle.resync(TableName.parse("public.users"));
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("users");
      assertThat(told(handle.syncSchema()))
          .containsExactly(
              "APPLIED ALTER TABLE \"public\".\"users\" ALTER COLUMN \"chance\" SET DEFAULT random()");
      assertAlike("users");
      handle.drop();
    }
  }

  @Test
  @SidesDiffer("nothing is altered")
  void rewrittenTablesAreLookedThrough() {
    createUsers();
    databases
        .source()
        .execute(
            "CREATE TABLE one (id int PRIMARY KEY)",
            "INSERT INTO one VALUES (1)",
            "CREATE TABLE whole (id int)",
            "ALTER TABLE whole REPLICA IDENTITY FULL",
            "INSERT INTO whole VALUES (1)");
    try (MirrorHandle handle =
        running(mirror(databases, "public.users", "public.one", "public.whole"))) {
      handle.pause();
      databases
          .source()
          .execute(
              "ALTER TABLE users ADD c int, ADD d int DEFAULT 4, ADD e int",
              "UPDATE users SET e = id WHERE id = 150",
              "VACUUM FULL users",
              "ALTER TABLE one ADD n serial",
              "ALTER TABLE whole ADD c int",
              "VACUUM FULL whole");
      List<SchemaChange> plan = handle.planSchema();
      assertThat(plan.get(0).reason()).contains("USING", "call resync(public.users)");
      assertThat(plan.get(3).reason()).contains("values from a sequence");
      assertThat(told(plan))
          .containsExactly(
              "DUE ALTER TABLE \"public\".\"users\" ADD COLUMN \"c\" integer",
              "DUE ALTER TABLE \"public\".\"users\" ADD COLUMN \"d\" integer DEFAULT 4",
              "BY_HAND ALTER TABLE \"public\".\"users\" ADD COLUMN \"e\" integer",
              "BY_HAND ALTER TABLE \"public\".\"one\" ADD COLUMN \"n\" integer",
              "BY_HAND ALTER TABLE \"public\".\"whole\" ADD COLUMN \"c\" integer");
      handle.drop();
    }
  }

  @Test
  void quotedNamesPartitionsAndOtherOrdersAreNoObstacle() {
    databases
        .source()
        .execute(
            "CREATE SCHEMA \"My S\"",
            "CREATE TABLE \"My S\".\"T.x\" (\"Id\" int PRIMARY KEY, t text, n int)"
                + " PARTITION BY RANGE (\"Id\")",
            "CREATE TABLE low PARTITION OF \"My S\".\"T.x\" FOR VALUES FROM (0) TO (100)",
            "CREATE TABLE high PARTITION OF \"My S\".\"T.x\" FOR VALUES FROM (100) TO (200)",
            "INSERT INTO \"My S\".\"T.x\" SELECT i, 'old', i FROM generate_series(1, 199) i");
    databases.destination().execute("CREATE TABLE other (n int, t text, \"Id\" int PRIMARY KEY)");
    TableMapping mapping = TableMapping.from("\"My S\".\"T.x\"").to("public.other");
    try (MirrorHandle handle = running(mirror(databases).table(mapping))) {
      handle.awaitCaughtUp(SOON);
      databases
          .source()
          .execute(
              "ALTER TABLE \"My S\".\"T.x\" ADD \"a \"\"b\"\"\" text DEFAULT 'kept'",
              "CREATE TABLE more PARTITION OF \"My S\".\"T.x\" FOR VALUES FROM (200) TO (300)");
      assertThat(told(handle.syncSchema()))
          .containsExactly(
              "APPLIED ALTER TABLE \"public\".\"other\" ADD COLUMN \"a \"\"b\"\"\" text"
                  + " DEFAULT 'kept'::text");
      databases
          .source()
          .execute(
              "INSERT INTO \"My S\".\"T.x\" VALUES (250, 'new', 1, 'mine')",
              "UPDATE \"My S\".\"T.x\" SET t = 'changed' WHERE \"Id\" % 7 = 0");
      handle.awaitCaughtUp(SOON);
      TableComparison.assertEqual(
          databases.source(), "\"My S\".\"T.x\"", databases.destination(), "other");
      handle.drop();
    }
  }

  @Test
  void droppedColumnsKeepTheirValuesAndStopNoRow() {
    createUsers();
    try (MirrorHandle handle = running(mirror(databases, "public.users"))) {
      handle.awaitCaughtUp(SOON);
      databases.source().execute("ALTER TABLE users DROP name");
      List<SchemaChange> told = handle.syncSchema();
      assertThat(told(told))
          .containsExactly(
              "APPLIED ALTER TABLE \"public\".\"users\" ALTER COLUMN \"name\" DROP NOT NULL",
              "BY_HAND ALTER TABLE \"public\".\"users\" DROP COLUMN \"name\"");
      databases.source().execute("INSERT INTO users VALUES (1000)");
      handle.awaitCaughtUp(SOON);
      assertThat(databases.destination().queryLong("SELECT count(name) FROM users")).isEqualTo(200);
      databases.destination().execute(told.get(1).sql());
      assertThat(handle.syncSchema()).isEmpty();
      databases.source().execute("INSERT INTO users VALUES (1001)");
      handle.awaitCaughtUp(SOON);
      assertAlike("users");
      handle.drop();
    }
  }

  @Test
  void widerTypesAndNewLabelsFollow() {
    databases
        .source()
        .execute(
            "CREATE TYPE mood AS ENUM ('sad', 'ok')",
            "CREATE TYPE hue AS ENUM ('red')",
            "CREATE DOMAIN hues AS hue[]",
            "CREATE TABLE a (id int PRIMARY KEY, m mood, ms mood[], t varchar(5), p numeric(6,2),"
                + " h hues)",
            "INSERT INTO a VALUES (1, 'sad', '{ok}', 'short', 1.25, '{red}')");
    databases
        .destination()
        .execute(
            "CREATE TYPE mood AS ENUM ('sad', 'ok')",
            "CREATE TYPE hue AS ENUM ('red')",
            "CREATE DOMAIN hues AS hue[]");
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      handle.awaitCaughtUp(SOON);
      databases
          .source()
          .execute(
              "ALTER TYPE mood ADD VALUE 'worse' BEFORE 'sad'",
              "ALTER TYPE mood ADD VALUE 'happy'",
              "ALTER TYPE hue ADD VALUE 'blue'",
              "ALTER TABLE a ALTER id TYPE bigint, ALTER t TYPE text, ALTER p TYPE numeric(9,2)");
      List<SchemaChange> done = handle.syncSchema();
      assertThat(done).hasSize(6).allMatch(c -> c.outcome() == SchemaChange.Outcome.APPLIED);
      assertThat(done.stream().map(SchemaChange::reason).filter(Objects::nonNull))
          .hasSize(3)
          .allMatch(reason -> String.valueOf(reason).contains("USING"));
      databases
          .source()
          .execute(
              "INSERT INTO a VALUES (5000000000, 'worse', '{happy,ok}', 'no longer short', 1234567.89,"
                  + " '{blue,red}')");
      handle.awaitCaughtUp(SOON);
      assertAlike("a");
      databases.source().execute("ALTER TABLE a ALTER t TYPE int USING length(t)");
      assertThat(told(handle.syncSchema()))
          .containsExactly("BY_HAND ALTER TABLE \"public\".\"a\" ALTER COLUMN \"t\" TYPE integer");
      databases.source().execute("ALTER TABLE a DROP COLUMN t");
      databases.destination().execute("ALTER TABLE a DROP COLUMN t");
      handle.drop();
    }
  }

  @Test
  void whatTheDestinationHasNoEqualOfIsLeftToAPerson() {
    TestDatabase destination = databases.destination();
    databases
        .source()
        .execute(
            "CREATE TABLE users (id int PRIMARY KEY, name text, kind varchar(9), boss int, born date,"
                + " CONSTRAINT kinds CHECK (kind IN ('a', 'b')))",
            "CREATE INDEX by_kind ON users (id) WHERE kind IN ('a', 'b')",
            "INSERT INTO users SELECT i, 'n' || i, 'a', i, '2000-01-01' FROM generate_series(1, 200) i");
    try (MirrorHandle handle = running(mirror(databases, "public.users"))) {
      handle.awaitCaughtUp(SOON);
      // The destination words the lists otherwise than the source.
      Await.until(
          SOON,
          "the check is there",
          () ->
              destination.queryLong("SELECT count(*) FROM pg_constraint WHERE conname = 'kinds'")
                  == 1);
      assertThat(handle.planSchema()).isEmpty();
      handle.pause();
      databases
          .source()
          .execute(
              "ALTER TABLE users ALTER id ADD GENERATED ALWAYS AS IDENTITY (START 1000)",
              "CREATE INDEX by_name ON users (lower(name) DESC) WITH (fillfactor = 70)",
              "CREATE INDEX by_born ON users (born)",
              "CREATE INDEX by_boss ON users (boss)",
              "ALTER TABLE users ADD CONSTRAINT once UNIQUE (boss, id)",
              "ALTER TABLE users ADD CONSTRAINT grown CHECK (born < DATE '2100-01-01')",
              "ALTER TABLE users ADD CONSTRAINT above FOREIGN KEY (boss) REFERENCES users",
              "ALTER TABLE users ADD late int CHECK (late > 0)",
              "CREATE INDEX by_late ON users (late)");
      destination.execute(
          "ALTER TABLE users DROP CONSTRAINT users_pkey",
          "ALTER TABLE users ADD CONSTRAINT grown CHECK (born < DATE '2200-01-01')",
          "CREATE INDEX by_name ON users (lower(name))",
          "CREATE INDEX as_well ON users (born) WITH (fillfactor = 50)",
          "CREATE INDEX half_built ON users (boss)",
          "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'half_built'::regclass");
      List<String> ofOldColumns =
          List.of(
              "BY_HAND ALTER TABLE \"public\".\"users\" ALTER COLUMN \"id\" ADD GENERATED BY DEFAULT AS"
                  + " IDENTITY",
              "BY_HAND CREATE UNIQUE INDEX \"users_pkey\" ON \"public\".\"users\" USING btree (\"id\");"
                  + " ALTER TABLE \"public\".\"users\" ADD CONSTRAINT \"users_pkey\" PRIMARY KEY USING"
                  + " INDEX \"users_pkey\"",
              "BY_HAND CREATE INDEX \"by_name1\" ON \"public\".\"users\" USING btree (lower(name) DESC)"
                  + " WITH (fillfactor='70')",
              "BY_HAND CREATE INDEX \"by_boss\" ON \"public\".\"users\" USING btree (boss)",
              "BY_HAND CREATE UNIQUE INDEX \"once\" ON \"public\".\"users\" USING btree (boss, id);"
                  + " ALTER TABLE \"public\".\"users\" ADD CONSTRAINT \"once\" UNIQUE USING INDEX"
                  + " \"once\"",
              "BY_HAND ALTER TABLE \"public\".\"users\" ADD CONSTRAINT \"grown\" CHECK ((born <"
                  + " '2100-01-01'::date)) NOT VALID; ALTER TABLE \"public\".\"users\" VALIDATE"
                  + " CONSTRAINT \"grown\"",
              "BY_HAND ALTER TABLE \"public\".\"users\" ADD CONSTRAINT \"above\" FOREIGN KEY (\"boss\")"
                  + " REFERENCES \"public\".\"users\" (\"id\") NOT VALID; ALTER TABLE"
                  + " \"public\".\"users\" VALIDATE CONSTRAINT \"above\"");
      assertThat(told(handle.planSchema()))
          .containsAll(ofOldColumns)
          .noneMatch(change -> change.contains("by_late"));
      List<SchemaChange> left = handle.syncSchema();
      left = left.stream().filter(c -> c.outcome() == SchemaChange.Outcome.BY_HAND).toList();
      assertThat(told(left))
          .containsAll(ofOldColumns)
          .hasSize(ofOldColumns.size() + 2)
          .anyMatch(change -> change.contains("CREATE INDEX \"by_late\""))
          .anyMatch(change -> change.contains("CHECK ((late > 0))"));
      assertThat(left)
          .filteredOn(change -> change.sql().contains("\"grown\""))
          .allMatch(change -> String.valueOf(change.reason()).contains("another one of that name"));
      destination.execute("ALTER TABLE users DROP CONSTRAINT grown");
      left.forEach(change -> destination.execute(change.sql().split("; ")));
      assertThat(handle.syncSchema()).isEmpty();
      handle.resume();
      databases
          .source()
          .execute(
              "INSERT INTO users (name, kind, boss, late) VALUES ('new', 'b', 7, 1)",
              "UPDATE users SET boss = 3 WHERE boss = 9");
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("users");
      destination.execute("DROP INDEX by_boss", "ALTER TABLE users DROP CONSTRAINT above");
    }
    MirrorBuilder unwanted =
        mirror(databases, "public.users").replicateIndexes(false).replicateForeignKeys(false);
    try (MirrorHandle handle = running(unwanted)) {
      assertThat(handle.planSchema()).isEmpty();
      handle.drop();
    }
  }

  @Test
  void renamesThatAreCertainFollow() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY, x text, z text)",
            "INSERT INTO a SELECT i, 'x' || i, 'z' || i FROM generate_series(1, 50) i");
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      handle.awaitCaughtUp(SOON);
      databases.source().execute("ALTER TABLE a RENAME x TO y");
      assertThat(told(handle.syncSchema()))
          .containsExactly("APPLIED ALTER TABLE \"public\".\"a\" RENAME COLUMN \"x\" TO \"y\"");
      databases.source().execute("UPDATE a SET y = 'changed' WHERE id < 5");
      handle.awaitCaughtUp(SOON);
      assertAlike("a");
      // The last column could as well be dropped, and another one added.
      databases.source().execute("ALTER TABLE a RENAME z TO last");
      List<SchemaChange> told = handle.syncSchema();
      assertThat(told(told))
          .containsExactly(
              "BY_HAND ALTER TABLE \"public\".\"a\" ADD COLUMN \"last\" text",
              "BY_HAND ALTER TABLE \"public\".\"a\" DROP COLUMN \"z\"");
      assertThat(told.get(0).reason())
          .contains("ALTER TABLE \"public\".\"a\" RENAME COLUMN \"z\" TO \"last\"");
      databases.destination().execute("ALTER TABLE a RENAME COLUMN z TO last");
      assertThat(handle.syncSchema()).isEmpty();
      databases.source().execute("UPDATE a SET last = 'changed' WHERE id > 45");
      handle.awaitCaughtUp(SOON);
      assertAlike("a");
      handle.drop();
    }
  }

  @Test
  @SidesDiffer("what the source has cannot be known to the destination")
  void whatCouldBeAnotherColumnUnderItsNameIsNotAdded() {
    databases
        .source()
        .execute(
            "CREATE TABLE replaced (id int PRIMARY KEY, a int, b int)",
            "CREATE TABLE again (id int PRIMARY KEY)",
            "CREATE TABLE remade (id int PRIMARY KEY, c int)",
            "CREATE TABLE gone (id int PRIMARY KEY, kept int)",
            "INSERT INTO replaced VALUES (1, 1, 1)",
            "INSERT INTO again VALUES (1)",
            "INSERT INTO remade VALUES (1, 1)",
            "ALTER TABLE gone ADD c int DEFAULT 5",
            "INSERT INTO gone VALUES (1, 1, 6), (2, 2, 7)");
    try (MirrorHandle handle =
        running(
            mirror(databases, "public.replaced", "public.again", "public.gone", "public.remade"))) {
      handle.pause();
      databases
          .source()
          .execute(
              "ALTER TABLE replaced ADD fresh bigint",
              "UPDATE replaced SET fresh = a",
              "ALTER TABLE replaced RENAME a TO old_a",
              "ALTER TABLE replaced RENAME fresh TO a",
              "ALTER TABLE again ADD c int DEFAULT 5",
              "INSERT INTO again VALUES (2, 6)",
              "ALTER TABLE again DROP c",
              "ALTER TABLE again ADD c int DEFAULT 7",
              "ALTER TABLE remade DROP c, ADD c bigint DEFAULT 2");
      databases.destination().execute("ALTER TABLE gone DROP c");
      assertThat(told(handle.syncSchema()))
          .containsExactlyInAnyOrder(
              "BY_HAND ALTER TABLE \"public\".\"replaced\" ADD COLUMN \"old_a\" integer",
              "BY_HAND ALTER TABLE \"public\".\"replaced\" ALTER COLUMN \"a\" TYPE bigint",
              "BY_HAND ALTER TABLE \"public\".\"again\" ADD COLUMN \"c\" integer",
              "BY_HAND ALTER TABLE \"public\".\"gone\" ADD COLUMN \"c\" integer",
              "BY_HAND ALTER TABLE \"public\".\"remade\" ALTER COLUMN \"c\" TYPE bigint",
              "WAITS ALTER TABLE \"public\".\"remade\" ALTER COLUMN \"c\" SET DEFAULT 2");
      handle.drop();
    }
  }

  @Test
  @SidesDiffer("a column is excluded")
  void excludedColumnsStayOutAndColumnListsTakeAResync() {
    assumeTrue(databases.source().server().major() >= 15, "PostgreSQL 14 excludes no columns");
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY, secret text)", "INSERT INTO a VALUES (1, 's')");
    TableMapping mapping = TableMapping.from("public.a").excludeColumns("secret");
    try (MirrorHandle handle = running(mirror(databases).table(mapping))) {
      handle.awaitCaughtUp(SOON);
      assertThat(handle.syncSchema()).isEmpty();
      databases
          .source()
          .execute(
              "ALTER TABLE a ADD c int",
              "UPDATE a SET c = 5",
              "COMMENT ON COLUMN a.id IS 'counts'");
      List<SchemaChange> told = handle.syncSchema();
      SchemaChange change = told.get(0);
      assertThat(told(told))
          .containsExactly(
              "BY_HAND ALTER TABLE \"public\".\"a\" ADD COLUMN \"c\" integer",
              "WAITS COMMENT ON COLUMN \"public\".\"a\".\"id\" IS 'counts'");
      assertThat(told.get(1).reason()).contains("call resync(public.a) first");
      assertThat(change.reason()).contains("has a list of the table's columns", "resync(public.a)");
      databases.destination().execute(change.sql());
      handle.resync(TableName.parse("public.a"));
      handle.awaitCaughtUp(SOON);
      assertThat(told(handle.syncSchema())).allMatch(c -> c.startsWith("APPLIED")).hasSize(1);
      databases.source().execute("UPDATE a SET c = c + 1");
      handle.awaitCaughtUp(SOON);
      TableComparison.assertEqual(databases.source(), "a", databases.destination(), "a", "id", "c");
      assertThat(shape(MirrorDatabases::destination, "a")).hasSize(2);
      handle.drop();
    }
  }
}
