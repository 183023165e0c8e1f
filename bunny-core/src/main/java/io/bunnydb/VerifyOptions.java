package io.bunnydb;

import java.time.Duration;

/**
 * How a mirror's tables are verified: how much is read at a time, how much of the time, how much is
 * told, and what a repair leaves.
 *
 * <p>Immutable; each method that changes something gives new options.
 *
 * @param rowsPerRange how many rows one statement reads on either side, and how many keys are held
 *     in memory for each side; 100 to 1,000,000
 * @param workShare the part of the time for which the servers work; over 0, up to 1
 * @param listedRows how many differing rows are listed of a table, each by its key; 0 to 100,000
 * @param patience how long a row that differs is looked at until it is certain that it does
 * @param deletesAdditional whether a repair deletes rows that the destination alone has
 */
public record VerifyOptions(
    int rowsPerRange,
    double workShare,
    int listedRows,
    Duration patience,
    boolean deletesAdditional) {
  private static final int LEAST_ROWS = 100;
  private static final int MOST_ROWS = 1_000_000;
  private static final int MOST_LISTED = 100_000;

  /**
   * Refuses what cannot be.
   *
   * @throws IllegalArgumentException if a number is out of bounds
   */
  public VerifyOptions {
    if (rowsPerRange < LEAST_ROWS || rowsPerRange > MOST_ROWS) {
      throw new IllegalArgumentException(
          "a range has " + LEAST_ROWS + " to " + MOST_ROWS + " rows, not " + rowsPerRange);
    }
    if (!(workShare > 0 && workShare <= 1)) {
      throw new IllegalArgumentException(
          "the share of the time is over 0 and up to 1, not " + workShare);
    }
    if (listedRows < 0 || listedRows > MOST_LISTED) {
      throw new IllegalArgumentException(
          "0 to " + MOST_LISTED + " rows can be listed, not " + listedRows);
    }
    if (patience.isNegative()) {
      throw new IllegalArgumentException("a patience is not negative: " + patience);
    }
  }

  /**
   * Ranges of 10,000 rows, half of the time, 100 rows listed, ten seconds of patience, and
   * additional rows deleted.
   */
  public static VerifyOptions defaults() {
    return new VerifyOptions(10_000, 0.5, 100, Duration.ofSeconds(10), true);
  }

  /**
   * The same with ranges of another size. Default 10,000.
   *
   * @param rows 100 to 1,000,000; small ones hold the servers up for less at a time
   * @throws IllegalArgumentException if it is out of bounds
   */
  public VerifyOptions rowsPerRange(int rows) {
    return new VerifyOptions(rows, workShare, listedRows, patience, deletesAdditional);
  }

  /**
   * The same for another part of the time: after each statement follows a pause in proportion to
   * what it took. Default 0.5.
   *
   * @param share over 0, up to 1, which knows no pauses
   * @throws IllegalArgumentException if it is out of bounds
   */
  public VerifyOptions workShare(double share) {
    return new VerifyOptions(rowsPerRange, share, listedRows, patience, deletesAdditional);
  }

  /**
   * The same with another number of differing rows that are listed of each table; all are counted.
   * Default 100.
   *
   * @param rows 0 to 100,000
   * @throws IllegalArgumentException if it is out of bounds
   */
  public VerifyOptions listedRows(int rows) {
    return new VerifyOptions(rowsPerRange, workShare, rows, patience, deletesAdditional);
  }

  /**
   * The same with another patience: how long rows that differ, up to a thousand together, are
   * looked at until they agree, or it is certain that they will not. What is neither by then is
   * unsettled. Default ten seconds.
   *
   * @param time not negative
   * @throws IllegalArgumentException if it is negative
   */
  public VerifyOptions patience(Duration time) {
    return new VerifyOptions(rowsPerRange, workShare, listedRows, time, deletesAdditional);
  }

  /**
   * The same with another treatment of rows that the destination alone has. Default {@code true}: a
   * repair deletes them. With {@code false} they are counted and listed, and stay; for tables into
   * which others write as well, or that keep the rows of partitions that the source has dropped.
   */
  public VerifyOptions deletesAdditional(boolean isDeleting) {
    return new VerifyOptions(rowsPerRange, workShare, listedRows, patience, isDeleting);
  }
}
