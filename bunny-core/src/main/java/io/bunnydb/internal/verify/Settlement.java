package io.bunnydb.internal.verify;

import io.bunnydb.Lsn;
import io.bunnydb.RowDifference.Kind;
import io.bunnydb.TableMapping;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.verify.Side.Look;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Decides of rows that were not equal when both sides were read, one after the other, whether they
 * differ or were in motion. Nothing is held up for that. Used by one thread.
 *
 * <p>Looks at the source and at the destination follow each other: S0, D0, S1, D1, ... After each
 * look at the source the end of its log, L, is read; all that the look saw committed before L. The
 * next look at the destination follows when the mirror has applied everything before L. Before the
 * next look at the source the transactions that were writing on it after the look at the
 * destination are to end (the <i>barrier</i>): the destination may have applied one that is not
 * visible on the source yet, as one that waits for a synchronous standby; when all of them have
 * ended, the look sees everything that the destination had applied. Then
 *
 * <ul>
 *   <li>a row that S(i) and D(i) show with one content, or both do not show, <b>agrees</b>;
 *   <li>a row that S(i) and S(i+1) show in one version <b>differs</b> if D(i) does not show it so,
 *       or not at all. A version, told by {@code tableoid}, {@code ctid} and {@code xmin}, is not
 *       made a second time, so the row had that content at each position from before L(i) up to all
 *       that the destination had applied at D(i), which is at least L(i). Instead of the barrier it
 *       is enough that S(i+1) shows the version with an {@code xmax} of 0: who commits a change of
 *       it has set that before;
 *   <li>a row that S(i) does not show is <b>additional</b> if D(i-1) and D(i) show it in one
 *       version, with the barrier between D(i-1) and S(i). Then S(i) has seen all that had been
 *       applied at D(i-1), so if the row was on the source, its end came before L(i) and had been
 *       applied at D(i), and what was inserted after S(i) would have made another version there.
 * </ul>
 *
 * <p>Anything else is looked at again, until the time is over; what is left then is unsettled.
 */
final class Settlement {
  private static final Duration FIRST_BARRIER = Duration.ofMillis(100);
  private static final Duration POLL = Duration.ofMillis(5);

  private final Side source;
  private final Side destination;
  private final Standing standing;
  private final TableMapping table;
  private final Pace pace;
  private final Duration patience;

  /**
   * A row that differs for certain.
   *
   * @param sourceVersion its version on the source; null where it is not there
   * @param version its version on the destination; null where it is not there
   */
  record Proven(Key key, Kind kind, @Nullable String sourceVersion, @Nullable String version) {}

  /**
   * What became of rows; those that agree are in neither list.
   *
   * @param proven those that differ
   * @param unsettled those of which it is not certain
   */
  record Verdicts(List<Proven> proven, List<Key> unsettled) {}

  Settlement(
      Side source,
      Side destination,
      Standing standing,
      TableMapping table,
      Pace pace,
      Duration patience) {
    this.source = source;
    this.destination = destination;
    this.standing = standing;
    this.table = table;
    this.pace = pace;
    this.patience = patience;
  }

  /** Decides of rows; there is at least one. */
  Verdicts settle(List<Key> candidates) throws SQLException, InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    int following = standing.follows(table);
    List<Proven> proven = new ArrayList<>();
    List<Key> open = candidates;
    Look here = source.look(open);
    Look before = null; // at the destination, with a barrier after it
    for (Duration barrier = FIRST_BARRIER; ; barrier = barrier.multipliedBy(2)) {
      Lsn end = Catalog.logEndToReach(source.connection());
      if (!standing.awaitApplied(end, left(deadline))) {
        return new Verdicts(proven, open);
      }
      Look there = destination.look(open);
      if (following == Standing.NOT_FOLLOWING || following != standing.follows(table)) {
        return new Verdicts(proven, open);
      }
      open = withoutSettled(open, here, there, before, proven);
      if (open.isEmpty() || left(deadline).isZero()) {
        return new Verdicts(proven, open);
      }
      boolean isClear = awaitWriters(min(barrier, left(deadline)));
      Look again = source.look(open);
      open = withoutDifferent(open, here, there, again, isClear, proven);
      if (open.isEmpty()) {
        return new Verdicts(proven, open);
      }
      here = again;
      before = isClear ? there : null;
    }
  }

  /** Leaves out what agrees, and what is additional. */
  private static List<Key> withoutSettled(
      List<Key> open, Look here, Look there, @Nullable Look before, List<Proven> proven) {
    List<Key> left = new ArrayList<>();
    for (Key key : open) {
      String content = here.content(key);
      if (Objects.equals(content, there.content(key))) {
        continue;
      }
      String version = there.version(key);
      if (content == null && before != null && Objects.equals(version, before.version(key))) {
        proven.add(new Proven(key, Kind.ADDITIONAL, null, version));
      } else {
        left.add(key);
      }
    }
    return left;
  }

  /** Leaves out what is on the source, and differs. */
  private static List<Key> withoutDifferent(
      List<Key> open, Look here, Look there, Look again, boolean isClear, List<Proven> proven) {
    List<Key> left = new ArrayList<>();
    for (Key key : open) {
      String version = here.version(key);
      if (version != null
          && version.equals(again.version(key))
          && (isClear || again.isUntouched(key))) {
        String other = there.version(key);
        proven.add(new Proven(key, other == null ? Kind.MISSING : Kind.DIFFERENT, version, other));
      } else {
        left.add(key);
      }
    }
    return left;
  }

  /** Waits for the end of all transactions that are writing on the source now. */
  boolean awaitWriters(Duration atMost) throws SQLException, InterruptedException {
    long deadline = System.nanoTime() + atMost.toNanos();
    Snapshot now = source.writers();
    while (!now.isOver(source.snapshot())) {
      if (left(deadline).isZero()) {
        return false;
      }
      pace.await(POLL);
    }
    return true;
  }

  private static Duration left(long deadline) {
    return Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
  }

  private static Duration min(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }
}
