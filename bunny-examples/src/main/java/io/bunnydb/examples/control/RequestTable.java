package io.bunnydb.examples.control;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
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

  /** What others depend on, or the role does not own, stays. */
  private static final String DROP_IF_EMPTY =
      """
      DO $$
      BEGIN
        IF NOT EXISTS (SELECT FROM bunny.control_mirror) THEN
          DROP TABLE bunny.control_mirror;
          BEGIN
            DROP SCHEMA bunny;
          EXCEPTION WHEN dependent_objects_still_exist OR insufficient_privilege THEN
            NULL;
          END;
        END IF;
      EXCEPTION WHEN dependent_objects_still_exist OR insufficient_privilege THEN
        NULL;
      END
      $$
      """;

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
      try (Statement statement = connection.createStatement()) {
        statement.execute(LOCK);
        if (!exists(connection)) {
          statement.execute(DDL);
        }
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
            connection.prepareStatement("DELETE FROM bunny.control_mirror WHERE mirror = ?");
        Statement drop = connection.createStatement()) {
      delete.setString(1, mirror);
      delete.executeUpdate();
      drop.execute(DROP_IF_EMPTY);
    }
  }

  /** Reads the catalog by its rows, which waiting for a lock refreshes. */
  static boolean exists(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                """
                SELECT FROM pg_catalog.pg_class c
                JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = 'bunny' AND c.relname = 'control_mirror'
                """)) {
      return row.next();
    }
  }
}
