package io.bunnydb.scenarios;

import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The sessions in which a scenario's statements run, each side's own, by name. */
final class Sessions implements AutoCloseable {
  private final MirrorDatabases databases;
  private final Map<String, Connection> open = new HashMap<>();

  Sessions(MirrorDatabases databases) {
    this.databases = databases;
  }

  /** Runs statements in a session, which is opened when it is first named. */
  void run(TestDatabase side, String name, List<String> lines) throws SQLException {
    String key = (side == databases.source() ? "source " : "destination ") + name;
    Connection session = open.computeIfAbsent(key, k -> side.connection());
    for (String sql : statements(lines)) {
      try (Statement statement = session.createStatement()) {
        statement.execute(sql);
      }
    }
  }

  /** A statement ends with a line that ends with a semicolon, but not within {@code $$}. */
  private static List<String> statements(List<String> lines) {
    List<String> statements = new ArrayList<>();
    StringBuilder statement = new StringBuilder();
    boolean isQuoted = false;
    for (String line : lines) {
      statement.append(line).append('\n');
      isQuoted ^= (line.length() - line.replace("$$", "").length()) / 2 % 2 == 1;
      if (line.stripTrailing().endsWith(";") && !isQuoted) {
        statements.add(statement.toString());
        statement.setLength(0);
      }
    }
    if (!statement.toString().isBlank()) {
      throw new IllegalArgumentException("a statement lacks its semicolon: " + statement);
    }
    return statements;
  }

  /** The mirrored columns of a table as SQL; computed ones are left to the destination. */
  String columns(TestDatabase source, TableMapping table) {
    String columns =
        source.queryString(
            "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute"
                + " WHERE attrelid = CAST(? AS regclass) AND attnum > 0 AND NOT attisdropped"
                + " AND attgenerated = '' AND attname::text <> ALL (CAST(? AS text[]))",
            table.source().toSql(),
            table.excludedColumns().toArray(new String[0]));
    return columns == null ? "1" : columns;
  }

  /**
   * A table as FROM names it: without those that inherit from it, which are tables of their own.
   */
  String from(TestDatabase source, TableName table) {
    boolean isPartitioned =
        source.queryLong(
                "SELECT count(*) FROM pg_class WHERE oid = CAST(? AS regclass) AND relkind = 'p'",
                table.toSql())
            > 0;
    return isPartitioned ? table.toSql() : "ONLY " + table.toSql();
  }

  @Override
  public void close() {
    for (Connection session : open.values()) {
      try {
        session.close();
      } catch (SQLException e) {
        throw new AssertionError(e);
      }
    }
    open.clear();
  }
}
