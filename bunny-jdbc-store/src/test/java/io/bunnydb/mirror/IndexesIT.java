package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.bunnydb.EventQuery;
import io.bunnydb.ExistingRowPolicy;
import io.bunnydb.MirrorEvent.Level;
import io.bunnydb.MirrorHandle;
import io.bunnydb.TableMapping;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.SidesDiffer;
import io.bunnydb.testing.TableComparison;
import io.bunnydb.testing.TestDatabase;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A table that Bunny makes gets the source table's indexes, of whatever kind. */
final class IndexesIT {
  // Names are told for themselves, so that tables of other names can be compared.
  private static final String INDEXES =
      """
      SELECT concat_ws(' ', c.relname, CASE WHEN i.indisunique THEN 'UNIQUE' END,
        CASE WHEN NOT i.indimmediate THEN 'later' END,
        regexp_replace(pg_get_indexdef(i.indexrelid),
          '^.*? USING (btree|hash|gin|gist|spgist|brin) ', '\\1 '), k.contype,
        pg_get_constraintdef(k.oid))
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
      LEFT JOIN pg_constraint k ON k.conindid = c.oid AND k.conrelid = i.indrelid
      WHERE i.indrelid = ?::regclass AND NOT i.indisprimary ORDER BY 1
      """;

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private static List<@Nullable String> indexes(TestDatabase database, String table) {
    return database.queryStrings(INDEXES, table);
  }

  private static String[] everyKind() {
    List<String> statements =
        new ArrayList<>(
            List.of(
                "CREATE TABLE a (id int PRIMARY KEY, n int, \"Odd \"\"One\" text, t text, j jsonb,"
                    + " tags text[], r int4range, p point, at timestamptz, doc tsvector,"
                    + " CONSTRAINT named UNIQUE (n, t), UNIQUE (id, t) DEFERRABLE,"
                    + " CONSTRAINT later UNIQUE (t, n, id) INCLUDE (at) WITH (fillfactor = 60)"
                    + " DEFERRABLE INITIALLY DEFERRED,"
                    + " CONSTRAINT apart EXCLUDE USING gist (r WITH &&) WHERE (n < 0))",
                "CREATE INDEX ON a (n DESC NULLS LAST, id NULLS FIRST)",
                "CREATE INDEX ON a (\"Odd \"\"One\" COLLATE \"C\" text_pattern_ops)",
                "CREATE INDEX ON a USING hash (t)",
                "CREATE INDEX ON a USING gin (j jsonb_path_ops) WITH (fastupdate = off)",
                "CREATE INDEX ON a USING gin (tags, j)",
                "CREATE INDEX ON a USING gist (p)",
                "CREATE INDEX ON a USING gist (doc tsvector_ops (siglen = 100))",
                "CREATE INDEX ON a USING spgist (p quad_point_ops)",
                "CREATE INDEX ON a USING brin (at timestamptz_minmax_multi_ops"
                    + " (values_per_range = 16)) WITH (pages_per_range = 4)",
                "CREATE INDEX ON a (lower(t), (n + 1)) INCLUDE (at)",
                "CREATE UNIQUE INDEX \"part ial\" ON a (n) WHERE t = 'it''s' AND id > 3",
                "CREATE UNIQUE INDEX ON a ((j ->> 'key')) WHERE j ? 'key'",
                "CREATE INDEX ON a (t) WITH (fillfactor = 70, deduplicate_items = off)",
                "CREATE INDEX \"named USING odd\" ON a (id DESC)"));
    if (databases.source().server().major() >= 15) {
      statements.add("CREATE UNIQUE INDEX ON a (n, at) NULLS NOT DISTINCT WHERE id < 0");
    }
    statements.add(
        "INSERT INTO a SELECT i, i, 'odd', 'text ' || i, '{}', '{x}', int4range(i, i + 2),"
            + " point(i, i), now(), 'word' FROM generate_series(1, 500) i");
    statements.add("ANALYZE a");
    return statements.toArray(new String[0]);
  }

  @ParameterizedTest
  @ValueSource(longs = {250_000, 100})
  void everyKindIsMadeAgain(long rowsPerPartition) {
    databases.source().execute(everyKind());
    try (MirrorHandle handle =
        running(
            mirror(databases)
                .table(TableMapping.from("public.a").to("\"Other One\".\"USING b\""))
                .snapshotRowsPerPartition(rowsPerPartition))) {
      assertThat(indexes(databases.destination(), "\"Other One\".\"USING b\""))
          .hasSizeGreaterThan(17)
          .isEqualTo(indexes(databases.source(), "a"));
      // Unique values move from row to row, one by one and all at once.
      databases
          .source()
          .execute(
              "UPDATE a SET t = t || '+', j = '{\"key\": 1}' WHERE id = 7",
              "BEGIN; DELETE FROM a WHERE id = 7; UPDATE a SET n = 7, t = 'text 7+',"
                  + " j = '{\"key\": 1}' WHERE id = 8; INSERT INTO a (id, n, t) VALUES (7, 8, 'text 8');"
                  + " COMMIT",
              "UPDATE a SET n = n + 1000, t = 'it''s' WHERE id > 100",
              "BEGIN; DELETE FROM a WHERE id BETWEEN 101 AND 300;"
                  + " UPDATE a SET n = n - 200 WHERE id > 300; COMMIT",
              "INSERT INTO a (id, n, t) SELECT i, -i, 'more' FROM generate_series(1001, 1500) i");
      handle.awaitCaughtUp(SOON);
      TableComparison.assertEqual(
          databases.source(), "a", databases.destination(), "\"Other One\".\"USING b\"");
      assertThat(handle.planSchema()).isEmpty();
      handle.drop();
    }
  }

