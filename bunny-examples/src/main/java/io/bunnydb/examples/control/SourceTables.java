package io.bunnydb.examples.control;

import io.bunnydb.Peer;
import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The tables of a source. */
final class SourceTables {
  /** Those that can be published: permanent ones, partitions by their root alone. */
  private static final String TABLES =
      """
      SELECT n.nspname, c.relname
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p' AND NOT c.relispartition
        AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'bunny')
        AND n.nspname NOT LIKE 'pg\\_%'
      ORDER BY 1, 2
      """;

  private SourceTables() {}

  /**
   * One table in an answer.
   *
   * @param schema its schema, not quoted
   * @param tableName its name, not quoted
   */
  record View(String schema, String tableName) {}

  /** The tables of a source that are not mirrored. */
  static List<View> besides(List<TableMapping> mirrored, Peer source) throws SQLException {
    Set<TableName> known = new HashSet<>();
    mirrored.forEach(mapping -> known.add(mapping.source()));
    List<View> available = new ArrayList<>();
    try (Connection connection = Connections.open(source);
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(TABLES)) {
      while (row.next()) {
        View table = new View(row.getString(1), row.getString(2));
        if (!known.contains(new TableName(table.schema(), table.tableName()))) {
          available.add(table);
        }
      }
    }
    return available;
  }
}
