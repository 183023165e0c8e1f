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
          + " NULL and unique";
  private static final int LEAST_LOOKS = 3;
  private static final Duration BARRIER = Duration.ofSeconds(2);

  private final Side source;
  private final Side destination;
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
    this.destination = destination;
    this.settlement = settlement;
    this.standing = standing;
    this.table = table.mapping();
    this.pace = pace;
  }

  /** Compares until it is certain, or at least three times until the time is over. */
  void run(Tally tally, Duration patience) throws SQLException, InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    int following = standing.follows(table);
    Whole here = source.whole();
    @Nullable Whole before = null;
    for (int look = 1; ; look++) {
      Lsn end = Catalog.logEndToReach(source.connection());
      boolean isApplied = standing.awaitApplied(end, patience);
      Whole there = destination.whole();
      pace.rest();
      if (here.checksum().equals(there.checksum())) {
        tally.range(here.checksum(), there.checksum());
        return;
      }
      if (!isApplied
          || following == Standing.NOT_FOLLOWING
          || following != standing.follows(table)) {
        unsettled(tally, here, there);
        return;
      }
      boolean isClear = settlement.awaitWriters(BARRIER);
      Whole again = source.whole();
      pace.rest();
      boolean isStill = isClear && here.versions().equals(again.versions());
      if (isStill && before != null && before.versions().equals(there.versions())) {
        tally.range(here.checksum(), there.checksum());
        tally.differs(here.checksum(), there.checksum());
        tally.remark(NO_KEY + "; resync it");
        return;
      }
      if (look >= LEAST_LOOKS && System.nanoTime() - deadline >= 0) {
        unsettled(tally, here, there);
        return;
      }
      here = again;
      before = isClear ? there : null;
    }
  }

  private static void unsettled(Tally tally, Whole here, Whole there) {
    tally.range(here.checksum(), there.checksum());
    tally.isUnsettled();
    tally.remark(NO_KEY + ", and was written to all the while; verify it when it is quiet");
  }
}
