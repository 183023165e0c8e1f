package io.bunnydb.internal.verify;

import io.bunnydb.internal.verify.Side.Checksum;
import io.bunnydb.internal.verify.Side.Look;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Finds rows that are not equal on both sides when these are read one after the other: every row
 * that differs, and rows that are in motion. Used by one thread.
 *
 * <p><b>By ranges</b>, where it is known that both sides put the keys in one order. The source says
 * where a range ends; both sides' checksums of it are compared, and if they are not equal, its keys
 * and the digests of its rows. A range of which one side has too many rows is divided before.
 *
 * <p><b>By keys</b> elsewhere: each side is read in the order that an index of its own has, and the
 * other one is asked for the same keys. What one side's order is means nothing to the other.
 *
 * <p>Each key that is read lies behind the one before, as the server compares them, so both end.
 */
final class RowSearch {
  private static final int KEYS_PER_LOOK = 1000;

  private final Side source;
  private final Side destination;
  private final int rowsPerRange;
  private final Tally tally;
  private final Pace pace;

  /** Takes a key whose row is not equal. */
  @FunctionalInterface
  interface Candidates {
    /** Takes one. */
    void add(Key key) throws SQLException, InterruptedException;
  }

  RowSearch(Side source, Side destination, int rowsPerRange, Tally tally, Pace pace) {
    this.source = source;
    this.destination = destination;
    this.rowsPerRange = rowsPerRange;
    this.tally = tally;
    this.pace = pace;
  }

  /** Finds them range by range. */
  void byRanges(Candidates candidates) throws SQLException, InterruptedException {
    @Nullable Key after = null;
    do {
      @Nullable Key to = source.keyAt(new KeyRange(after, null), rowsPerRange - 1L);
      compare(new KeyRange(after, to), candidates);
      after = to;
    } while (after != null);
  }

  private void compare(KeyRange range, Candidates candidates)
      throws SQLException, InterruptedException {
    Checksum here = source.checksum(range);
    Checksum there = destination.checksum(range);
    pace.rest();
    tally.range(here, there);
    if (here.equals(there)) {
      return;
    }
    boolean isSmall = Math.max(here.rows(), there.rows()) <= 2L * rowsPerRange;
    if (!isSmall || !isCompared(range, candidates)) {
      divide(range, candidates);
    }
    pace.rest();
  }

  private void divide(KeyRange range, Candidates candidates)
      throws SQLException, InterruptedException {
    Deque<KeyRange> open = new ArrayDeque<>(List.of(range));
    while (!open.isEmpty()) {
      KeyRange part = open.pop();
      Key middle = middle(part);
      if (middle != null) {
        open.push(new KeyRange(middle, part.to()));
        open.push(new KeyRange(part.after(), middle));
      } else if (!isCompared(part, candidates)) {
        open.push(part);
      }
      pace.rest();
    }
  }

  /** Where to divide a range; null where neither side has more than twice the rows of one. */
  private @Nullable Key middle(KeyRange range) throws SQLException {
    for (Side side : List.of(destination, source)) {
      if (side.keyAt(range, 2L * rowsPerRange) != null) {
        Key middle = side.keyAt(range, rowsPerRange - 1L);
        if (middle != null && !middle.equals(range.to())) {
          return middle;
        }
      }
    }
    return null;
  }

  /** Compares the rows of a range, unless so many have come meanwhile that it is to be divided. */
  private boolean isCompared(KeyRange range, Candidates candidates)
      throws SQLException, InterruptedException {
    int limit = 4 * rowsPerRange;
    Map<Key, String> here = source.rows(range, limit);
    Map<Key, String> there = destination.rows(range, limit);
    if (here.size() == limit || there.size() == limit) {
      return false;
    }
    for (Map.Entry<Key, String> row : here.entrySet()) {
      if (!row.getValue().equals(there.remove(row.getKey()))) {
        candidates.add(row.getKey());
      }
    }
    for (Key additional : there.keySet()) {
      candidates.add(additional);
    }
    return true;
  }

  /** Finds them key by key. */
  void byKeys(Candidates candidates) throws SQLException, InterruptedException {
    int perLook = Math.min(KEYS_PER_LOOK, rowsPerRange);
    walk(source, destination, perLook, true, candidates);
    walk(destination, source, perLook, false, candidates);
  }

  private void walk(Side walked, Side other, int perLook, boolean isSource, Candidates candidates)
      throws SQLException, InterruptedException {
    @Nullable Key after = null;
    while (true) {
      Map<Key, String> rows = walked.rows(new KeyRange(after, null), perLook);
      if (rows.isEmpty()) {
        return;
      }
      List<Key> keys = new ArrayList<>(rows.keySet());
      Look look = other.look(keys);
      tally.range(isSource ? keys.size() : 0, isSource ? 0 : keys.size());
      for (Key key : keys) {
        // The values were compared on the way through the source.
        boolean isEqual =
            isSource
                ? Objects.equals(rows.get(key), look.content(key))
                : look.rows().containsKey(key);
        if (!isEqual) {
          candidates.add(key);
        }
      }
      after = keys.get(keys.size() - 1);
      pace.rest();
    }
  }
}
