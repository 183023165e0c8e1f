package io.bunnydb.mirror;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.bunnydb.MirrorBuilder;
import io.bunnydb.TableMapping;
import io.bunnydb.testing.MirrorDatabases;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A start is refused, before anything is made, for source tables and mappings that cannot work. */
final class SourceTablePreflightIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private final Refusals refusals = new Refusals(databases);

  private static void onSource(String... sql) {
    databases.source().execute(sql);
  }

  private String problem(String table) {
    return problem(TableMapping.from(table));
  }

  private String problem(TableMapping mapping) {
    return refusals.problem(refusals.mirror().table(mapping));
  }

  private static void assumeColumnListsAndFilters() {
    assumeTrue(databases.source().server().major() >= 15, "PostgreSQL 14 has neither");
  }

  @Test
  void refusesUnknownTable() {
    onSource("CREATE TABLE users (id int PRIMARY KEY)", "CREATE SCHEMA other");
    for (String name : new String[] {"public.user", "other.users", "\"Public\".users"}) {
      assertThat(problem(name))
          .isEqualTo("the source has no table " + name + "; check schema and spelling");
    }
  }

  @Test
  void refusesWhatIsNoTable() {
    onSource(
        "CREATE TABLE base (id int PRIMARY KEY)",
        "CREATE VIEW a_view AS SELECT * FROM base",
        "CREATE MATERIALIZED VIEW a_matview AS SELECT * FROM base",
        "CREATE SEQUENCE a_sequence",
        "CREATE FOREIGN DATA WRAPPER nothing",
        "CREATE SERVER far FOREIGN DATA WRAPPER nothing",
        "CREATE FOREIGN TABLE a_foreign (id int) SERVER far");
    for (String name : new String[] {"a_view", "a_matview", "a_sequence", "a_foreign"}) {
      assertThat(problem("public." + name))
          .isEqualTo(
              "table public."
                  + name
                  + " is not an ordinary or partitioned table; only those are replicated");
    }
  }

  @Test
  void refusesUnloggedTable() {
    onSource("CREATE UNLOGGED TABLE fast (id int PRIMARY KEY)");
    assertThat(problem("public.fast"))
        .isEqualTo(
            "table public.fast is unlogged or temporary; ALTER TABLE \"public\".\"fast\" SET LOGGED");
  }

  @Test
  void refusesTableWithoutIdentity() {
    onSource(
        "CREATE TABLE keyless (n int)",
        "CREATE TABLE silent (id int PRIMARY KEY)",
        "ALTER TABLE silent REPLICA IDENTITY NOTHING",
        "CREATE TABLE lost_index (id int NOT NULL)",
        "CREATE UNIQUE INDEX lost ON lost_index (id)",
        "ALTER TABLE lost_index REPLICA IDENTITY USING INDEX lost",
        "DROP INDEX lost");
    for (String name : new String[] {"keyless", "silent", "lost_index"}) {
      assertThat(problem("public." + name))
          .contains(
              "table public." + name + " has no replica identity",
              "UPDATE and DELETE would fail on the source",
              "add a primary key, or ALTER TABLE ... REPLICA IDENTITY FULL");
    }
  }

  @Test
  void refusesPartitionWithoutIdentity() {
    onSource(
        "CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id)",
        "CREATE TABLE low PARTITION OF parted FOR VALUES FROM (0) TO (10)",
        "CREATE TABLE high PARTITION OF parted FOR VALUES FROM (10) TO (20)",
        "ALTER TABLE high REPLICA IDENTITY NOTHING");
    assertThat(problem("public.parted"))
        .contains("table public.parted (partitions public.high) has no replica identity", "FULL");
  }

  @Test
  void refusesPartitionWithAnotherIdentity() {
    onSource(
        "CREATE TABLE parted (id int PRIMARY KEY, t text NOT NULL) PARTITION BY RANGE (id)",
        "CREATE TABLE same PARTITION OF parted FOR VALUES FROM (0) TO (10)",
        "CREATE TABLE whole PARTITION OF parted FOR VALUES FROM (10) TO (20)",
        "ALTER TABLE whole REPLICA IDENTITY FULL",
        "CREATE TABLE other PARTITION OF parted FOR VALUES FROM (20) TO (30)",
        "CREATE UNIQUE INDEX other_key ON other (t)",
        "ALTER TABLE other REPLICA IDENTITY USING INDEX other_key");
    assertThat(problem("public.parted"))
        .contains("public.whole", "public.other", "another replica identity than the table itself")
        .doesNotContain("public.same");
  }

  @Test
  void refusesExcludedColumnThatIsPartOfTheKey() {
    assumeColumnListsAndFilters();
    onSource("CREATE TABLE a (id int, part int, t text, PRIMARY KEY (id, part))");
    assertThat(problem(TableMapping.from("public.a").excludeColumns("t", "part")))
        .isEqualTo(
            "table public.a: column part belongs to the replica identity and cannot be excluded; leave"
                + " it in, or choose another key");
  }

  @Test
  void refusesExcludedColumnThatIsUnknown() {
    assumeColumnListsAndFilters();
    onSource("CREATE TABLE a (id int PRIMARY KEY, cost int)");
    assertThat(problem(TableMapping.from("public.a").excludeColumns("Cost", "cost", "price")))
        .isEqualTo("table public.a has no column Cost, price to exclude; check spelling and case");
  }

  @Test
  void refusesExcludedColumnUnderFullIdentity() {
    assumeColumnListsAndFilters();
    onSource("CREATE TABLE a (id int PRIMARY KEY, t text)", "ALTER TABLE a REPLICA IDENTITY FULL");
    assertThat(problem(TableMapping.from("public.a").excludeColumns("t")))
        .contains("table public.a has REPLICA IDENTITY FULL", "exclude none");
  }

  @Test
  void refusesUnknownPartitionKey() {
    onSource("CREATE TABLE a (id int PRIMARY KEY)");
    assertThat(problem(TableMapping.from("public.a").partitionKey("user_id")))
        .isEqualTo("table public.a has no column user_id to divide it by; check spelling and case");
  }

  @Test
  void refusesRowFilterOutsideTheIdentity() {
    assumeColumnListsAndFilters();
    onSource("CREATE TABLE a (id int PRIMARY KEY, region text, n int)");
    assertThat(
            problem(TableMapping.from("public.a").where("id > 10 AND region = 'eu' OR n IS NULL")))
        .contains("row filter of public.a uses", "region", "n", "filter by key columns")
        .doesNotContain("uses id");
  }

  @Test
  void refusesRowFilterThatTheServerRefuses() {
    assumeColumnListsAndFilters();
    onSource("CREATE TABLE a (id int PRIMARY KEY)", "CREATE TABLE b (id int PRIMARY KEY)");
    for (String filter :
        new String[] {
          "id >>> nonsense",
          "id > ",
          "no_such_column = 1",
          "id + 1",
          "random() > 0.5",
          "id IN (SELECT id FROM public.b)"
        }) {
      assertThat(problem(TableMapping.from("public.a").where(filter)))
          .contains("does not accept the publication", "mend the row filter");
    }
  }

  @Test
  void refusesRowFilterThatClosesItsParenthesis() {
    assumeColumnListsAndFilters();
    onSource("CREATE TABLE a (id int PRIMARY KEY)", "CREATE TABLE b (id int PRIMARY KEY)");
    assertThat(problem(TableMapping.from("public.a").where("true), public.b WHERE (true")))
        .isEqualTo("a row filter names further tables; balance its parentheses");
  }

  @Test
  void refusesTablesOneByOne() {
    onSource("CREATE TABLE ok (id int PRIMARY KEY)", "CREATE TABLE keyless (n int)");
    MirrorBuilder builder =
        refusals.mirror().table("public.ok").table("public.keyless").table("public.gone");
    assertThat(refusals.problems(builder))
        .satisfiesExactly(
            p -> assertThat(p).contains("public.keyless"),
            p -> assertThat(p).contains("public.gone"));
  }
}
