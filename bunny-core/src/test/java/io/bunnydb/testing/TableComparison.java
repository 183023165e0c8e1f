package io.bunnydb.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Compares tables of the two sides row for row.
 *
 * <p>Rows are compared as PostgreSQL's text, in any order, duplicates counted, so that tables
 * without a key compare as well. Checksums decide; only sides that differ are read row by row,
 * sorted by bytes, to show the first rows that are not on the other side.
 */
public final class TableComparison {

  private static final int MOST_DIFFERENCES = 20;
  private static final int FETCH_ROWS = 1000;

  /** Makes text independent of the server's version, settings and time zone. */
  private static final String[] SETTINGS = {
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
    "SET LOCAL DateStyle = 'ISO, YMD'",
    "SET LOCAL IntervalStyle = 'postgres'",
    "SET LOCAL TimeZone = 'UTC'",
    "SET LOCAL bytea_output = 'hex'",
    "SET LOCAL extra_float_digits = 3",
    "SET LOCAL lc_monetary = 'C'"
  };

  private TableComparison() {}

  /**
   * Fails unless both tables hold the same rows.
   *
   * @param sourceTable the table as in SQL, such as {@code public.a} or {@code "S"."T.x"}
   * @param destinationTable the other table, likewise
   * @param columns the names of the columns to compare; none stands for all, and then both tables
   *     must have columns of the same names, in any order
   * @throws AssertionError if they differ; it shows the first rows that do
   */
  public static void assertEqual(
      TestDatabase source,
      String sourceTable,
      TestDatabase destination,
      String destinationTable,
      String... columns) {
    List<String> names = List.of(columns);
    if (names.isEmpty()) {
      names = columns(source, sourceTable);
      List<String> others = columns(destination, destinationTable);
      if (!new TreeSet<>(names).equals(new TreeSet<>(others))) {
        throw new AssertionError(
            "columns differ: " + sourceTable + names + ", " + destinationTable + others);
      }
    }
    String list = names.stream().map(Sql::quote).collect(Collectors.joining(", "));
    assertQueriesEqual(
        source,
        "SELECT " + list + " FROM " + sourceTable,
        destination,
        "SELECT " + list + " FROM " + destinationTable);
  }

  /**
   * Fails unless both queries give the same rows, in any order; for tables with a row filter or
   * with other column names.
   *
   * @param sourceQuery a {@code SELECT}, whose column names do not matter
   * @param destinationQuery the other, likewise
   * @throws AssertionError if they differ; it shows the first rows that do
   */
  public static void assertQueriesEqual(
      TestDatabase source, String sourceQuery, TestDatabase destination, String destinationQuery) {
    List<String> differences = differences(source, sourceQuery, destination, destinationQuery);
    if (!differences.isEmpty()) {
      throw new AssertionError(
          "rows differ\n  source:      "
              + sourceQuery
              + "\n  destination: "
              + destinationQuery
              + differences.stream().map("\n  "::concat).collect(Collectors.joining()));
    }
  }

  /**
   * The first 20 rows that one query gives and the other does not, each with its side and how many
   * times more that side has it.
   *
   * @return nothing if both give the same rows
   */
  public static List<String> differences(
      TestDatabase source, String sourceQuery, TestDatabase destination, String destinationQuery) {
    return source.readInTransaction(
        a -> destination.readInTransaction(b -> differences(a, sourceQuery, b, destinationQuery)));
  }

  private static List<String> differences(
      Connection a, String sourceQuery, Connection b, String destinationQuery) throws SQLException {
    Sql.execute(a, SETTINGS);
    Sql.execute(b, SETTINGS);
    try (Statement source = a.createStatement();
        Statement destination = b.createStatement()) {
      if (checksum(source, sourceQuery).equals(checksum(destination, destinationQuery))) {
        return List.of();
      }
      source.setFetchSize(FETCH_ROWS);
      destination.setFetchSize(FETCH_ROWS);
      try (Rows left = new Rows(source, sourceQuery);
          Rows right = new Rows(destination, destinationQuery)) {
        return merge(left, right);
      }
    }
  }

  /** Count and sum of digests: the same for the same rows in any order. */
  private static String checksum(Statement statement, String query) throws SQLException {
    try (ResultSet result =
        statement.executeQuery(
            "SELECT count(*), sum(('x' || left(md5(\"the row\"::text), 16))::bit(64)::bigint)"
                + " FROM ("
                + query
                + ") AS \"the row\"")) {
      result.next();
      return result.getString(1) + " " + result.getString(2);
    }
  }

  private static List<String> merge(Rows left, Rows right) throws SQLException {
    List<String> differences = new ArrayList<>();
    while (left.row != null || right.row != null) {
      if (differences.size() == MOST_DIFFERENCES) {
        differences.add("... and more");
        return differences;
      }
      int order = left.compareTo(right);
      long surplus = (order <= 0 ? left.count : 0) - (order >= 0 ? right.count : 0);
      if (surplus != 0) {
        differences.add(
            (surplus > 0 ? "only in source:      " : "only in destination: ")
                + (order <= 0 ? left.row : right.row)
                + (Math.abs(surplus) == 1 ? "" : " [" + Math.abs(surplus) + " times]"));
      }
      if (order <= 0) {
        left.advance();
      }
      if (order >= 0) {
        right.advance();
      }
    }
    return differences;
  }

  private static List<String> columns(TestDatabase database, String table) {
    List<String> names = new ArrayList<>();
    for (@Nullable String name :
        database.queryStrings(
            "SELECT attname FROM pg_attribute WHERE attrelid = ?::regclass AND attnum > 0"
                + " AND NOT attisdropped ORDER BY attnum",
            table)) {
      names.add(String.valueOf(name));
    }
    return names;
  }

  /** One side's distinct rows with their counts, in the order of their bytes. */
  private static final class Rows implements AutoCloseable {
    private final ResultSet result;
    private @Nullable String row;
    private long count;

    Rows(Statement statement, String query) throws SQLException {
      result =
          statement.executeQuery(
              "SELECT \"the row\"::text COLLATE \"C\", count(*) FROM ("
                  + query
                  + ") AS \"the row\" GROUP BY 1 ORDER BY 1");
      advance();
    }

    void advance() throws SQLException {
      boolean more = result.next();
      row = more ? result.getString(1) : null;
      count = more ? result.getLong(2) : 0;
    }

    /** The end comes after all rows. */
    int compareTo(Rows other) {
      if (row == null || other.row == null) {
        return row != null ? -1 : other.row != null ? 1 : 0;
      }
      return Arrays.compareUnsigned(row.getBytes(UTF_8), other.row.getBytes(UTF_8));
    }

    @Override
    public void close() throws SQLException {
      result.close();
    }
  }
}
