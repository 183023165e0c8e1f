package io.bunnydb.internal.verify;

import io.bunnydb.Lsn;
import io.bunnydb.TableMapping;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.verify.Side.Whole;
import java.sql.SQLException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The comparison of a table whose rows cannot be told apart: of all of its rows at once, by their
 * count and a checksum. Used by one thread.
 *
 * <p>Looks follow each other as in {@link Settlement}, with a barrier after each at the
 * destination. Both sides agree if S(i) and D(i) have the same rows. They differ for certain if
 * not, and if all rows of D(i) were there at D(i-1), and all of S(i) still at S(i+1), each in the
 * same version and none besides. For what had been applied at D(i) is all that S(i) shows and what
 * was written after it; what was inserted after it would be a new version at D(i), and there is
 * none; what was deleted after it would be missing at S(i+1), and nothing is. So the destination
 * should have shown the rows of S(i).
 */
final class WholeComparison {
  static final String NO_KEY =
      "it was compared as a whole, as it has no key of built-in types that both sides have as NOT"
          + " NULL and unique, with an index whose order can be relied on";
  private static final int LEAST_LOOKS = 3;
  private static final Duration BARRIER = Duration.ofSeconds(2);

  private final Side source;
  private final WholeRead here;
  private final WholeRead there;
  private final Settlement settlement;
  private final Standing standing;
  private final TableMapping table;
  private final Pace pace;

  WholeComparison(
      Side source,
      Side destination,
      Settlement settlement,
      Standing standing,
      ComparedTable table,
      Pace pace) {
    this.source = source;
    this.here = new WholeRead(source, pace);
    this.there = new WholeRead(destination, pace);
    this.settlement = settlement;
    this.standing = standing;
    this.table = table.mapping();
    this.pace = pace;
  }

  /** Compares until it is certain, or at least three times until the time is over. */
  void run(Tally tally, Duration patience) throws SQLException, InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    int following = standing.follows(table);
    @Nullable Whole from = here.run();
    @Nullable Whole before = null;
    for (int look = 1; ; look++) {
      Lsn end = Catalog.logEndToReach(source.connection());
      boolean isApplied = standing.awaitApplied(end, patience);
      @Nullable Whole to = from == null ? null : there.run();
      pace.rest();
      if (from != null && to != null && from.checksum().equals(to.checksum())) {
        tally.range(from.checksum(), to.checksum());
        return;
      }
      if (!isApplied
          || following == Standing.NOT_FOLLOWING
          || following != standing.follows(table)) {
        unsettled(tally, from, to);
        return;
      }
      boolean isClear = settlement.awaitWriters(BARRIER);
      @Nullable Whole again = here.run();
      pace.rest();
      if (isClear && from != null && to != null && isStill(from, again) && isStill(to, before)) {
        tally.range(from.checksum(), to.checksum());
        tally.differs(from.checksum(), to.checksum());
        tally.remark(NO_KEY + "; resync it");
        return;
      }
      if (look >= LEAST_LOOKS && System.nanoTime() - deadline >= 0) {
        unsettled(tally, from, to);
        return;
      }
      from = again;
      before = isClear ? to : null;
    }
  }

  private static boolean isStill(Whole rows, @Nullable Whole other) {
    return other != null && rows.versions().equals(other.versions());
  }

  private static void unsettled(Tally tally, @Nullable Whole from, @Nullable Whole to) {
    tally.isUnsettled();
    if (from == null || to == null) {
      tally.remark(
          NO_KEY + ", and gave way to who waited for the table; verify it when it is quiet");
      return;
    }
    tally.range(from.checksum(), to.checksum());
    tally.remark(NO_KEY + ", and was written to all the while; verify it when it is quiet");
  }
}
