package io.bunnydb.jdbc;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;

/** The schema and the two tables: whether they exist, how they come and go. */
final class CheckpointTables {
  /** Makes the schema. */
  static final String CREATE_SCHEMA =
      """
      CREATE SCHEMA bunny;
      COMMENT ON SCHEMA bunny IS 'How far the mirrors that write into a database have come; made by Bunny';
      """;

  /** Makes both tables in the schema. */
  static final String CREATE_TABLES =
      """
      CREATE TABLE bunny.checkpoint (
        mirror text PRIMARY KEY,
        system_identifier text NOT NULL,
        timeline integer NOT NULL,
        database text NOT NULL,
        slot text NOT NULL,
        publication text NOT NULL,
        position pg_lsn NOT NULL,
        paused boolean NOT NULL,
        error text,
        updated_at timestamp with time zone NOT NULL DEFAULT pg_catalog.now(),
        paused_since timestamp with time zone,
        owner text
      );
      COMMENT ON TABLE bunny.checkpoint IS 'One row for each mirror. Do not edit while the mirror runs.';
      COMMENT ON COLUMN bunny.checkpoint.mirror IS 'Name of the mirror';
      COMMENT ON COLUMN bunny.checkpoint.system_identifier IS 'The source cluster, as in IDENTIFY_SYSTEM';
      COMMENT ON COLUMN bunny.checkpoint.timeline IS 'Timeline of the source cluster';
      COMMENT ON COLUMN bunny.checkpoint.database IS 'Database on the source';
      COMMENT ON COLUMN bunny.checkpoint.slot IS 'Replication slot on the source';
      COMMENT ON COLUMN bunny.checkpoint.publication IS 'Publication on the source';
      COMMENT ON COLUMN bunny.checkpoint.position IS 'Every source transaction committed before it has been applied; 0/0 before the slot was made';
      COMMENT ON COLUMN bunny.checkpoint.paused IS 'Whether the mirror stays paused when it is started again';
      COMMENT ON COLUMN bunny.checkpoint.error IS 'Why it was paused; null if no error did it';
      COMMENT ON COLUMN bunny.checkpoint.updated_at IS 'Start of the transaction that last wrote this row';
      COMMENT ON COLUMN bunny.checkpoint.paused_since IS 'When it was paused; null if it is not, or nobody knows';
      COMMENT ON COLUMN bunny.checkpoint.owner IS 'A number of the process that alone may write this row; null in a store in the destination, whose sessions see to that';
      CREATE TABLE bunny.table_checkpoint (
        mirror text NOT NULL REFERENCES bunny.checkpoint ON DELETE CASCADE,
        ordinal integer NOT NULL,
        source_schema text NOT NULL,
        source_table text NOT NULL,
        destination_schema text NOT NULL,
        destination_table text NOT NULL,
        partition_key text,
        excluded_columns text[] NOT NULL,
        row_filter text,
        on_existing_row text,
        on_missing_row text,
        state text NOT NULL,
        from_lsn pg_lsn NOT NULL,
        source_oid bigint NOT NULL DEFAULT 0,
        publication_entry bigint NOT NULL DEFAULT 0,
        error text,
        shadow_state text,
        shadow_from pg_lsn,
        copy_progress text,
        PRIMARY KEY (mirror, source_schema, source_table)
      );
      COMMENT ON TABLE bunny.table_checkpoint IS 'One row for each table of each mirror';
      COMMENT ON COLUMN bunny.table_checkpoint.mirror IS 'Name of the mirror';
      COMMENT ON COLUMN bunny.table_checkpoint.ordinal IS 'Place in the list of tables of the mirror, from 0';
      COMMENT ON COLUMN bunny.table_checkpoint.source_schema IS 'Schema on the source, not quoted';
      COMMENT ON COLUMN bunny.table_checkpoint.source_table IS 'Table on the source, not quoted';
      COMMENT ON COLUMN bunny.table_checkpoint.destination_schema IS 'Schema on the destination, not quoted';
      COMMENT ON COLUMN bunny.table_checkpoint.destination_table IS 'Table on the destination, not quoted';
      COMMENT ON COLUMN bunny.table_checkpoint.partition_key IS 'Column that a parallel copy is divided by; null if none was chosen';
      COMMENT ON COLUMN bunny.table_checkpoint.excluded_columns IS 'Columns that stay on the source';
      COMMENT ON COLUMN bunny.table_checkpoint.row_filter IS 'Condition of the rows that are mirrored; null for every row';
      COMMENT ON COLUMN bunny.table_checkpoint.on_existing_row IS 'STOP or OVERWRITE; null for what holds for the mirror';
      COMMENT ON COLUMN bunny.table_checkpoint.on_missing_row IS 'CONTINUE or STOP; null for what holds for the mirror';
      COMMENT ON COLUMN bunny.table_checkpoint.state IS 'COPYING, COPIED, LIVE, PAUSED or QUARANTINED';
      COMMENT ON COLUMN bunny.table_checkpoint.from_lsn IS 'Changes committed before it came with the copy; 0/0 while the table waits to be copied';
      COMMENT ON COLUMN bunny.table_checkpoint.source_oid IS 'OID in pg_class on the source; 0 before the table was looked up';
      COMMENT ON COLUMN bunny.table_checkpoint.publication_entry IS 'OID in pg_publication_rel on the source; 0 for none';
      COMMENT ON COLUMN bunny.table_checkpoint.error IS 'Why it is quarantined; null otherwise';
      COMMENT ON COLUMN bunny.table_checkpoint.shadow_state IS 'COPYING, COPIED or LIVE: how far the table has come that is to take its place; null for none';
      COMMENT ON COLUMN bunny.table_checkpoint.shadow_from IS 'Changes committed before it came with the copy of that table';
      COMMENT ON COLUMN bunny.table_checkpoint.copy_progress IS 'What a copy that is under way has brought; null for none';
      """;

