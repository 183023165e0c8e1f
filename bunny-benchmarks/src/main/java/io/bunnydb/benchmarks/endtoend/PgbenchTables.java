package io.bunnydb.benchmarks.endtoend;

import java.util.List;

/** SQL of pgbench's four tables and of its standard transaction ("TPC-B (sort of)"). */
final class PgbenchTables {

  /** The tables' names. */
  static final List<String> NAMES =
      List.of("pgbench_branches", "pgbench_tellers", "pgbench_accounts", "pgbench_history");

  private static final int ACCOUNTS_PER_BRANCH = 100_000;
  private static final int TELLERS_PER_BRANCH = 10;

  private PgbenchTables() {}

  /**
   * Makes and fills the tables, a branch for each 100,000 rows. The history has no key, so that its
   * whole row identifies it: else neither Bunny nor an UPDATE on the source would take it.
   */
  static List<String> seed(int rows) {
    int branches = branches(rows);
    return List.of(
        "CREATE TABLE pgbench_branches (bid int PRIMARY KEY, bbalance int, filler char(88))",
        "CREATE TABLE pgbench_tellers"
            + " (tid int PRIMARY KEY, bid int, tbalance int, filler char(84))",
        "CREATE TABLE pgbench_accounts"
            + " (aid int PRIMARY KEY, bid int, abalance int, filler char(84))",
        "CREATE TABLE pgbench_history"
            + " (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22))",
        "ALTER TABLE pgbench_history REPLICA IDENTITY FULL",
        "INSERT INTO pgbench_branches SELECT g, 0, '' FROM generate_series(1, %d) g"
            .formatted(branches),
        "INSERT INTO pgbench_tellers SELECT g, (g - 1) / %d + 1, 0, '' FROM generate_series(1, %d) g"
            .formatted(TELLERS_PER_BRANCH, branches * TELLERS_PER_BRANCH),
        "INSERT INTO pgbench_accounts"
            + " SELECT g, (g - 1) / %d + 1, 0, '' FROM generate_series(1, %d) g"
                .formatted(ACCOUNTS_PER_BRANCH, accounts(rows)));
  }

  /** PL/pgSQL of one transaction, without its COMMIT; its variables are declared outside. */
  static String transaction(int rows) {
    return """
        a := 1 + floor(random() * %d); b := 1 + floor(random() * %d);
        t := 1 + floor(random() * %d); d := floor(random() * 10001) - 5000;
        UPDATE pgbench_accounts SET abalance = abalance + d WHERE aid = a;
        UPDATE pgbench_tellers SET tbalance = tbalance + d WHERE tid = t;
        UPDATE pgbench_branches SET bbalance = bbalance + d WHERE bid = b;
        INSERT INTO pgbench_history (tid, bid, aid, delta, mtime)
          VALUES (t, b, a, d, clock_timestamp());"""
        .formatted(accounts(rows), branches(rows), branches(rows) * TELLERS_PER_BRANCH);
  }

  private static int branches(int rows) {
    return Math.max(1, rows / ACCOUNTS_PER_BRANCH);
  }

  private static int accounts(int rows) {
    return Math.min(rows, branches(rows) * ACCOUNTS_PER_BRANCH);
  }
}
