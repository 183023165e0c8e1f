package io.bunnydb.internal.snapshot;

import io.bunnydb.internal.catalog.Table;
import io.bunnydb.internal.schema.IndexScope;
import java.util.Comparator;
import java.util.List;

/**
 * How tables are copied.
 *
 * @param tablesInParallel how many tables at a time
 * @param maxWorkers how many workers over all tables, each with a session on either side
 * @param rowsPerRange how many rows a part of a large table has, as estimated
 * @param indexes which indexes follow the rows of a table that Bunny made
 */
public record CopySettings(
    int tablesInParallel, int maxWorkers, long rowsPerRange, IndexScope indexes) {

  /**
   * With a quarter of the workers, so that tables that follow the stream meanwhile do not wait for
   * processors.
   */
  public CopySettings besideStream() {
    return new CopySettings(tablesInParallel, (maxWorkers + 3) / 4, rowsPerRange, indexes);
  }

  /** How many workers a copy of these tables takes, going by the source's estimates. */
  public int workersFor(List<Table> tables) {
    long ranges =
        tables.stream()
            .map(table -> table.isPartitioned() ? 1 : 1 + table.estimatedRows() / rowsPerRange)
            .sorted(Comparator.reverseOrder())
            .limit(tablesInParallel)
            .mapToLong(Long::longValue)
            .sum();
    return (int) Math.min(maxWorkers, ranges);
  }
}
