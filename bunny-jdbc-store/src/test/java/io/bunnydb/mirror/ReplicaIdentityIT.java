package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.bunnydb.MirrorHandle;
import io.bunnydb.TableMapping;
import io.bunnydb.TableStatus;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.SidesDiffer;
import io.bunnydb.testing.TableComparison;
import io.bunnydb.testing.TestDatabase;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Each replica identity is made again on the destination, and rows are found by it when they are
 * updated and deleted.
 */
final class ReplicaIdentityIT {
  private static final String[] CHANGES = {
    "UPDATE a SET n = n + 100 WHERE k < 5",
    "UPDATE a SET k = k + 1000, c = 'moved' WHERE k BETWEEN 4 AND 6",
    "DELETE FROM a WHERE k IN (1, 2, 1004)",
    "INSERT INTO a VALUES (1, 'new', 1, 1)",
    "UPDATE a SET n = NULL WHERE k = 1"
  };

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private static void createTable(String columns, String... more) {
    databases
        .source()
        .execute(
            "CREATE TABLE a (" + columns + ")",
            "INSERT INTO a SELECT i, 'c', i, i FROM generate_series(1, 10) i");
    databases.source().execute(more);
  }

  /** Mirrors the table and its changes; each must have met its row. */
  private static void mirrors(TableMapping mapping) {
    try (MirrorHandle handle = running(mirror(databases).table(mapping))) {
      databases.source().execute(CHANGES);
      handle.awaitCaughtUp(SOON);
      TableStatus status = handle.status().tables().get(0);
      assertThat(status.rowsUpdated()).isEqualTo(8);
      assertThat(status.rowsDeleted()).isEqualTo(3);
      assertThat(status.rowsInserted()).isEqualTo(1);
      assertThat(status.rowsMissing()).isZero();
      handle.drop();
    }
  }

  private static void assertDeclared(String... lines) {
    assertThat(Declaration.of(databases.destination(), "a")).containsExactly(lines);
  }

  @Test
  void findsRowsByPrimaryKey() {
    createTable("k int, c text, n int, m int UNIQUE, PRIMARY KEY (k, c)");
    mirrors(TableMapping.from("public.a"));
    assertDeclared(
        "k integer NOT NULL",
        "c text NOT NULL",
        "n integer",
        "m integer",
        "PRIMARY KEY (k, c)",
        "UNIQUE (m)",
        "CREATE UNIQUE INDEX USING btree (m)",
        "REPLICA IDENTITY DEFAULT");
    databases.assertMirrored("a");
  }

  @Test
  void findsRowsByIndexWithoutAnyPrimaryKey() {
    createTable(
        "k int NOT NULL, c text NOT NULL, n int, m int",
        "CREATE UNIQUE INDEX by_c_k ON a (c, k) INCLUDE (m)",
        "ALTER TABLE a REPLICA IDENTITY USING INDEX by_c_k");
    mirrors(TableMapping.from("public.a"));
    assertDeclared(
        "k integer NOT NULL",
        "c text NOT NULL",
        "n integer",
        "m integer",
        "CREATE UNIQUE INDEX USING btree (c, k)",
        "REPLICA IDENTITY USING INDEX c, k");
    databases.assertMirrored("a");
  }

  @Test
  void findsRowsByIndexBesideAPrimaryKey() {
    createTable(
        "k int NOT NULL UNIQUE, c text, n int, m int PRIMARY KEY",
        "ALTER TABLE a REPLICA IDENTITY USING INDEX a_k_key");
    mirrors(TableMapping.from("public.a"));
    assertDeclared(
        "k integer NOT NULL",
        "c text",
        "n integer",
        "m integer NOT NULL",
        "PRIMARY KEY (m)",
        "CREATE UNIQUE INDEX USING btree (k)",
        "REPLICA IDENTITY USING INDEX k");
    databases.assertMirrored("a");
  }

  @Test
  @SidesDiffer("a column is excluded")
  void findsRowsByIndexWhereThePrimaryKeyIsExcluded() {
    assumeTrue(databases.source().server().major() >= 15, "PostgreSQL 14 excludes no columns");
    createTable(
        "k int NOT NULL UNIQUE, c text, n int, m int PRIMARY KEY",
        "ALTER TABLE a REPLICA IDENTITY USING INDEX a_k_key");
    mirrors(TableMapping.from("public.a").excludeColumns("m"));
    assertDeclared(
        "k integer NOT NULL",
        "c text",
        "n integer",
        "CREATE UNIQUE INDEX USING btree (k)",
        "REPLICA IDENTITY USING INDEX k");
    TableComparison.assertEqual(
        databases.source(), "a", databases.destination(), "a", "k", "c", "n");
  }

  @Test
  void findsRowsUnderFullIdentityByPrimaryKey() {
    createTable("k int PRIMARY KEY, c text, n int, m int", "ALTER TABLE a REPLICA IDENTITY FULL");
    mirrors(TableMapping.from("public.a"));
    assertDeclared(
        "k integer NOT NULL",
        "c text",
        "n integer",
        "m integer",
        "PRIMARY KEY (k)",
        "REPLICA IDENTITY FULL");
    databases.assertMirrored("a");
  }

  @Test
  void findsRowsUnderFullIdentityByTheWholeRow() {
    createTable("k int, c text, n int, m int", "ALTER TABLE a REPLICA IDENTITY FULL");
    mirrors(TableMapping.from("public.a"));
    assertDeclared("k integer", "c text", "n integer", "m integer", "REPLICA IDENTITY FULL");
    databases.assertMirrored("a");
  }

  @Test
  void findsRowsByKeyThatRefersToObjects() {
    // The name stands for another OID on either side.
    databases.destination().execute("CREATE TABLE other (id int PRIMARY KEY)");
    for (TestDatabase side : List.of(databases.source(), databases.destination())) {
      side.execute("CREATE TABLE b (id int PRIMARY KEY)", "CREATE TABLE c (id int PRIMARY KEY)");
    }
    databases
        .source()
        .execute(
            "CREATE TABLE a (r regclass PRIMARY KEY, n int)", "INSERT INTO a VALUES ('b'), ('c')");
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      databases
          .source()
          .execute(
              "UPDATE a SET n = 1 WHERE r = 'b'::regclass",
              "UPDATE a SET r = 'pg_class' WHERE r = 'b'::regclass",
              "DELETE FROM a WHERE r = 'c'::regclass");
      handle.awaitCaughtUp(SOON);
      assertThat(handle.status().tables().get(0).rowsMissing()).isZero();
      databases.assertMirrored("a");
      handle.drop();
    }
  }
}
