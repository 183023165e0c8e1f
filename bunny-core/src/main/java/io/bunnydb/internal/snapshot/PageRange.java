package io.bunnydb.internal.snapshot;

import java.util.ArrayList;
import java.util.List;

/**
 * Pages of a table's heap that lie next to each other; a row is where its {@code ctid} says for as
 * long as the table is not rewritten.
 *
 * @param first the first page
 * @param end the first page after it; {@link #OPEN} for up to the end of the table
 */
public record PageRange(long first, long end) {
  /** Stands for the end of the table, wherever that is. */
  public static final long OPEN = -1;

  /** The whole table. */
  static final PageRange WHOLE = new PageRange(0, OPEN);

  /**
   * Divides a table into ranges of nearly the same size; the last one is open, as the table grows.
   *
   * @param pages how many pages it has
   * @param pagesPerRange how many a range has at most
   */
  static List<PageRange> split(long pages, long pagesPerRange) {
    long count = Math.max(1, (pages + pagesPerRange - 1) / pagesPerRange);
    List<PageRange> ranges = new ArrayList<>();
    for (long i = 0; i < count; i++) {
      ranges.add(new PageRange(pages * i / count, i == count - 1 ? OPEN : pages * (i + 1) / count));
    }
    return ranges;
  }

  /** The range before a limit, which may be {@link Long#MAX_VALUE} for none. */
  static PageRange upTo(long first, long limit) {
    return new PageRange(first, limit == Long.MAX_VALUE ? OPEN : limit);
  }

  /** The first page after it; {@link Long#MAX_VALUE} where it is open. */
  long limit() {
    return end == OPEN ? Long.MAX_VALUE : end;
  }

  /** The condition that a row lies in the range; empty where every row does. */
  public String conditionSql() {
    String from = first == 0 ? "" : "ctid >= '(" + first + ",0)'";
    String to = end == OPEN ? "" : "ctid < '(" + end + ",0)'";
    return from + (from.isEmpty() || to.isEmpty() ? "" : " AND ") + to;
  }

  /** The condition that a row lies in the range, and another condition holds. */
  String with(String condition) {
    String range = conditionSql();
    return range.isEmpty() ? condition : range + " AND " + condition;
  }
}
