package io.bunnydb;

import java.util.List;

/**
 * What came of comparing a mirror's tables, or of repairing them.
 *
 * <p>Immutable.
 *
 * @param tables each table, in the mirror's order
 */
public record VerifyReport(List<TableVerification> tables) {

  /** Copies the list. */
  public VerifyReport {
    tables = List.copyOf(tables);
  }

  /** Whether every table was compared and has the same rows on both sides now. */
  public boolean matches() {
    return tables.stream().allMatch(TableVerification::matches);
  }

  /**
   * What came of one table.
   *
   * @param source the source table
   * @throws IllegalArgumentException if it is not among them
   */
  public TableVerification table(TableName source) {
    for (TableVerification table : tables) {
      if (table.source().equals(source)) {
        return table;
      }
    }
    throw new IllegalArgumentException("table " + source + " was not asked for");
  }
}
