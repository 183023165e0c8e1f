package io.bunnydb.benchmarks.endtoend;

import java.util.List;
import java.util.StringJoiner;

/** SQL of the tables whose rows are large: by one value, or by their many columns. */
final class LargeTables {

  /** Makes the table of sixty columns, empty. */
  static final String WIDE = createWide();

  private static final int TOAST_ROWS = 20_000; // of 4,000 bytes each
  private static final int GROUPS = 20; // of three columns; the first one's number is the key

  private LargeTables() {}

  /** How many rows the table with the large value has; each may be updated several times. */
  static int toastRows(int changes) {
    return Math.min(changes, TOAST_ROWS);
  }

  /** Makes and fills the table with the large value, which is stored apart from its row. */
  static List<String> toast(int changes) {
    return List.of(
        "CREATE TABLE bench (id bigint PRIMARY KEY, n int NOT NULL, body text NOT NULL)",
        "ALTER TABLE bench ALTER body SET STORAGE EXTERNAL",
        "INSERT INTO bench SELECT g, 0, repeat(md5(g::text), 125) FROM generate_series(1, "
            + toastRows(changes)
            + ") g");
  }

  /** Inserts the rows of a range of keys into the table of sixty columns. */
  static String wide(String first, String last) {
    StringJoiner values = new StringJoiner(", ");
    for (int i = 0; i < GROUPS; i++) {
      values.add(i == 0 ? "g" : "g % " + (1000 + i));
      values.add("'text ' || g % " + (100 + i));
      values.add(
          i % 2 == 0 ? "g * 1.25" : "timestamptz '2026-01-01 00:00Z' + g * interval '1 second'");
    }
    return "INSERT INTO bench SELECT %s FROM generate_series(%s::bigint, %s::bigint) g"
        .formatted(values, first, last);
  }

  private static String createWide() {
    StringJoiner columns = new StringJoiner(", ");
    for (int i = 0; i < GROUPS; i++) {
      columns.add(i == 0 ? "id bigint PRIMARY KEY" : "n" + i + " bigint");
      columns.add("t" + i + " text");
      columns.add("v" + i + (i % 2 == 0 ? " numeric" : " timestamptz"));
    }
    return "CREATE TABLE bench (" + columns + ")";
  }
}
