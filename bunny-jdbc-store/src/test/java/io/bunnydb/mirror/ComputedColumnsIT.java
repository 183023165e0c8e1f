package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.bunnydb.MirrorHandle;
import io.bunnydb.TableMapping;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.SidesDiffer;
import io.bunnydb.testing.TableComparison;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Generated columns of tables that Bunny creates. The story: excluding column {@code a} cost the
 * destination a column that was computed from {@code total_tax}, because its name has an "a".
 */
final class ComputedColumnsIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private final Refusals refusals = new Refusals(databases);

  private static void mirrors(TableMapping mapping, String... changes) {
    try (MirrorHandle handle = running(mirror(databases).table(mapping))) {
      databases.source().execute(changes);
      handle.awaitCaughtUp(SOON);
      handle.drop();
    }
  }

  private static void assertDeclared(String... lines) {
    assertThat(Declaration.of(databases.destination(), "a")).containsExactly(lines);
  }

  @Test
  void storedColumnsAreComputedByTheDestination() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY, price numeric, amount int,"
                + " total numeric GENERATED ALWAYS AS (price * amount) STORED,"
                + " label text GENERATED ALWAYS AS ('no ' || id) STORED NOT NULL)",
            "INSERT INTO a SELECT i, i, i FROM generate_series(1, 9) i");
    mirrors(
        TableMapping.from("public.a"),
        "INSERT INTO a VALUES (10, 2.5, 4)",
        "UPDATE a SET amount = 7 WHERE id < 5",
        "DELETE FROM a WHERE id = 9");
    assertDeclared(
        "id integer NOT NULL",
        "price numeric",
        "amount integer",
        "total numeric STORED (price * (amount)::numeric)",
        "label text STORED ('no '::text || id) NOT NULL",
        "PRIMARY KEY (id)",
        "REPLICA IDENTITY DEFAULT");
    databases.assertMirrored("a");
  }

  @Test
  void virtualColumnsAreComputedByTheDestination() {
    assumeTrue(databases.source().server().major() >= 18, "PostgreSQL 18 has virtual columns");
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY, n int,"
                + " twice int GENERATED ALWAYS AS (n * 2) VIRTUAL)",
            "INSERT INTO a SELECT i, i FROM generate_series(1, 9) i");
    mirrors(TableMapping.from("public.a"), "INSERT INTO a VALUES (10, 2)", "UPDATE a SET n = -n");
    String kind = databases.destination().server().major() >= 18 ? "VIRTUAL" : "STORED";
    assertDeclared(
        "id integer NOT NULL",
        "n integer",
        "twice integer " + kind + " (n * 2)",
        "PRIMARY KEY (id)",
        "REPLICA IDENTITY DEFAULT");
    databases.assertMirrored("a");
  }

  @Test
  @SidesDiffer("columns are excluded")
  void onlyColumnsComputedFromExcludedOnesAreLeftOut() {
    assumeTrue(databases.source().server().major() >= 15, "PostgreSQL 14 excludes no columns");
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY, a int, \"q\"\"uote\" int, total_tax int,"
                + " from_tax int GENERATED ALWAYS AS (total_tax * total_tax) STORED,"
                + " word text GENERATED ALWAYS AS ('a') STORED,"
                + " from_a int GENERATED ALWAYS AS (a + total_tax) STORED,"
                + " from_quote int GENERATED ALWAYS AS (-\"q\"\"uote\") STORED,"
                + " itself int GENERATED ALWAYS AS (total_tax) STORED)",
            "INSERT INTO a VALUES (1, 1, 1, 1), (2, 2, 2, 2)");
    mirrors(
        TableMapping.from("public.a").excludeColumns("a", "q\"uote", "itself"),
        "INSERT INTO a VALUES (3, 3, 3, 3)",
        "UPDATE a SET total_tax = 10 WHERE id = 1",
        "UPDATE a SET a = 10 WHERE id = 2");
    assertDeclared(
        "id integer NOT NULL",
        "total_tax integer",
        "from_tax integer STORED (total_tax * total_tax)",
        "word text STORED 'a'::text",
        "PRIMARY KEY (id)",
        "REPLICA IDENTITY DEFAULT");
    TableComparison.assertEqual(
        databases.source(),
        "a",
        databases.destination(),
        "a",
        "id",
        "total_tax",
        "from_tax",
        "word");
  }

  @Test
  void keyWithAComputedColumnIsRefused() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int, name text, folded text GENERATED ALWAYS AS (lower(name)) STORED,"
                + " n int NOT NULL UNIQUE, PRIMARY KEY (id, folded))",
            "INSERT INTO a VALUES (1, 'A', DEFAULT, 1), (1, 'B', DEFAULT, 2)");
    assertThat(refusals.problem(refusals.mirror().table("public.a")))
        .contains(
            "table public.a: the generated column folded belongs to the replica identity",
            "its values are not sent",
            "REPLICA IDENTITY USING INDEX");
    databases.source().execute("ALTER TABLE a REPLICA IDENTITY USING INDEX a_n_key");
    mirrors(
        TableMapping.from("public.a"),
        "UPDATE a SET name = 'D' WHERE n = 1",
        "DELETE FROM a WHERE n = 2");
    databases.assertMirrored("a");
  }

  @Test
  void fullIdentityWithAComputedColumnIsRefusedWhereUpdatesWouldFail() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int, twice int GENERATED ALWAYS AS (id * 2) STORED)",
            "ALTER TABLE a REPLICA IDENTITY FULL",
            "INSERT INTO a VALUES (1), (2), (2)");
    if (databases.source().server().major() >= 18) {
      assertThat(refusals.problem(refusals.mirror().table("public.a")))
          .contains("table public.a: the generated column twice belongs to the replica identity");
    } else {
      mirrors(
          TableMapping.from("public.a"),
          "UPDATE a SET id = 3 WHERE id = 1",
          "DELETE FROM a WHERE id = 2",
          "INSERT INTO a VALUES (4)");
      databases.assertMirrored("a");
    }
  }

  @Test
  void partitionWithAComputedColumnInItsKeyIsRefused() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY, n int GENERATED ALWAYS AS (-id) STORED NOT NULL)"
                + " PARTITION BY RANGE (id)",
            "CREATE TABLE part PARTITION OF a FOR VALUES FROM (0) TO (9)",
            "CREATE UNIQUE INDEX by_n ON part (n)",
            "ALTER TABLE part REPLICA IDENTITY USING INDEX by_n");
    assertThat(refusals.problem(refusals.mirror().table("public.a")))
        .contains("its partitions public.part have another replica identity");
  }
}
