package io.bunnydb.internal.engine;

import io.bunnydb.TableName;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Destination tables that could not be altered, as they were in use, and when each is to be tried
 * again: after a wait that doubles each time, as the stream stands still for every attempt. Used by
 * one thread.
 */
final class TablesInUse {
  static final long FIRST_SECONDS = 5;
  static final long LONGEST_SECONDS = 900;

  private final Map<TableName, Wait> waits = new HashMap<>();

  private record Wait(long seconds, long end) {}

  /** Forgets all of them. */
  void clear() {
    waits.clear();
  }

  /**
   * The tables whose wait is over.
   *
   * @param now the present second, of any clock
   */
  Set<TableName> due(long now) {
    return waits.entrySet().stream()
        .filter(entry -> entry.getValue().end <= now)
        .map(Map.Entry::getKey)
        .collect(Collectors.toSet());
  }

  /** Whether a table waits, be it that its wait is over. */
  boolean has(TableName table) {
    return waits.containsKey(table);
  }

  /**
   * Notes that a table is in use, or still is.
   *
   * @return how long it is to be left alone, in seconds; 0 where that was noted already
   */
  long add(TableName table, long now) {
    Wait known = waits.get(table);
    if (known != null && known.end > now) {
      return 0;
    }
    long seconds = known == null ? FIRST_SECONDS : Math.min(2 * known.seconds, LONGEST_SECONDS);
    waits.put(table, new Wait(seconds, now + seconds));
    return seconds;
  }

  /** Forgets those of some tables that have not been noted again. */
  void remove(Set<TableName> tables, long now) {
    waits.entrySet().removeIf(e -> tables.contains(e.getKey()) && e.getValue().end <= now);
  }

  /** How long it takes until one is due, in seconds; nothing where none waits. */
  OptionalLong untilDue(long now) {
    return waits.values().stream().mapToLong(wait -> Math.max(0, wait.end - now)).min();
  }
}
