package io.bunnydb.internal.snapshot;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.StringJoiner;

/**
 * Ranges of a table's pages, of which none meets another; in ascending order.
 *
 * @param ranges those ranges
 */
record PageSet(List<PageRange> ranges) {
  /** No pages. */
  static final PageSet NONE = new PageSet(List.of());

  PageSet {
    ranges = List.copyOf(ranges);
  }

  /**
   * Reads the text form.
   *
   * @throws IllegalArgumentException if it is none
   */
  static PageSet parse(String text) {
    List<PageRange> ranges = new ArrayList<>();
    for (String part : text.isEmpty() ? new String[0] : text.split(",", -1)) {
      int dash = part.indexOf('-');
      if (dash < 0) {
        throw new IllegalArgumentException("no range of pages: " + part);
      }
      String end = part.substring(dash + 1);
      ranges.add(
          new PageRange(
              Long.parseLong(part.substring(0, dash)),
              end.isEmpty() ? PageRange.OPEN : Long.parseLong(end)));
    }
    return new PageSet(ranges);
  }

  /** Whether there is no page in it. */
  boolean isEmpty() {
    return ranges.isEmpty();
  }

  /** The same pages and those of a range. */
  PageSet plus(PageRange added) {
    List<PageRange> all = new ArrayList<>(minus(added).ranges);
    all.add(added);
    all.sort(Comparator.comparingLong(PageRange::first));
    List<PageRange> joined = new ArrayList<>();
    for (PageRange range : all) {
      int last = joined.size() - 1;
      if (last >= 0 && joined.get(last).end() == range.first()) {
        joined.set(last, new PageRange(joined.get(last).first(), range.end()));
      } else {
        joined.add(range);
      }
    }
    return new PageSet(joined);
  }

  /** The same pages without those of a range. */
  PageSet minus(PageRange removed) {
    List<PageRange> left = new ArrayList<>();
    for (PageRange range : ranges) {
      addIfAny(left, range.first(), Math.min(range.limit(), removed.first()));
      addIfAny(left, Math.max(range.first(), removed.limit()), range.limit());
    }
    return new PageSet(left);
  }

  /** Those of the pages that lie in a range. */
  PageSet within(PageRange bounds) {
    List<PageRange> inside = new ArrayList<>();
    for (PageRange range : ranges) {
      addIfAny(
          inside, Math.max(range.first(), bounds.first()), Math.min(range.limit(), bounds.limit()));
    }
    return new PageSet(inside);
  }

  private static void addIfAny(List<PageRange> ranges, long first, long limit) {
    if (first < limit) {
      ranges.add(PageRange.upTo(first, limit));
    }
  }

  /** The text form: {@code 0-1200,1500-1800,2000-}. */
  @Override
  public String toString() {
    StringJoiner text = new StringJoiner(",");
    for (PageRange range : ranges) {
      text.add(range.first() + "-" + (range.end() == PageRange.OPEN ? "" : range.end()));
    }
    return text.toString();
  }
}
