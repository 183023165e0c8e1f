package io.bunnydb.internal.verify;

import io.bunnydb.Lsn;
import io.bunnydb.RowDifference;
import io.bunnydb.RowDifference.Kind;
import io.bunnydb.TableMapping;
import io.bunnydb.TableVerification;
import io.bunnydb.TableVerification.Outcome;
import io.bunnydb.internal.verify.Side.Checksum;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What is found of a table, as it is found. Used by one thread. */
public final class Tally {
  private final TableMapping mapping;
  private final int listedRows;
  private final long beganNanos = System.nanoTime();
  private final Map<Kind, Long> counts = new EnumMap<>(Kind.class);
  private final List<RowDifference> listed = new ArrayList<>();
  private Lsn lsn = Lsn.ZERO;
  private long sourceRows;
  private long destinationRows;
  private long ranges;
  private long repaired;
  private boolean isSkipped;
  private boolean isDifferent;
  private boolean isUnsettled;
  private @Nullable String remark;

  /**
   * Nothing yet.
   *
   * @param listedRows how many rows to list
   */
  public Tally(TableMapping mapping, int listedRows) {
    this.mapping = mapping;
    this.listedRows = listedRows;
  }

  /** Notes where the source's log ends as the comparison begins. */
  void begins(Lsn end) {
    lsn = end;
  }

  /** Notes that the table is not compared, and why. */
  public void skip(String why) {
    isSkipped = true;
    remark = why;
  }

  /** Notes what is to be known of the comparison. */
  void remark(String what) {
    remark = what;
  }

  /** Counts a range that was read. */
  void range(Checksum here, Checksum there) {
    sourceRows += here.rows();
    destinationRows += there.rows();
    ranges++;
  }

  /** Counts a range of which one side was read. */
  void range(long rowsHere, long rowsThere) {
    sourceRows += rowsHere;
    destinationRows += rowsThere;
    ranges++;
  }

  /** Counts a row, and lists it where there is room. */
  void row(Kind kind, Key key, List<KeyColumn> columns) {
    counts.merge(kind, 1L, Long::sum);
    if (listed.size() < listedRows) {
      Map<String, String> values = new LinkedHashMap<>();
      for (int i = 0; i < columns.size(); i++) {
        values.put(columns.get(i).name(), key.values().get(i));
      }
      listed.add(new RowDifference(kind, values));
    }
  }

  /** Counts rows that were repaired, and are counted as differing. */
  void repaired(int rows) {
    repaired += rows;
  }

  /** Notes what is certain of a table whose rows cannot be told apart: how many more either has. */
  void differs(Checksum here, Checksum there) {
    isDifferent = true;
    counts.put(Kind.MISSING, Math.max(0, here.rows() - there.rows()));
    counts.put(Kind.ADDITIONAL, Math.max(0, there.rows() - here.rows()));
  }

  /** Notes that it is not certain whether a table differs whose rows cannot be told apart. */
  void isUnsettled() {
    isUnsettled = true;
  }

  /** What came of it. */
  public TableVerification result() {
    return new TableVerification(
        mapping.source(),
        mapping.destination(),
        outcome(),
        sourceRows,
        destinationRows,
        ranges,
        count(Kind.MISSING),
        count(Kind.ADDITIONAL),
        count(Kind.DIFFERENT),
        count(Kind.UNSETTLED),
        repaired,
        listed,
        lsn,
        Duration.ofNanos(System.nanoTime() - beganNanos),
        remark);
  }

  private long count(Kind kind) {
    return counts.getOrDefault(kind, 0L);
  }

  private Outcome outcome() {
    if (isSkipped) {
      return Outcome.SKIPPED;
    }
    long unsettled = count(Kind.UNSETTLED);
    long differing = count(Kind.MISSING) + count(Kind.ADDITIONAL) + count(Kind.DIFFERENT);
    if (isDifferent || differing > repaired) {
      return Outcome.DIFFERENT;
    }
    if (isUnsettled || unsettled > 0) {
      return Outcome.UNSETTLED;
    }
    return differing > 0 ? Outcome.REPAIRED : Outcome.EQUAL;
  }
}
