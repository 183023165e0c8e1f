package io.bunnydb.benchmarks.endtoend;

import java.sql.SQLException;
import java.util.List;

/**
 * The proof that a run has done its work: both sides hold the same rows. Immutable.
 *
 * @param tables how many tables were compared
 */
record Comparison(int tables) {

  /**
   * Compares count and sum of the rows' hashes, which does not depend on their order.
   *
   * @throws IllegalStateException if a table differs
   */
  static Comparison of(Databases databases, List<String> tables) throws SQLException {
    for (String table : tables) {
      String query =
          "SELECT count(*) || ' rows, hash ' || coalesce(sum(hashtext(t::text)::bigint), 0) FROM "
              + table
              + " t";
      String source = databases.source().value(query);
      String destination = databases.destination().value(query);
      if (!source.equals(destination)) {
        throw new IllegalStateException(
            "%s differs: source %s, destination %s".formatted(table, source, destination));
      }
    }
    return new Comparison(tables.size());
  }
}
