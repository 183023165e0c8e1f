package io.bunnydb.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RowComparisonIT {
  private static EmbeddedServers servers;

  @BeforeAll
  static void startServers() throws Exception {
    servers = EmbeddedServers.start();
  }

  @AfterAll
  static void stopServers() throws Exception {
    servers.close();
  }

  @BeforeEach
  void fillBothSides() throws SQLException {
    for (DataSource side : new DataSource[] {servers.source(), servers.destination()}) {
      execute(side, "DROP TABLE IF EXISTS t");
      execute(side, "CREATE TABLE t (a integer, b text)");
      execute(side, "INSERT INTO t VALUES (1, 'x'), (2, NULL), (2, NULL), (3, '')");
    }
  }

  @Test
  void findsEqualRowsIdenticalWhateverTheirOrder() throws SQLException {
    execute(servers.destination(), "UPDATE t SET a = a WHERE a = 1");
    RowComparison comparison = compare();
    assertThat(comparison.isIdentical()).isTrue();
    assertThat(comparison.line()).contains("4").endsWith("identical");
  }

  @Test
  void missesOneOfTwoEqualRows() throws SQLException {
    execute(servers.destination(), "DELETE FROM t WHERE ctid = '(0,2)'");
    RowComparison comparison = compare();
    assertThat(comparison.differences()).containsExactly("only on the source: (2,)");
    assertThat(comparison.sourceRows()).isEqualTo(4);
    assertThat(comparison.destinationRows()).isEqualTo(3);
    assertThat(comparison.line()).endsWith("DIFFERENT");
  }

  @Test
  void tellsAnEmptyTextFromNone() throws SQLException {
    execute(servers.destination(), "UPDATE t SET b = NULL WHERE a = 3");
    assertThat(compare().differences())
        .containsExactly("only on the source: (3,\"\")", "only on the destination: (3,)");
  }

  @Test
  void showsTheFirstFiveDifferences() throws SQLException {
    execute(servers.source(), "INSERT INTO t SELECT n, 'new' FROM generate_series(11, 90) n");
    execute(servers.source(), "INSERT INTO t VALUES (11, 'new')");
    assertThat(compare().differences())
        .hasSize(5)
        .startsWith("only on the source, 2 times: (11,new)", "only on the source: (12,new)");
  }

  private static RowComparison compare() throws SQLException {
    return RowComparison.of("t", servers.source(), servers.destination());
  }

  private static void execute(DataSource database, String sql) throws SQLException {
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
