package io.bunnydb.testing;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Runs SQL with failures that show the statement. */
final class Sql {

  private Sql() {}

  /**
   * Runs statements one after another.
   *
   * @return how many
   */
  static int execute(Connection connection, String... sql) {
    for (String each : sql) {
      try (Statement statement = connection.createStatement()) {
        statement.execute(each);
      } catch (SQLException e) {
        throw new TestDatabaseException(e.getMessage() + " in: " + each, e);
      }
    }
    return sql.length;
  }

  /** Reads the first column of each row. */
  static List<@Nullable String> strings(
      Connection connection, String sql, @Nullable Object... args) {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < args.length; i++) {
        statement.setObject(i + 1, args[i]);
      }
      List<@Nullable String> values = new ArrayList<>();
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          values.add(rows.getString(1));
        }
      }
      return values;
    } catch (SQLException e) {
      throw new TestDatabaseException(e.getMessage() + " in: " + sql, e);
    }
  }

  /** The identifier in double quotes. */
  static String quote(String identifier) {
    return '"' + identifier.replace("\"", "\"\"") + '"';
  }
}
