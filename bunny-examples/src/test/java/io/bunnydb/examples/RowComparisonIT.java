package io.bunnydb.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.SidesDiffer;
import io.bunnydb.testing.TestDatabase;
import java.sql.SQLException;
import java.util.List;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.postgresql.ds.PGSimpleDataSource;

/** What the comparison of two tables finds. */
@SidesDiffer("what differs is to be found")
final class RowComparisonIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  @BeforeEach
  void fillBothSides() {
    for (TestDatabase side : List.of(databases.source(), databases.destination())) {
      side.execute(
          "CREATE TABLE t (a integer, b text)",
          "INSERT INTO t VALUES (1, 'x'), (2, NULL), (2, NULL), (3, '')");
    }
  }

  @Test
  void findsEqualRowsIdenticalWhateverTheirOrder() throws SQLException {
    databases.destination().execute("UPDATE t SET a = a WHERE a = 1");
    RowComparison comparison = compare();
    assertThat(comparison.isIdentical()).isTrue();
    assertThat(comparison.line()).contains("4").endsWith("identical");
  }

  @Test
  void missesOneOfTwoEqualRows() throws SQLException {
    databases.destination().execute("DELETE FROM t WHERE ctid = '(0,2)'");
    RowComparison comparison = compare();
    assertThat(comparison.differences()).containsExactly("only on the source: (2,)");
    assertThat(comparison.sourceRows()).isEqualTo(4);
    assertThat(comparison.destinationRows()).isEqualTo(3);
    assertThat(comparison.line()).endsWith("DIFFERENT");
  }

  @Test
  void tellsAnEmptyTextFromNone() throws SQLException {
    databases.destination().execute("UPDATE t SET b = NULL WHERE a = 3");
    assertThat(compare().differences())
        .containsExactly("only on the source: (3,\"\")", "only on the destination: (3,)");
  }

  @Test
  void showsTheFirstFiveDifferences() throws SQLException {
    databases.source().execute("INSERT INTO t SELECT n, 'new' FROM generate_series(11, 90) n");
    databases.source().execute("INSERT INTO t VALUES (11, 'new')");
    assertThat(compare().differences())
        .hasSize(5)
        .startsWith("only on the source, 2 times: (11,new)", "only on the source: (12,new)");
  }

  private static RowComparison compare() throws SQLException {
    return RowComparison.of(
        "t", dataSource(databases.source()), dataSource(databases.destination()));
  }

  private static DataSource dataSource(TestDatabase database) {
    PGSimpleDataSource dataSource = new PGSimpleDataSource();
    dataSource.setUrl(database.url());
    dataSource.setUser(database.user());
    dataSource.setPassword(database.password());
    return dataSource;
  }
}
