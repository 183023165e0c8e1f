package io.bunnydb.internal.verify;

import io.bunnydb.internal.catalog.Column;
import io.bunnydb.internal.catalog.Column.Generation;
import io.bunnydb.internal.catalog.Sql;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Writes single rows of a destination table, from the text of their columns. */
final class RowWriter implements AutoCloseable {
  private final List<Integer> set = new ArrayList<>();
  private final PreparedStatement insert;
  private final @Nullable PreparedStatement update;
  private final PreparedStatement delete;

  /** Prepares; the connection is not in autocommit mode. */
  RowWriter(Connection connection, ComparedTable table) throws SQLException {
    List<String> columns = table.columns();
    String name = table.target().toSql();
    String found =
        table.targetKey().columns().stream()
            .map(key -> key.operand() + " = " + key.cast("?"))
            .collect(Collectors.joining(" AND ", " WHERE ", ""));
    List<String> assignments = new ArrayList<>();
    for (int i = 0; i < columns.size(); i++) {
      Column column = table.target().column(columns.get(i));
      if (column != null && column.generation() != Generation.IDENTITY_ALWAYS) {
        set.add(i);
        assignments.add(Sql.identifier(columns.get(i)) + " = ?");
      }
    }
    insert =
        connection.prepareStatement(
            "INSERT INTO "
                + table.target().name().toSql()
                + " ("
                + Sql.identifiers(columns)
                + ") OVERRIDING SYSTEM VALUE VALUES ("
                + String.join(", ", Collections.nCopies(columns.size(), "?"))
                + ")");
    update =
        assignments.isEmpty()
            ? null
            : connection.prepareStatement(
                "UPDATE " + name + " SET " + String.join(", ", assignments) + found);
    delete = connection.prepareStatement("DELETE FROM " + name + found);
  }

  /** Inserts a row that is not there. */
  void insert(List<@Nullable String> values) throws SQLException {
    for (int i = 0; i < values.size(); i++) {
      set(insert, i + 1, values.get(i));
    }
    requireOne(insert);
  }

  /** Gives the mirrored columns of a row that is there other values. */
  void update(Key key, List<@Nullable String> values) throws SQLException {
    PreparedStatement statement = update;
    if (statement == null) {
      return;
    }
    int parameter = 1;
    for (int column : set) {
      set(statement, parameter++, values.get(column));
    }
    setKey(statement, parameter, key);
    requireOne(statement);
  }

  /** Deletes a row that is there. */
  void delete(Key key) throws SQLException {
    setKey(delete, 1, key);
    requireOne(delete);
  }

  private static void setKey(PreparedStatement statement, int from, Key key) throws SQLException {
    for (int i = 0; i < key.values().size(); i++) {
      set(statement, from + i, key.values().get(i));
    }
  }

  private static void set(PreparedStatement statement, int parameter, @Nullable String value)
      throws SQLException {
    if (value == null) {
      statement.setNull(parameter, Types.OTHER);
    } else {
      statement.setString(parameter, value);
    }
  }

  private static void requireOne(PreparedStatement statement) throws SQLException {
    int rows = statement.executeUpdate();
    if (rows != 1) {
      throw new SQLException(
          "a row was to be written, " + rows + " were; is there a trigger or rule?", "09000");
    }
  }

  @Override
  @SuppressWarnings("try") // the statements are named for their closing alone
  public void close() throws SQLException {
    try (insert;
        PreparedStatement second = update;
        delete) {
      // Closed in reverse.
    }
  }
}
