package io.bunnydb.benchmarks.endtoend;

import java.util.List;

/** SQL of the table with five columns that most workloads write. */
final class NarrowTable {

  /** Makes the table, empty. */
  static final String CREATE =
      "CREATE TABLE bench (id bigint PRIMARY KEY, n int NOT NULL, body text NOT NULL,"
          + " at timestamptz NOT NULL, amount numeric NOT NULL)";

  private NarrowTable() {}

  /** Inserts the rows of a range of keys; the same key makes the same row wherever it is run. */
  static String insert(String first, String last) {
    return "INSERT INTO bench SELECT "
        + values("g")
        + " FROM generate_series(%s::bigint, %s::bigint) g".formatted(first, last);
  }

  /** Makes a table of the keys in random order, the same each time; it leaves the log alone. */
  static List<String> shuffled(int rows) {
    return List.of(
        "CREATE UNLOGGED TABLE shuffled AS SELECT row_number() OVER (ORDER BY hashint8(g), g) AS at, g AS id"
            + " FROM generate_series(1::bigint, %d::bigint) g".formatted(rows),
        "ALTER TABLE shuffled ADD PRIMARY KEY (at)",
        "ANALYZE shuffled");
  }

  /** PL/pgSQL that inserts, updates or deletes for row {@code r} of the shuffled keys. */
  static String mixed(int rows) {
    // Seven and ten have no common divisor: the kinds alternate and come 5 : 3 : 2.
    return """
        IF r.at * 7 %% 10 < 5 THEN
          INSERT INTO bench VALUES (%s);
        ELSIF r.at * 7 %% 10 < 8 THEN
          UPDATE bench SET n = n + 1, amount = amount + 0.5 WHERE id = r.id;
        ELSE
          DELETE FROM bench WHERE id = r.id;
        END IF;"""
        .formatted(values("(r.at + " + rows + ")"));
  }

  private static String values(String key) {
    return "%1$s, (%1$s %% 1000)::int, lpad(md5(%1$s::text), 40, 'x'),".formatted(key)
        + " timestamptz '2026-01-01 00:00Z' + %1$s * interval '1 second', %1$s * 1.25"
            .formatted(key);
  }
}