  @Test
  @ExpectsLog(
      "destination table public.a does without by_twice.*twice.*42883.*"
          + "CREATE INDEX \"by_twice\" ON \"public\".\"a\" USING btree \\(public.twice\\(n\\)\\)")
  void indexThatCannotBeBuiltIsToldOfAndNoMore() {
    databases
        .source()
        .execute(
            "CREATE FUNCTION twice(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 * 2'",
            "CREATE TABLE a (id int PRIMARY KEY, n int)",
            "CREATE INDEX by_twice ON a (twice(n))",
            "CREATE INDEX by_n ON a (n)",
            "INSERT INTO a VALUES (1, 1), (2, 2)");
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      databases.source().execute("UPDATE a SET n = 3 WHERE id = 1");
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      assertThat(indexes(databases.destination(), "a")).containsExactly("by_n btree (n)");
      assertThat(handle.events(new EventQuery(9, 0, Level.WARN, "does without")).events())
          .hasSize(1)
          .allMatch(event -> event.details().get("index").equals("by_twice"));
      assertThat(handle.planSchema()).singleElement().matches(c -> c.sql().contains("by_twice"));
      handle.drop();
    }
  }

  @Test
  void namesThatAreTakenGetANumber() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY, n int, CONSTRAINT one UNIQUE (n))",
            "CREATE INDEX taken ON a (n)",
            "INSERT INTO a VALUES (1, 1)");
    databases.destination().execute("CREATE TABLE taken ()", "CREATE TABLE taken1 ()");
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      assertThat(indexes(databases.destination(), "a"))
          .containsExactly("one UNIQUE btree (n) u UNIQUE (n)", "taken2 btree (n)");
      assertThat(handle.planSchema()).isEmpty();
      databases.destination().execute("DROP TABLE taken, taken1");
      handle.drop();
    }
  }

  @Test
  void indexesAreLeftOutWhereTheyAreNotWanted() {
    databases
        .source()
        .execute("CREATE TABLE a (id int PRIMARY KEY, n int UNIQUE)", "CREATE INDEX ON a (n)");
    try (MirrorHandle handle = running(mirror(databases, "public.a").replicateIndexes(false))) {
      assertThat(indexes(databases.destination(), "a")).isEmpty();
      assertThat(handle.planSchema()).isEmpty();
      handle.drop();
    }
  }

  @Test
  void invalidIndexesAndThoseOfPartitionsAreLeftOutAndToldOf() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY, n int) PARTITION BY RANGE (id)",
            "CREATE TABLE a_1 PARTITION OF a FOR VALUES FROM (0) TO (10)",
            "CREATE TABLE a_2 PARTITION OF a FOR VALUES FROM (10) TO (20)",
            "CREATE INDEX whole ON a (n)",
            "CREATE INDEX half ON ONLY a (n DESC)",
            "CREATE INDEX own ON a_1 (n, id)",
            "INSERT INTO a VALUES (1, 1), (11, 2)");
    try (Overheard log = new Overheard();
        MirrorHandle handle = running(mirror(databases, "public.a"))) {
      assertThat(indexes(databases.destination(), "a")).containsExactly("whole btree (n)");
      assertThat(log.text())
          .contains("index half of public.a is not made on the destination: it is not valid")
          .contains("index public.own of public.a is not made on the destination");
      assertThat(handle.planSchema()).isEmpty();
      handle.drop();
    }
  }

  @Test
  @SidesDiffer("columns are excluded")
  void indexesThatUseExcludedColumnsAreLeftOutAndToldOf() {
    assumeTrue(databases.source().server().major() >= 15, "PostgreSQL 14 excludes no columns");
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY, n int, secret text,"
                + " made text GENERATED ALWAYS AS (upper(secret)) STORED, UNIQUE (n, secret))",
            "CREATE INDEX by_expression ON a (lower(secret))",
            "CREATE INDEX by_predicate ON a (n) WHERE secret IS NULL",
            "CREATE INDEX by_include ON a (n) INCLUDE (secret)",
            "CREATE INDEX by_made ON a (made)",
            "CREATE INDEX by_n ON a (n)",
            "INSERT INTO a VALUES (1, 1, 'hidden')");
    try (Overheard log = new Overheard();
        MirrorHandle handle =
            running(
                mirror(databases).table(TableMapping.from("public.a").excludeColumns("secret")))) {
      assertThat(indexes(databases.destination(), "a")).containsExactly("by_n btree (n)");
      for (String index : List.of("by_expression", "by_predicate", "by_include", "by_made")) {
        assertThat(log.text())
            .contains("index " + index + " of public.a is not made on the destination: it uses");
      }
      assertThat(handle.planSchema()).isEmpty();
      handle.drop();
    }
  }

  @Test
  void deferrableConstraintOverTheKeyIsLeftOut() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY, n int, UNIQUE (id) DEFERRABLE)",
            "INSERT INTO a VALUES (1, 1)");
    try (MirrorHandle handle =
        running(mirror(databases, "public.a").onExistingRow(ExistingRowPolicy.OVERWRITE))) {
      databases.source().execute("INSERT INTO a VALUES (2, 2)", "UPDATE a SET n = 3 WHERE id = 1");
      handle.awaitCaughtUp(SOON);
      assertThat(indexes(databases.destination(), "a")).isEmpty();
      databases.assertMirrored("public.a");
      handle.drop();
    }
  }
}
