package io.bunnydb.internal.catalog;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Quoting, and the few ways in which commands are run. */
public final class Sql {
  private Sql() {}

  /** Turns one row of a result into a value. */
  @FunctionalInterface
  public interface RowReader<T> {
    /** The value of the row that the cursor stands on. */
    T read(ResultSet row) throws SQLException;
  }

  /** An identifier for use in SQL, always quoted. */
  public static String identifier(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  /** Identifiers for use in SQL, quoted and divided by commas. */
  public static String identifiers(Collection<String> names) {
    StringBuilder list = new StringBuilder();
    for (String name : names) {
      list.append(list.isEmpty() ? "" : ", ").append(identifier(name));
    }
    return list.toString();
  }

  /** A string constant for use in SQL, whatever {@code standard_conforming_strings} says. */
  public static String literal(String value) {
    return (value.indexOf('\\') < 0 ? "'" : "E'")
        + value.replace("\\", "\\\\").replace("'", "''")
        + "'";
  }

  /** Runs one command. */
  public static void execute(Connection connection, String command) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(command);
    }
  }

  /** All rows of a query with parameters; an array parameter is a {@code String[]}. */
  public static <T> List<T> query(
      Connection connection, String query, RowReader<T> reader, @Nullable Object... parameters)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(query)) {
      for (int i = 0; i < parameters.length; i++) {
        Object parameter = parameters[i];
        if (parameter instanceof String[] array) {
          statement.setArray(i + 1, connection.createArrayOf("text", array));
        } else {
          statement.setObject(i + 1, parameter);
        }
      }
      try (ResultSet rows = statement.executeQuery()) {
        List<T> values = new ArrayList<>();
        while (rows.next()) {
          values.add(reader.read(rows));
        }
        return values;
      }
    }
  }

  /** Numbers as one parameter of a {@link #query}, which casts it to an array of their type. */
  public static Object array(Collection<Long> numbers) {
    return numbers.stream().map(String::valueOf).toArray(String[]::new);
  }

  /** The text of the first row's first column; null where there is no row, or a NULL. */
  public static @Nullable String queryText(
      Connection connection, String query, @Nullable Object... parameters) throws SQLException {
    List<@Nullable String> rows = query(connection, query, row -> row.getString(1), parameters);
    return rows.isEmpty() ? null : rows.get(0);
  }

  /** The truth of the first row's first column; false where there is no row, or a NULL. */
  public static boolean queryBoolean(
      Connection connection, String query, @Nullable Object... parameters) throws SQLException {
    List<Boolean> rows = query(connection, query, row -> row.getBoolean(1), parameters);
    return !rows.isEmpty() && rows.get(0);
  }
}
