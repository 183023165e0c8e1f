package io.bunnydb.examples.control;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The table {@code bunny.control_mirror}: how it comes and goes, and its rows.
 *
 * <p>Sessions may run with an empty {@code search_path}, so every name is qualified.
 */
final class RequestTable {
  /** What an administrator may run beforehand, where the role may not create tables. */
  static final String DDL =
      """
      CREATE TABLE bunny.control_mirror (
        mirror text PRIMARY KEY,
        request jsonb NOT NULL,
        created_at timestamp with time zone NOT NULL DEFAULT pg_catalog.now()
      );
      COMMENT ON TABLE bunny.control_mirror IS 'The request that made each mirror, kept by the control server';
      """;

  // Beside the checkpoint store's locks, whose first key is the same; the ASCII codes of "bunn".
  private static final String LOCK = "SELECT pg_catalog.pg_advisory_xact_lock(1651863150, 3)";

  private static final String DEPENDENT_OBJECTS_STILL_EXIST = "2BP01";
  private static final String INSUFFICIENT_PRIVILEGE = "42501";

  private RequestTable() {}

  /** The requests of all mirrors, as JSON, by the mirror's name, the oldest first. */
  static Map<String, String> read(Connection connection) throws SQLException {
    Map<String, String> requests = new LinkedHashMap<>();
    if (exists(connection)) {
      try (Statement statement = connection.createStatement();
          ResultSet row =
              statement.executeQuery(
                  "SELECT mirror, request FROM bunny.control_mirror ORDER BY created_at, mirror")) {
        while (row.next()) {
          requests.put(row.getString(1), row.getString(2));
        }
      }
    }
    return requests;
  }

  /** The statements that make the table, unless it is there. */
  static List<String> missing(Connection connection) throws SQLException {
    return exists(connection) ? List.of() : Arrays.stream(DDL.split(";\n")).toList();
  }

  /**
   * Keeps a mirror's request, unless it is kept already. The schema exists; the caller holds it.
   */
  static void keep(Connection connection, String mirror, String request) throws SQLException {
    if (!exists(connection)) {
      execute(connection, LOCK);
      if (!exists(connection)) {
        execute(connection, DDL);
      }
    }
    try (PreparedStatement insert =
        connection.prepareStatement(
            "INSERT INTO bunny.control_mirror (mirror, request)"
                + " VALUES (?, CAST(? AS pg_catalog.jsonb)) ON CONFLICT DO NOTHING")) {
      insert.setString(1, mirror);
      insert.setString(2, request);
      insert.executeUpdate();
    }
  }

  /**
   * Forgets a mirror's request, and removes the table behind the last, then the schema if nothing
   * else is in it. The caller is alone with the schema.
   */
  static void forget(Connection connection, String mirror) throws SQLException {
    if (!exists(connection)) {
      return;
    }
    try (PreparedStatement delete =
        connection.prepareStatement("DELETE FROM bunny.control_mirror WHERE mirror = ?")) {
      delete.setString(1, mirror);
      delete.executeUpdate();
    }
    if (isTrue(connection, "SELECT NOT EXISTS (SELECT FROM bunny.control_mirror)")
        && drop(connection, "DROP TABLE bunny.control_mirror")) {
      drop(connection, "DROP SCHEMA bunny");
    }
  }

  /** Reads the catalog by its rows, which waiting for a lock refreshes. */
  static boolean exists(Connection connection) throws SQLException {
    return isTrue(
        connection,
        """
        SELECT EXISTS (
          SELECT FROM pg_catalog.pg_class c
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
          WHERE n.nspname = 'bunny' AND c.relname = 'control_mirror')
        """);
  }

  /** Whether it is gone; what others depend on, or the role does not own, stays. */
  private static boolean drop(Connection connection, String command) throws SQLException {
    Savepoint before = connection.setSavepoint();
    try {
      execute(connection, command);
    } catch (SQLException e) {
      if (!DEPENDENT_OBJECTS_STILL_EXIST.equals(e.getSQLState())
          && !INSUFFICIENT_PRIVILEGE.equals(e.getSQLState())) {
        throw e;
      }
      connection.rollback(before);
      return false;
    }
    connection.releaseSavepoint(before);
    return true;
  }

  private static void execute(Connection connection, String command) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(command);
    }
  }

  private static boolean isTrue(Connection connection, String query) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      return row.next() && row.getBoolean(1);
    }
  }
}
