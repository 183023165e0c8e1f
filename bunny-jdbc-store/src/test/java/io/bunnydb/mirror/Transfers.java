package io.bunnydb.mirror;

import io.bunnydb.Mirror;
import io.bunnydb.MirrorBuilder;
import io.bunnydb.jdbc.JdbcCheckpointStore;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.TestDatabase;
import io.bunnydb.testing.Workload;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;

/** Money that moves between two tables; whoever sees whole transactions only sees one sum. */
final class Transfers {
  /** What both tables hold together, at any time. */
  static final long SUM = 400_000;

  private static final int ACCOUNTS = 2000;

  private Transfers() {}

  /**
   * Makes and fills the tables {@code credit} and {@code debit}, and {@code large}, which counts
   * the large transfers in its one row.
   */
  static void createTables(TestDatabase source) {
    for (String table : List.of("credit", "debit")) {
      source.execute(
          "CREATE TABLE "
              + table
              + " (id int PRIMARY KEY, balance bigint NOT NULL, note text DEFAULT repeat('-', 90))",
          "INSERT INTO " + table + " SELECT i, 100 FROM generate_series(1, " + ACCOUNTS + ") i");
    }
    source.execute(
        "CREATE TABLE large (id int PRIMARY KEY, n int)", "INSERT INTO large VALUES (1, 0)");
  }

  /** A mirror of these tables, in small batches. */
  static Mirror mirror(MirrorDatabases databases, String name) {
    return builder(databases, name).build();
  }

  /** Begins to describe that mirror. */
  static MirrorBuilder builder(MirrorDatabases databases, String name) {
    return Mirror.builder(name)
        .source(databases.source().peer())
        .destination(databases.destination().peer())
        .table("public.credit")
        .table("public.debit")
        .table("public.large")
        .maxBatchBytes(1 << 16)
        .checkpointStore(JdbcCheckpointStore.inDestination());
  }

  /** How many of the mirror's sessions on the destination wait for a lock. */
  static long sessionsThatWait(MirrorDatabases databases) {
    return databases
        .destination()
        .queryLong(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'bunny %'"
                + " AND datname = current_database() AND wait_event_type = 'Lock'");
  }

  /**
   * A transfer of money from one table to the other; both together always hold the same amount.
   *
   * @param largeOneIn how rare the large transfers are, which move money of every account; each is
   *     about half a megabyte in the stream
   */
  static Workload.Transaction transfers(int largeOneIn) {
    return (connection, random) -> {
      // Rests now and then; the mirror has to keep up on a busy machine.
      LockSupport.parkNanos(2_000_000);
      try (Statement statement = connection.createStatement()) {
        if (random.nextInt(largeOneIn) == 0) {
          statement.execute("UPDATE credit SET balance = balance - 1 WHERE id <= " + ACCOUNTS);
          statement.execute("UPDATE debit SET balance = balance + 1");
          statement.execute("UPDATE large SET n = n + 1");
        } else {
          small(statement, random);
        }
      }
    };
  }

  private static void small(Statement statement, Random random) throws SQLException {
    int from = 1 + random.nextInt(ACCOUNTS);
    int amount = random.nextInt(50);
    statement.execute("UPDATE credit SET balance = balance - " + amount + " WHERE id = " + from);
    statement.execute("UPDATE debit SET balance = balance + " + amount + " WHERE id = " + from);
    if (random.nextInt(4) == 0) {
      int fresh = ACCOUNTS + 1 + random.nextInt(20);
      statement.execute(
          "WITH gone AS (DELETE FROM credit WHERE id = "
              + fresh
              + " RETURNING balance)"
              + " UPDATE debit SET balance = balance + (SELECT balance FROM gone) WHERE id = 1"
              + " AND EXISTS (SELECT FROM gone)");
      statement.execute("INSERT INTO credit VALUES (" + fresh + ", 7)");
      statement.execute("UPDATE debit SET balance = balance - 7 WHERE id = 2");
    }
  }
}
