package io.bunnydb;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Which events of a mirror are wanted.
 *
 * <p>Immutable.
 *
 * @param limit how many at most; 1 to 1000
 * @param offset how many of the newest to leave out; 0 or more
 * @param level the least grave that is wanted
 * @param search a text that the message or a detail holds, in capitals or not; null for any
 */
public record EventQuery(int limit, int offset, MirrorEvent.Level level, @Nullable String search) {
  private static final int MOST = 1000;

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if one is out of its range
   */
  public EventQuery {
    if (limit < 1 || limit > MOST) {
      throw new IllegalArgumentException("a limit is 1 to " + MOST + ", not " + limit);
    }
    if (offset < 0) {
      throw new IllegalArgumentException("an offset is 0 or more, not " + offset);
    }
    Objects.requireNonNull(level, "level");
  }

  /** The newest events of every level. */
  public static EventQuery newest(int limit) {
    return new EventQuery(limit, 0, MirrorEvent.Level.INFO, null);
  }
}
