package io.bunnydb.internal.source;

import io.bunnydb.Lsn;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How the log of a cluster came to its timeline: where each timeline before ended.
 *
 * <p>Immutable.
 */
public final class TimelineHistory {
  private final Map<Integer, Lsn> ends;

  private TimelineHistory(Map<Integer, Lsn> ends) {
    this.ends = ends;
  }

  /**
   * Reads a history file, which has a line for each timeline before: its number, the position where
   * it ended, and why, divided by white space ("Timelines" in the PostgreSQL documentation).
   *
   * @throws IllegalArgumentException if a line is not of that form
   */
  public static TimelineHistory parse(String file) {
    Map<Integer, Lsn> ends = new HashMap<>();
    for (String line : file.lines().map(String::strip).toList()) {
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      String[] fields = line.split("\\s+", 3);
      if (fields.length < 2) {
        throw new IllegalArgumentException("not a line of a timeline's history: " + line);
      }
      ends.put(Integer.valueOf(fields[0]), Lsn.parse(fields[1]));
    }
    return new TimelineHistory(ends);
  }

  /** Where a timeline ended; null for one that this one does not come from. */
  public @Nullable Lsn endOf(int timeline) {
    return ends.get(timeline);
  }
}
