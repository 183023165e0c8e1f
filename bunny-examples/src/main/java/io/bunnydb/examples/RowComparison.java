package io.bunnydb.examples;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.sql.DataSource;

/**
 * What came of comparing one table of two databases, row for row.
 *
 * <p>Each server puts its rows, as text, in order and makes one digest of them all. Where the
 * digests are not equal, the rows themselves are fetched and counted, so that one of two equal rows
 * that is missing shows as well.
 *
 * @param table the table
 * @param sourceRows how many rows the source has
 * @param destinationRows how many rows the destination has
 * @param differences the first rows that differ, a line each; empty if the tables are identical
 */
record RowComparison(
    String table, long sourceRows, long destinationRows, List<String> differences) {
  private static final String LINE = "%-18s %10s %12s   %s";
  private static final int MOST_DIFFERENCES = 5;
  private static final int LONGEST_END = 40; // characters of a long row, at either end
  private static final int FETCH_ROWS = 1000;

  /** Compares a table that both databases have. */
  static RowComparison of(String table, DataSource source, DataSource destination)
      throws SQLException {
    try (Connection left = source.getConnection();
        Connection right = destination.getConnection()) {
      left.setAutoCommit(false);
      right.setAutoCommit(false);
      Digest leftDigest = digest(table, left);
      Digest rightDigest = digest(table, right);
      return new RowComparison(
          table,
          leftDigest.rows(),
          rightDigest.rows(),
          leftDigest.equals(rightDigest) ? List.of() : differences(table, left, right));
    }
  }

  /** Whether both sides hold the same rows. */
  boolean isIdentical() {
    return differences.isEmpty();
  }

  /** The names of what {@link #line} shows. */
  static String heading() {
    return LINE.formatted("table", "source", "destination", "");
  }

  /** Table, rows on either side, verdict. */
  String line() {
    return LINE.formatted(
        table,
        ConsoleView.count(sourceRows),
        ConsoleView.count(destinationRows),
        isIdentical() ? "identical" : "DIFFERENT");
  }

  private record Digest(long rows, String md5) {}

  private static Digest digest(String table, Connection connection) throws SQLException {
    String sql =
        """
        SELECT count(*), md5(coalesce(string_agg(row, E'\\n' ORDER BY row), ''))
        FROM (SELECT t::text COLLATE "C" AS row FROM %s t) rows
        """;
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(sql.formatted(table))) {
      result.next();
      return new Digest(result.getLong(1), result.getString(2));
    }
  }

  private static List<String> differences(String table, Connection left, Connection right)
      throws SQLException {
    Map<String, Integer> surplus = new TreeMap<>();
    count(table, left, 1, surplus);
    count(table, right, -1, surplus);
    List<String> differences = new ArrayList<>();
    surplus.forEach(
        (row, times) -> {
          if (differences.size() < MOST_DIFFERENCES) {
            differences.add(describe(row, times));
          }
        });
    return differences;
  }

  /** Adds to each row's count; a row whose count comes to zero is on both sides equally often. */
  private static void count(
      String table, Connection connection, int step, Map<String, Integer> into)
      throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.setFetchSize(FETCH_ROWS);
      try (ResultSet result = statement.executeQuery("SELECT t::text FROM " + table + " t")) {
        while (result.next()) {
          into.merge(result.getString(1), step, (old, more) -> old + more == 0 ? null : old + more);
        }
      }
    }
  }

  private static String describe(String row, int times) {
    return (times > 0 ? "only on the source" : "only on the destination")
        + (Math.abs(times) == 1 ? ": " : ", " + Math.abs(times) + " times: ")
        + (row.length() <= 2 * LONGEST_END ? row : bothEnds(row));
  }

  private static String bothEnds(String row) {
    return row.substring(0, LONGEST_END)
        + " ... "
        + row.substring(row.length() - LONGEST_END)
        + " ("
        + row.length()
        + " characters)";
  }
}
