package io.bunnydb.internal.verify;

import java.util.Collections;
import java.util.Set;

/**
 * Which transactions were writing. The server lists those that are older than the last one that had
 * ended, and no younger ones; {@link Side#writers} knows all.
 *
 * @param running their IDs ("pg_snapshot Components" in the PostgreSQL documentation)
 */
record Snapshot(Set<String> running) {

  /** Reads the text form: {@code xmin:xmax:running,running}. */
  static Snapshot parse(String text) {
    String running = text.substring(text.lastIndexOf(':') + 1);
    return new Snapshot(running.isEmpty() ? Set.of() : Set.of(running.split(",", -1)));
  }

  /** Whether everything that was writing then has ended by now. */
  boolean isOver(Snapshot now) {
    return Collections.disjoint(running, now.running);
  }
}
