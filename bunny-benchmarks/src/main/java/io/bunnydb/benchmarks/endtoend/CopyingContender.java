package io.bunnydb.benchmarks.endtoend;

import java.sql.SQLException;
import java.time.Duration;

/** A contender that can also copy the tables first. Not thread-safe. */
interface CopyingContender extends Contender {

  /**
   * Waits until all rows of all tables have been copied.
   *
   * @throws RuntimeException if they are not in time, or an error ended the copy
   */
  void awaitCopied(Duration timeout) throws SQLException;
}