  /**
   * Brings the tables of an earlier version up to this one; without effect on those of this
   * version.
   */
  static final String UPGRADE =
      """
      ALTER TABLE bunny.checkpoint
        ADD COLUMN IF NOT EXISTS paused_since timestamp with time zone,
        ADD COLUMN IF NOT EXISTS owner text;
      COMMENT ON COLUMN bunny.checkpoint.paused_since IS 'When it was paused; null if it is not, or nobody knows';
      COMMENT ON COLUMN bunny.checkpoint.owner IS 'A number of the process that alone may write this row; null in a store in the destination, whose sessions see to that';
      ALTER TABLE bunny.table_checkpoint
        ADD COLUMN IF NOT EXISTS error text,
        ADD COLUMN IF NOT EXISTS shadow_state text,
        ADD COLUMN IF NOT EXISTS shadow_from pg_lsn,
        ADD COLUMN IF NOT EXISTS copy_progress text;
      COMMENT ON COLUMN bunny.table_checkpoint.state IS 'COPYING, COPIED, LIVE, PAUSED or QUARANTINED';
      COMMENT ON COLUMN bunny.table_checkpoint.error IS 'Why it is quarantined; null otherwise';
      COMMENT ON COLUMN bunny.table_checkpoint.shadow_state IS 'COPYING, COPIED or LIVE: how far the table has come that is to take its place; null for none';
      COMMENT ON COLUMN bunny.table_checkpoint.shadow_from IS 'Changes committed before it came with the copy of that table';
      COMMENT ON COLUMN bunny.table_checkpoint.copy_progress IS 'What a copy that is under way has brought; null for none';
      """;

  /** First key of the advisory locks; the ASCII codes of "bunn". */
  private static final int LOCKS = 0x62756E6E;

  private static final int USE = 1;
  private static final int CREATE = 2;

  private static final String DEPENDENT_OBJECTS_STILL_EXIST = "2BP01";
  private static final String INSUFFICIENT_PRIVILEGE = "42501";

  private CheckpointTables() {}

  /**
   * Waits for a deletion that is under way; then no table is dropped until the transaction ends.
   */
  static void keep(Connection connection) throws SQLException {
    execute(
        connection, "SELECT pg_catalog.pg_advisory_xact_lock_shared(" + LOCKS + ", " + USE + ")");
  }

  /** Waits for everyone who keeps the tables; then nobody else does until the transaction ends. */
  static void lock(Connection connection) throws SQLException {
    execute(connection, "SELECT pg_catalog.pg_advisory_xact_lock(" + LOCKS + ", " + USE + ")");
  }

