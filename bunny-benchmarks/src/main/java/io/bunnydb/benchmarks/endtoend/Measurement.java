package io.bunnydb.benchmarks.endtoend;

import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** One question, asked once of one contender. */
interface Measurement {

  /** The name of the workload. */
  String workload();

  /** Who takes part. */
  List<Contender.Name> contenders();

  /**
   * Takes a turn on new databases.
   *
   * @throws IllegalStateException if the contender does not do its work
   */
  Result run(Databases databases, Contender.Name name, int pair) throws SQLException;

  /**
   * A smaller turn that a contender whose program is compiled while it runs takes before the first
   * that counts; empty if there is none.
   */
  default Optional<Measurement> warmUp(int warmUpRows) {
    return Optional.empty();
  }

  /** The time after which a contender counts as stuck. */
  static Duration timeout(int rows) {
    return Duration.ofMinutes(2).plusMillis(2L * rows); // 500 rows per second
  }
}
