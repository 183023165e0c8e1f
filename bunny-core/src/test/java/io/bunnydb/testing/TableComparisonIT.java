package io.bunnydb.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tables are compared as multisets of rows. */
@SidesDiffer("the tables differ on purpose")
final class TableComparisonIT {

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  @Test
  void countsDuplicates() {
    both("CREATE TABLE a (t text)");
    databases.source().execute("INSERT INTO a VALUES ('x'), ('x'), ('x'), ('y')");
    databases.destination().execute("INSERT INTO a VALUES ('x'), ('y'), ('y'), ('y')");

    assertThat(differences("SELECT * FROM a"))
        .containsExactly(
            "only in source:      (x) [2 times]", "only in destination: (y) [2 times]");
  }

  @Test
  void ignoresTheOrderOfRowsAndColumns() {
    databases
        .source()
        .execute("CREATE TABLE a (id int, t text)", "INSERT INTO a VALUES (1, 'x'), (2, 'y')");
    databases
        .destination()
        .execute("CREATE TABLE b (t text, id int)", "INSERT INTO b VALUES ('y', 2), ('x', 1)");

    TableComparison.assertEqual(databases.source(), "a", databases.destination(), "b");
  }

  @Test
  void tellsNullFromEmpty() {
    both("CREATE TABLE a (t text)");
    databases.source().execute("INSERT INTO a VALUES (NULL)");
    databases.destination().execute("INSERT INTO a VALUES ('')");

    assertThat(differences("SELECT * FROM a"))
        .containsExactly("only in destination: (\"\")", "only in source:      ()");
  }

  @Test
  void sortsByBytes() {
    both("CREATE TABLE a (t text)");
    // U+FFFD sorts after U+1F600 in UTF-16, before it in UTF-8.
    databases.source().execute("INSERT INTO a VALUES (U&'\\FFFD'), (U&'\\+01F600'), ('z')");
    databases.destination().execute("INSERT INTO a VALUES (U&'\\+01F600'), ('z')");

    assertThat(differences("SELECT * FROM a")).containsExactly("only in source:      (\uFFFD)");
  }

  @Test
  void isIndependentOfSessionSettings() {
    both(
        "CREATE TABLE a (at timestamptz, b bytea, f float8, i interval)",
        "INSERT INTO a VALUES ('2024-02-03 04:05:06Z', '\\x00ff', 0.1, '1 day')");
    databases
        .destination()
        .execute(
            "SET TimeZone = 'Asia/Tokyo'",
            "SET IntervalStyle = 'iso_8601'",
            "SET bytea_output = 'escape'",
            "SET extra_float_digits = -10");

    databases.assertMirrored("public.a");
  }

  @Test
  void comparesChosenColumnsAndFilteredRows() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int, secret text)", "INSERT INTO a VALUES (1, 's'), (20, 's')");
    databases.destination().execute("CREATE TABLE a (id int)", "INSERT INTO a VALUES (20)");

    assertThatThrownBy(() -> databases.assertMirrored("a")).hasMessageContaining("columns differ");
    assertThatThrownBy(
            () ->
                TableComparison.assertEqual(
                    databases.source(), "a", databases.destination(), "a", "id"))
        .hasMessageContaining("only in source:      (1)");
    TableComparison.assertQueriesEqual(
        databases.source(),
        "SELECT id FROM a WHERE id > 10",
        databases.destination(),
        "SELECT id FROM a");
  }

  @Test
  void showsTheFirstTwentyDifferences() {
    both("CREATE TABLE a (id int)");
    databases.source().execute("INSERT INTO a SELECT generate_series(1, 5000)");

    assertThat(differences("SELECT * FROM a")).hasSize(21).endsWith("... and more");
  }

  private static List<String> differences(String query) {
    return TableComparison.differences(databases.source(), query, databases.destination(), query);
  }

  private static void both(String... sql) {
    databases.source().execute(sql);
    databases.destination().execute(sql);
  }
}
