package io.bunnydb.internal.verify;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.Table;
import io.bunnydb.internal.verify.ComparedTable.NotComparableException;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.SidesDiffer;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** In which order each side's keys are read, and whether it is known to be one order. */
final class TableKeyIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private static ComparedTable compared() throws SQLException, NotComparableException {
    try (Connection source = databases.source().connection();
        Connection destination = databases.destination().connection()) {
      return ComparedTable.of(source, destination, TableMapping.from("public.a"));
    }
  }

  private static ComparedTable compared(String source, String destination)
      throws SQLException, NotComparableException {
    databases.source().execute("DROP TABLE IF EXISTS a", source);
    databases.destination().execute("DROP TABLE IF EXISTS a", destination);
    return compared();
  }

  private static boolean isOfOneOrder(String type, String other)
      throws SQLException, NotComparableException {
    return compared(
            "CREATE TABLE a (k " + type + " PRIMARY KEY)",
            "CREATE TABLE a (k " + other + " PRIMARY KEY)")
        .isOfOneOrder();
  }

  @Test
  @SidesDiffer("the sides sort otherwise")
  void orderIsKnownToBeTheSameByTheVersionOfWhatSorts() throws Exception {
    assertThat(isOfOneOrder("int", "int")).isTrue();
    assertThat(isOfOneOrder("int", "bigint")).isFalse();
    assertThat(isOfOneOrder("text COLLATE \"C\"", "text COLLATE \"POSIX\"")).isTrue();
    assertThat(isOfOneOrder("text COLLATE \"C\"", "text COLLATE \"und-x-icu\"")).isFalse();
    String icu = "text COLLATE \"und-x-icu\"";
    assertThat(isOfOneOrder(icu, icu)).isTrue();
    assertThat(isOfOneOrder("jsonb", "jsonb")).isTrue();

    String nocase =
        "CREATE COLLATION other (provider = icu, locale = 'und-u-ks-level2', deterministic = %s)";
    databases.source().execute(nocase.formatted("false"));
    databases.destination().execute(nocase.formatted("true"));
    assertThat(isOfOneOrder("text COLLATE other", "text COLLATE other")).isFalse();
    assertThat(compared().sourceKey().columns().get(0).isExact()).isFalse();
    assertThat(compared().targetKey().columns().get(0).isExact()).isTrue();
  }

  /** The servers of a test have one library; one of another version is known by its version. */
  @Test
  void orderOfAnUnknownOrOtherVersionIsNotTheSame() throws Exception {
    String icu = "CREATE TABLE a (k text COLLATE \"und-x-icu\" PRIMARY KEY)";
    KeyColumn known = compared(icu, icu).sourceKey().columns().get(0);
    String version =
        databases
            .source()
            .queryString("SELECT pg_collation_actual_version('\"und-x-icu\"'::regcollation)");
    assertThat(known.collation()).contains("icu und", version, "UTF8");
    String other = String.valueOf(known.collation()).replace(String.valueOf(version), "1.2");
    assertThat(known.hasOrderOf(sorted(known, known.collation()))).isTrue();
    assertThat(known.hasOrderOf(sorted(known, other))).isFalse();
    assertThat(sorted(known, null).hasOrderOf(sorted(known, null))).isFalse();
  }

  private static KeyColumn sorted(KeyColumn column, @Nullable String collation) {
    return new KeyColumn(
        column.name(), column.type(), false, false, true, column.isExact(), true, collation);
  }

  /** After an upgrade of the operating system an index may find nothing of what is there. */
  @Test
  @SidesDiffer("the sides have other collations")
  void rowsAreNotFoundByAnIndexThatAnotherVersionHasSorted() throws Exception {
    String collation = "CREATE COLLATION other (provider = icu, locale = 'und'%s)";
    databases.source().execute(collation.formatted(""));
    databases.destination().execute(collation.formatted(", version = '1.2'"));
    String table = "CREATE TABLE a (k text COLLATE other PRIMARY KEY)";
    assertThat(compared(table, table).hasKey()).isFalse();
    databases.destination().execute("REINDEX TABLE a", "ALTER COLLATION other REFRESH VERSION");
    assertThat(compared().hasKey()).isTrue();
  }

  @Test
  @SidesDiffer("the sides have other indexes")
  void eachSideIsReadInTheOrderOfAnIndex() throws Exception {
    String columns = "CREATE TABLE a (x int, y int, z int, PRIMARY KEY (%s))";
    ComparedTable table = compared(columns.formatted("x, y"), columns.formatted("y, x"));
    assertThat(table.hasKey()).isTrue();
    assertThat(table.sourceKey().order()).containsExactly(0, 1);
    assertThat(table.targetKey().order()).containsExactly(1, 0);
    assertThat(table.isOfOneOrder()).isFalse();
    // One that begins with the key is as good, also backwards.
    databases.source().execute("CREATE INDEX ON a (y DESC, x DESC, z)");
    assertThat(compared().isOfOneOrder()).isTrue();
    assertThat(compared().sourceKey().order()).containsExactly(1, 0);
  }

  @Test
  @SidesDiffer("the sides have other indexes")
  void rowsAreNotFoundByAnIndexThatDoesNotPutThemInOrder() throws Exception {
    String text = "CREATE TABLE a (x text NOT NULL, y int NOT NULL)";
    databases.source().execute(text, "ALTER TABLE a ADD PRIMARY KEY (x, y)");
    databases.destination().execute(text);
    assertThat(orders()).isEmpty();
    databases
        .destination()
        .execute(
            "CREATE UNIQUE INDEX ON a (x text_pattern_ops, y)",
            "CREATE UNIQUE INDEX ON a (x DESC, y)",
            "CREATE UNIQUE INDEX ON a (x NULLS FIRST, y NULLS FIRST)",
            "CREATE UNIQUE INDEX ON a (x COLLATE \"und-x-icu\", y)",
            "CREATE UNIQUE INDEX ON a (x, y) WHERE y > 0",
            "CREATE UNIQUE INDEX ON a (x, (y + 0))",
            "CREATE INDEX ON a USING hash (x)",
            "CREATE INDEX ON a (x)");
    assertThat(orders()).isEmpty();
    assertThat(compared().hasKey()).isFalse();
    databases.destination().execute("CREATE INDEX ON a (y, x)");
    assertThat(orders()).containsExactly(List.of(1, 0));
    assertThat(compared().hasKey()).isTrue();
    databases.destination().execute("CREATE UNIQUE INDEX ON a (x DESC, y DESC)");
    assertThat(orders()).containsExactly(List.of(0, 1), List.of(1, 0));
  }

  private static List<List<Integer>> orders() throws SQLException {
    try (Connection destination = databases.destination().connection()) {
      Table table = Catalog.table(destination, TableName.parse("public.a")).orElseThrow();
      return TableKey.orders(destination, table, List.of("x", "y"));
    }
  }
}
