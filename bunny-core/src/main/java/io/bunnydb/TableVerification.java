package io.bunnydb;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What came of comparing one table of both sides.
 *
 * <p>Immutable.
 *
 * @param source the table on the source
 * @param destination the table on the destination
 * @param outcome what came of it
 * @param sourceRows how many rows were read on the source; as they changed meanwhile, this is the
 *     count of no one moment
 * @param destinationRows how many rows were read on the destination
 * @param ranges how many ranges were compared
 * @param missing rows that the destination lacks
 * @param additional rows that the destination has and the source has not
 * @param different rows with other values
 * @param unsettled rows of which it is not certain whether they differ
 * @param repaired how many of the missing, additional and different ones were repaired
 * @param rows the first of them, by their keys; as many as the options say
 * @param lsn the end of the source's log when the comparison began: everything that committed
 *     before is compared; {@link Lsn#ZERO} where nothing was
 * @param duration how long it took, pauses included
 * @param remark what stood against the comparison or the repair, or what is to be known of it, and
 *     what to do; null where there is nothing to say
 */
public record TableVerification(
    TableName source,
    TableName destination,
    Outcome outcome,
    long sourceRows,
    long destinationRows,
    long ranges,
    long missing,
    long additional,
    long different,
    long unsettled,
    long repaired,
    List<RowDifference> rows,
    Lsn lsn,
    Duration duration,
    @Nullable String remark) {

  /** What came of a comparison. */
  public enum Outcome {
    /** Both sides have the same rows. */
    EQUAL,
    /** They had not; every row that differed was repaired, and has the source's values now. */
    REPAIRED,
    /** They have not. */
    DIFFERENT,
    /** No row is known to differ; of some it is not certain. */
    UNSETTLED,
    /** The table was not compared; the remark says why. */
    SKIPPED
  }

  /** Copies the list. */
  public TableVerification {
    rows = List.copyOf(rows);
  }

  /** Whether both sides have the same rows now, be it by a repair. */
  public boolean matches() {
    return outcome == Outcome.EQUAL || outcome == Outcome.REPAIRED;
  }

  /** How many rows are known to have differed. */
  public long differences() {
    return missing + additional + different;
  }

  /** One line: table, outcome, counts and remark. */
  @Override
  public String toString() {
    StringBuilder line = new StringBuilder().append(destination).append(": ").append(outcome);
    line.append(", rows ").append(sourceRows).append(" / ").append(destinationRows);
    add(line, missing, "missing");
    add(line, additional, "additional");
    add(line, different, "different");
    add(line, unsettled, "unsettled");
    add(line, repaired, "repaired");
    return (remark == null ? line : line.append("; ").append(remark)).toString();
  }

  private static void add(StringBuilder line, long count, String what) {
    if (count > 0) {
      line.append(", ").append(count).append(' ').append(what);
    }
  }
}
