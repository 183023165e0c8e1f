package io.bunnydb.mirror;

import io.bunnydb.testing.TestDatabase;
import io.bunnydb.testing.Workload;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;

/**
 * Transactions over several tables, of every kind of change: values that lie outside the row, keys
 * that change and keys that come again, a table without key that holds equal rows, now and then a
 * transaction of 6,000 rows, and {@code TRUNCATE} once it is allowed.
 */
final class MixedLoad implements Workload.Transaction {
  /** The tables that are mirrored from the beginning. */
  static final List<String> TABLES =
      List.of("public.doc", "public.line", "public.log", "public.scratch", "public.big");

  /** Tables to add later; they are written from the beginning. */
  static final List<String> LATE_TABLES = List.of("public.late_one", "public.late_two");

  private static final int LARGE = 6_000;

  private final int rows;
  private final long pauseNanos;
  private volatile boolean isTruncating;

  private MixedLoad(int rows, long pauseNanos) {
    this.rows = rows;
    this.pauseNanos = pauseNanos;
  }

  /**
   * Makes and fills the tables.
   *
   * @param rows how many rows the large one has
   * @param pauseMillis how long to rest after each transaction
   */
  static MixedLoad create(TestDatabase source, int rows, int pauseMillis) {
    source.execute(
        "CREATE SEQUENCE ids",
        "CREATE TABLE doc (id bigint PRIMARY KEY, n int, body text)",
        "ALTER TABLE doc ALTER body SET STORAGE EXTERNAL",
        "INSERT INTO doc SELECT nextval('ids'), i, repeat(md5(i::text), 100)"
            + " FROM generate_series(1, 500) i",
        "CREATE TABLE line (a int, b int, qty int, PRIMARY KEY (a, b))",
        "INSERT INTO line SELECT i / 20, i % 20, i FROM generate_series(0, 99) i",
        "CREATE TABLE log (t text, n int)",
        "ALTER TABLE log REPLICA IDENTITY FULL",
        "INSERT INTO log SELECT 'same', i % 3 FROM generate_series(1, 100) i",
        "CREATE TABLE scratch (id bigint PRIMARY KEY, t text)");
    fill(source, "big", rows);
    fill(source, "late_one", rows / 4);
    fill(source, "late_two", rows / 4);
    return new MixedLoad(rows, pauseMillis * 1_000_000L);
  }

  private static void fill(TestDatabase source, String table, int rows) {
    source.execute(
        "CREATE TABLE " + table + " (id int PRIMARY KEY, n int, t text)",
        "INSERT INTO "
            + table
            + " SELECT i, 0, md5(i::text) FROM generate_series(1, "
            + rows
            + ") i");
  }

  /** Lets it truncate from now on. */
  void truncate() {
    isTruncating = true;
  }

  @Override
  public void run(Connection connection, Random random) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      int count = 1 + random.nextInt(6);
      for (int i = 0; i < count; i++) {
        statement.execute(change(random));
      }
      if (random.nextInt(150) == 0) {
        statement.execute(large(random));
      }
      if (isTruncating && random.nextInt(60) == 0) {
        statement.execute("TRUNCATE scratch, log");
        statement.execute("INSERT INTO log SELECT 'anew', i % 4 FROM generate_series(1, 40) i");
      }
    }
    // Rests outside of the server's time; the mirror, killed again and again, has to keep up.
    LockSupport.parkNanos(pauseNanos);
  }

  private String change(Random random) {
    String someDoc =
        "(SELECT id FROM doc WHERE id >= " + random.nextInt(3000) + " ORDER BY id LIMIT 1)";
    int a = random.nextInt(5);
    int b = random.nextInt(20);
    int other = random.nextInt(20);
    int id = 1 + random.nextInt(rows);
    return switch (random.nextInt(16)) {
      case 0, 1 -> "INSERT INTO doc VALUES (nextval('ids'), 0, repeat(md5('" + id + "'), 100))";
      case 2 -> "UPDATE doc SET n = n + 1 WHERE id = " + someDoc;
      case 3 -> "UPDATE doc SET id = nextval('ids') WHERE id = " + someDoc;
      case 4 -> "UPDATE doc SET body = repeat(md5('" + id + "'), 90) WHERE id = " + someDoc;
      case 5 -> "DELETE FROM doc WHERE id = " + someDoc;
      case 6 ->
          "INSERT INTO line VALUES ("
              + a
              + ", "
              + b
              + ", "
              + id
              + ")"
              + " ON CONFLICT (a, b) DO UPDATE SET qty = line.qty + 1";
      case 7 ->
          "UPDATE line SET b = "
              + other
              + " WHERE a = "
              + a
              + " AND b = "
              + b
              + " AND NOT EXISTS (SELECT FROM line WHERE a = "
              + a
              + " AND b = "
              + other
              + ")";
      case 8 -> "DELETE FROM line WHERE a = " + a + " AND b = " + b;
      case 9 -> "INSERT INTO log SELECT 'same', " + a + " FROM generate_series(1, 3)";
      case 10 -> "UPDATE log SET n = n + 1 WHERE ctid = ANY (ARRAY(SELECT ctid FROM log LIMIT 2))";
      case 11, 12 ->
          "DELETE FROM log WHERE ctid = ANY (ARRAY(SELECT ctid FROM log WHERE n >= "
              + a
              + " LIMIT 2))";
      case 13 -> "INSERT INTO scratch VALUES (nextval('ids'), NULL)";
      case 14 -> "UPDATE big SET n = n + 1 WHERE id = " + id;
      case 15 ->
          "WITH one AS (UPDATE late_one SET n = n + 1 WHERE id = "
              + id
              + " RETURNING 1)"
              + " UPDATE late_two SET n = n + 1 WHERE id = "
              + id;
      default -> throw new AssertionError();
    };
  }

  private String large(Random random) {
    if (random.nextBoolean()) {
      return "INSERT INTO scratch SELECT nextval('ids'), 'large' FROM generate_series(1, "
          + LARGE
          + ")";
    }
    int from = random.nextInt(Math.max(1, rows - LARGE));
    return "UPDATE big SET n = n + 1 WHERE id > " + from + " AND id <= " + (from + LARGE);
  }
}
