package io.bunnydb.internal.engine;

import io.bunnydb.Peer;
import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.Sql;
import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * The SQL by which an administrator gives a peer's role what it lacks.
 *
 * @param peer the peer
 */
record Grants(Peer peer) {

  private String to() {
    return " TO " + Sql.identifier(peer.user());
  }

  /** Lets the role find what is in a schema. */
  String useSchema(String schema) {
    return "GRANT USAGE ON SCHEMA " + Sql.identifier(schema) + to();
  }

  /** Lets the role do some things with a table. */
  String onTable(String privileges, TableName table) {
    return "GRANT " + privileges + " ON " + table.toSql() + to();
  }

  /** Has policies keep no rows from the role. */
  String bypassPolicies() {
    return "ALTER ROLE " + Sql.identifier(peer.user()) + " BYPASSRLS";
  }

  /** Has triggers rest in the role's sessions; for PostgreSQL 15 and later. */
  String silenceTriggers() {
    return "GRANT SET ON PARAMETER session_replication_role" + to();
  }

  /** Lets the role make schemas and publications in a connection's database. */
  String createInDatabase(Connection connection) throws SQLException {
    String database =
        String.valueOf(Sql.queryText(connection, "SELECT pg_catalog.current_database()"));
    return "GRANT CREATE ON DATABASE " + Sql.identifier(database) + to();
  }

  /**
   * What the role lacks to make a table in a schema, or the schema where there is none; null if it
   * lacks nothing of that.
   */
  @Nullable String createIn(String schema, Connection connection) throws SQLException {
    if (!Sql.queryBoolean(
        connection, "SELECT true FROM pg_catalog.pg_namespace WHERE nspname = ?", schema)) {
      return mayCreateInDatabase(connection) ? null : createInDatabase(connection);
    }
    boolean mayCreate =
        Sql.queryBoolean(
            connection,
            "SELECT pg_catalog.has_schema_privilege(CAST(? AS text), 'CREATE')"
                + " AND pg_catalog.has_schema_privilege(CAST(? AS text), 'USAGE')",
            schema,
            schema);
    return mayCreate ? null : "GRANT USAGE, CREATE ON SCHEMA " + Sql.identifier(schema) + to();
  }

  /** Whether the role may make schemas and publications in a connection's database. */
  static boolean mayCreateInDatabase(Connection connection) throws SQLException {
    return Sql.queryBoolean(
        connection,
        "SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')");
  }

  /** Whether the role may find what is in a schema. */
  static boolean mayUseSchema(Connection connection, String schema) throws SQLException {
    return Sql.queryBoolean(
        connection, "SELECT pg_catalog.has_schema_privilege(CAST(? AS text), 'USAGE')", schema);
  }
}
