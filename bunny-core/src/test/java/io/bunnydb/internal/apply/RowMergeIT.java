package io.bunnydb.internal.apply;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.TableName;
import io.bunnydb.internal.apply.RowMerge.Changes;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.Table;
import io.bunnydb.testing.MirrorDatabases;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A table that gets the rows of another by changing those alone that differ. */
final class RowMergeIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private static Table table(Connection connection, String name) throws SQLException {
    return Catalog.table(connection, TableName.parse(name)).orElseThrow();
  }

  private static Changes merge(String... columns) throws SQLException {
    try (Connection connection = databases.destination().connection()) {
      WriterSettings.prepare(connection);
      connection.setAutoCommit(false);
      Changes changes =
          new RowMerge(
                  connection,
                  table(connection, "public.t"),
                  table(connection, "public.s"),
                  List.of(columns))
              .run();
      connection.commit();
      return changes;
    }
  }

  private static List<?> rows(String table) {
    return databases
        .destination()
        .queryStrings("SELECT ROW(x.*)::text FROM " + table + " x ORDER BY 1");
  }

  @Test
  void changesTheRowsThatDifferAlone() throws SQLException {
    databases
        .destination()
        .execute(
            "CREATE TABLE t (id int PRIMARY KEY, n numeric, j json, p point, local text DEFAULT 'd')",
            "INSERT INTO t SELECT i, i, '{}', '(1,2)', 'mine' FROM generate_series(1, 10) i",
            "CREATE TABLE s (id int PRIMARY KEY, n numeric, j json, p point)",
            "INSERT INTO s SELECT id, n, j, p FROM t",
            "DELETE FROM t WHERE id = 1",
            "INSERT INTO t VALUES (11, 0, NULL, NULL), (12, 0, NULL, NULL)",
            "UPDATE t SET n = 2.00 WHERE id = 2", // equal to 2, and not the same
            "UPDATE t SET j = '{ }' WHERE id = 3",
            "UPDATE t SET p = NULL WHERE id = 4",
            "CREATE TABLE untouched AS SELECT id, xmin::text AS x FROM t WHERE id > 4 AND id < 11");
    assertThat(merge("id", "n", "j", "p")).isEqualTo(new Changes(2, 3, 1));
    assertThat(rows("(SELECT id, n, j, p FROM t)")).isEqualTo(rows("s"));
    assertThat(rows("(SELECT id, xmin::text FROM t WHERE id > 4)")).isEqualTo(rows("untouched"));
    // What the destination alone has stays where the row does.
    assertThat(rows("(SELECT id, local FROM t WHERE id < 3)")).hasToString("[(1,d), (2,mine)]");
    assertThat(merge("id", "n", "j", "p")).isEqualTo(new Changes(0, 0, 0));
  }

  @Test
  void handsUniqueValuesFromRowToRow() throws SQLException {
    databases
        .destination()
        .execute(
            "CREATE TABLE t (id int PRIMARY KEY, u text UNIQUE)",
            "INSERT INTO t SELECT i, i FROM generate_series(1, 100) i",
            "CREATE TABLE s (id int PRIMARY KEY, u text)",
            "INSERT INTO s SELECT i, 101 - i FROM generate_series(1, 100) i");
    assertThat(merge("id", "u")).isEqualTo(new Changes(100, 0, 100));
    assertThat(rows("t")).isEqualTo(rows("s"));
  }

  @Test
  void writesIdentitiesThatAreAlwaysGenerated() throws SQLException {
    databases
        .destination()
        .execute(
            "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text)",
            "INSERT INTO t (v) VALUES ('a'), ('b')",
            "CREATE TABLE s (id int PRIMARY KEY, v text)",
            "INSERT INTO s VALUES (2, 'B'), (7, 'c')");
    assertThat(merge("id", "v")).isEqualTo(new Changes(1, 1, 1));
    assertThat(rows("t")).isEqualTo(rows("s"));
    databases
        .destination()
        .execute(
            "DROP TABLE t, s",
            "CREATE TABLE t (k text PRIMARY KEY, n int GENERATED ALWAYS AS IDENTITY)",
            "INSERT INTO t (k) VALUES ('a'), ('b')",
            "CREATE TABLE s (k text PRIMARY KEY, n int)",
            "INSERT INTO s VALUES ('a', 1), ('b', 20)");
    assertThat(merge("k", "n")).isEqualTo(new Changes(1, 0, 1));
    assertThat(rows("t")).isEqualTo(rows("s"));
  }

  @Test
  void keepsAsManyEqualRowsAsThereAreToBe() throws SQLException {
    databases
        .destination()
        .execute(
            "CREATE TABLE t (a int, j json) PARTITION BY LIST (a)",
            "CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1)",
            "CREATE TABLE t2 PARTITION OF t DEFAULT",
            "INSERT INTO t VALUES (1, '1'), (1, '1'), (1, '1'), (2, NULL), (2, NULL), (3, '3')",
            "CREATE TABLE s (a int, j json)",
            "INSERT INTO s VALUES (1, '1'), (2, NULL), (2, NULL), (2, NULL), (3, '3'), (NULL, 'null')");
    assertThat(merge("a", "j")).isEqualTo(new Changes(2, 0, 2));
    assertThat(rows("t")).isEqualTo(rows("s"));
  }

  @Test
  void findsRowsByTheOperatorsOfTheirOwnTypes() throws SQLException {
    databases
        .destination()
        .execute(
            "CREATE SCHEMA app",
            "CREATE DOMAIN app.code AS text",
            "CREATE TYPE app.kind AS ENUM ('x', 'y')",
            "CREATE TABLE t (\"a b\" app.code, kind app.kind, s int, o int,"
                + " PRIMARY KEY (kind, \"a b\"))",
            "INSERT INTO t VALUES ('1', 'x', 1, 1), ('1', 'y', 1, 1), ('2', 'y', 1, 1)",
            "CREATE TABLE s (\"a b\" app.code, kind app.kind, s int, o int,"
                + " PRIMARY KEY (\"a b\", kind))",
            "INSERT INTO s VALUES ('1', 'x', 1, 1), ('1', 'y', 2, 1), ('3', 'y', 1, 1)");
    assertThat(merge("a b", "kind", "s", "o")).isEqualTo(new Changes(1, 1, 1));
    assertThat(rows("t")).isEqualTo(rows("s"));
  }

  @Test
  void refusesATableThatDoesNotTakeTheRows() {
    databases
        .destination()
        .execute(
            "CREATE TABLE t (id int PRIMARY KEY)",
            "CREATE TABLE s (id int PRIMARY KEY)",
            "INSERT INTO s VALUES (1)",
            "CREATE FUNCTION pass_over() RETURNS trigger LANGUAGE plpgsql"
                + " AS 'BEGIN RETURN NULL; END'",
            "CREATE TRIGGER pass_over BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION pass_over()",
            "ALTER TABLE t ENABLE ALWAYS TRIGGER pass_over");
    assertThatThrownBy(() -> merge("id"))
        .isInstanceOf(SQLException.class)
        .hasMessageContaining("is there a trigger or rule on it?");
  }
}