  /**
   * Whether both tables exist. Reads the catalog by its rows: {@code to_regclass} answers from a
   * cache that waiting for an advisory lock does not refresh.
   */
  static boolean exist(Connection connection) throws SQLException {
    return isTrue(
        connection,
        """
        SELECT count(*) = 2
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'bunny' AND c.relname IN ('checkpoint', 'table_checkpoint')
        """);
  }

  /** Whether the tables that exist have every column of this version. */
  private static boolean areCurrent(Connection connection) throws SQLException {
    return isTrue(
        connection,
        """
        SELECT count(*) = 6
        FROM pg_catalog.pg_attribute a
        JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'bunny' AND NOT a.attisdropped
          AND (c.relname = 'checkpoint' AND a.attname IN ('paused_since', 'owner')
               OR c.relname = 'table_checkpoint' AND a.attname IN
                  ('error', 'shadow_state', 'shadow_from', 'copy_progress'))
        """);
  }

  /**
   * Makes schema and tables unless they exist, and brings older ones up to this version; the caller
   * {@linkplain #keep keeps} them.
   */
  static void createIfMissing(Connection connection) throws SQLException {
    if (exist(connection)) {
      upgrade(connection);
      return;
    }
    execute(connection, "SELECT pg_catalog.pg_advisory_xact_lock(" + LOCKS + ", " + CREATE + ")");
    for (String statement : missing(connection)) {
      execute(connection, statement);
    }
  }

  /** The statements that make what this version lacks of schema and tables. */
  static List<String> missing(Connection connection) throws SQLException {
    if (exist(connection)) {
      return areCurrent(connection) ? List.of() : statements(UPGRADE);
    }
    return statements(schemaExists(connection) ? CREATE_TABLES : CREATE_SCHEMA + CREATE_TABLES);
  }

  /** The statements of a script; none of these has a semicolon at the end of another line. */
  private static List<String> statements(String script) {
    return Arrays.stream(script.split(";\n")).toList();
  }

  /** The statements that let a role keep checkpoints, for what exists now. */
  static List<String> grants(Connection connection, String role) throws SQLException {
    String to = " TO " + quote(role);
    if (exist(connection)) {
      return List.of(
          "GRANT USAGE ON SCHEMA bunny" + to,
          "GRANT SELECT, INSERT, UPDATE, DELETE ON bunny.checkpoint, bunny.table_checkpoint" + to);
    }
    return List.of(
        schemaExists(connection)
            ? "GRANT USAGE, CREATE ON SCHEMA bunny" + to
            : "GRANT CREATE ON DATABASE " + quote(connection.getCatalog()) + to);
  }

  private static String quote(String identifier) {
    return '"' + identifier.replace("\"", "\"\"") + '"';
  }

  private static boolean schemaExists(Connection connection) throws SQLException {
    return isTrue(
        connection, "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'bunny')");
  }

  /** Brings tables that exist, of an earlier version, up to this one. */
  static void upgrade(Connection connection) throws SQLException {
    try {
      for (String statement : missing(connection)) {
        execute(connection, statement);
      }
    } catch (SQLException e) {
      if (INSUFFICIENT_PRIVILEGE.equals(e.getSQLState())) {
        throw new SQLException(
            "the tables in schema bunny are of an earlier version of Bunny, and belong to another role;"
                + " have that role run: "
                + UPGRADE.replaceAll("\\s+", " ").trim(),
            e.getSQLState(),
            e);
      }
      throw e;
    }
  }

  /**
   * Drops the tables if they are empty, then the schema if it is; the caller has {@linkplain #lock
   * locked} them. What other objects depend on, or the role does not own, stays.
   */
  static void dropIfEmpty(Connection connection) throws SQLException {
    // A repeatable-read snapshot does not show a mirror that was saved since it was taken.
    if (connection.getTransactionIsolation() <= Connection.TRANSACTION_READ_COMMITTED
        && isTrue(connection, "SELECT NOT EXISTS (SELECT FROM bunny.checkpoint)")
        && drop(connection, "DROP TABLE bunny.table_checkpoint, bunny.checkpoint")) {
      drop(connection, "DROP SCHEMA bunny");
    }
  }

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
