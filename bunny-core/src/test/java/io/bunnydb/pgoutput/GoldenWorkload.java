package io.bunnydb.pgoutput;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/** What happens in the source while a golden stream is recorded. */
final class GoldenWorkload {

  /** More than the 64 kB of {@code logical_decoding_work_mem}, none of it published. */
  private static final String FILL =
      "INSERT INTO filler SELECT repeat('x', 100) FROM generate_series(1, 500)";

  private final Connection connection;
  private final StreamTap tap;

  /** Runs on a connection; waits for what the tap gets. */
  GoldenWorkload(Connection connection, StreamTap tap) {
    this.connection = connection;
    this.tap = tap;
  }

  /** Makes the tables, the publication and rows that are older than the slot. */
  static void prepare(Connection connection) throws SQLException {
    execute(
        connection,
        "CREATE TYPE mood AS ENUM ('sad', 'glad')",
        "CREATE TYPE place AS (shelf int, label text)",
        "CREATE DOMAIN percent AS int CHECK (VALUE BETWEEN 0 AND 100)",
        "CREATE TABLE items (id int PRIMARY KEY, name varchar(40), price numeric(10,2), mood mood,"
            + " place place, part percent, raw bytea, made timestamptz, big text)",
        "ALTER TABLE items ALTER big SET STORAGE EXTERNAL",
        "INSERT INTO items (id, name, big) VALUES (1, 'toasted', repeat('bunny ', 400))",
        "CREATE TABLE everything (a int, b text)",
        "ALTER TABLE everything REPLICA IDENTITY FULL",
        "CREATE SCHEMA \"My Schema\"",
        "CREATE TABLE \"My Schema\".\"T.x\" (id int PRIMARY KEY, \"größe\" int NOT NULL, note"
            + " text)",
        "CREATE UNIQUE INDEX by_size ON \"My Schema\".\"T.x\" (\"größe\")",
        "ALTER TABLE \"My Schema\".\"T.x\" REPLICA IDENTITY USING INDEX by_size",
        "CREATE TABLE journal (line text)",
        "ALTER TABLE journal REPLICA IDENTITY NOTHING",
        "CREATE TABLE parent (id int PRIMARY KEY)",
        "CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent)",
        "CREATE TABLE empty ()",
        "CREATE TABLE filler (text text)",
        "CREATE PUBLICATION golden FOR TABLE items, everything, \"My Schema\".\"T.x\", journal,"
            + " parent, child, empty",
        "SELECT pg_replication_origin_create('elsewhere') WHERE NOT EXISTS"
            + " (SELECT FROM pg_replication_origin WHERE roname = 'elsewhere')");
  }

  /** Runs what the recording's options make visible. */
  void run(GoldenRecording recording) throws SQLException {
    rows();
    tables();
    messages();
    origin();
    if (recording.isStreaming()) {
      streamedCommit();
      streamedAbort();
    }
    if (recording.twoPhase()) {
      twoPhase(recording.isStreaming());
    }
  }

  private void rows() throws SQLException {
    transaction(
        "INSERT INTO items VALUES (2, 'größer', 12.50, 'glad', (3, 'a \"b\"'), 40, '\\x00ff',"
            + " '2026-01-02 03:04:05.678+00', 'small')",
        "INSERT INTO items (id, name) VALUES (3, '')");
    transaction(
        "UPDATE items SET name = 'still toasted' WHERE id = 1",
        "UPDATE items SET id = 20 WHERE id = 2",
        "DELETE FROM items WHERE id = 3");
    transaction(
        "INSERT INTO everything VALUES (1, 'one'), (2, NULL)",
        "UPDATE everything SET b = 'two' WHERE a = 2",
        "DELETE FROM everything WHERE a = 1");
    transaction(
        "INSERT INTO \"My Schema\".\"T.x\" VALUES (1, 10, 'a')",
        "UPDATE \"My Schema\".\"T.x\" SET note = 'b'",
        "UPDATE \"My Schema\".\"T.x\" SET \"größe\" = 11",
        "DELETE FROM \"My Schema\".\"T.x\"");
    transaction("INSERT INTO journal VALUES ('kept')", "INSERT INTO empty DEFAULT VALUES");
  }

  private void tables() throws SQLException {
    transaction("INSERT INTO parent VALUES (1)", "INSERT INTO child VALUES (1, 1)");
    transaction("TRUNCATE parent RESTART IDENTITY CASCADE", "TRUNCATE journal, empty");
    transaction("ALTER TABLE child ADD COLUMN note text", "ALTER TABLE child DROP COLUMN parent");
    transaction("INSERT INTO child VALUES (2, 'wider')");
  }

  private void messages() throws SQLException {
    transaction(
        "SELECT pg_logical_emit_message(true, 'app', 'within')",
        "SELECT pg_logical_emit_message(false, 'app', '\\x00ff'::bytea)",
        "INSERT INTO parent VALUES (2)");
  }

  private void origin() throws SQLException {
    execute(connection, "SELECT pg_replication_origin_session_setup('elsewhere')");
    transaction(
        "SELECT pg_replication_origin_xact_setup('0/1234ABCD', '2026-01-02 03:04:05+00')",
        "INSERT INTO parent VALUES (3)");
    execute(connection, "SELECT pg_replication_origin_session_reset()");
  }

  private void streamedCommit() throws SQLException {
    connection.setAutoCommit(false);
    execute(
        connection,
        "INSERT INTO items (id, name, mood) VALUES (30, 'streamed', 'sad')",
        "UPDATE items SET part = 1 WHERE id = 30",
        "DELETE FROM items WHERE id = 30",
        "TRUNCATE journal",
        "SELECT pg_logical_emit_message(true, 'app', 'streamed')");
    fill();
    execute(connection, "SAVEPOINT undone", "INSERT INTO parent VALUES (31)");
    fill();
    execute(connection, "ROLLBACK TO SAVEPOINT undone", "INSERT INTO parent VALUES (32)");
    connection.commit();
    connection.setAutoCommit(true);
    tap.await(MessageKind.STREAM_COMMIT);
  }

  private void streamedAbort() throws SQLException {
    connection.setAutoCommit(false);
    execute(connection, "INSERT INTO parent VALUES (33)");
    fill();
    connection.rollback();
    connection.setAutoCommit(true);
    tap.await(MessageKind.STREAM_ABORT);
  }

  private void twoPhase(boolean streaming) throws SQLException {
    transaction("INSERT INTO parent VALUES (40)", "PREPARE TRANSACTION 'first one'");
    execute(connection, "COMMIT PREPARED 'first one'");
    transaction("INSERT INTO parent VALUES (41)", "PREPARE TRANSACTION 'second'");
    execute(connection, "ROLLBACK PREPARED 'second'");
    if (streaming) {
      connection.setAutoCommit(false);
      execute(connection, "INSERT INTO parent VALUES (42)");
      fill();
      execute(connection, "PREPARE TRANSACTION 'streamed'");
      connection.setAutoCommit(true);
      execute(connection, "COMMIT PREPARED 'streamed'");
    }
  }

  /** Makes the open transaction too large for the decoding memory, and sees it streamed. */
  private void fill() throws SQLException {
    int before = tap.count(MessageKind.STREAM_STOP);
    execute(connection, FILL);
    tap.await(MessageKind.STREAM_STOP, before + 1);
  }

  private void transaction(String... sql) throws SQLException {
    connection.setAutoCommit(false);
    execute(connection, sql);
    connection.commit();
    connection.setAutoCommit(true);
  }

  private static void execute(Connection connection, String... sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String one : sql) {
        statement.execute(one);
      }
    }
  }
}
