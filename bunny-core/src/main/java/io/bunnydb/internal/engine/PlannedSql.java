package io.bunnydb.internal.engine;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Collects the SQL that a start would run, in its order. Two tables that need the same schema need
 * it once. Used by one thread.
 */
final class PlannedSql {
  private final Set<String> source = new LinkedHashSet<>();
  private final Set<String> destination = new LinkedHashSet<>();
  private final Set<String> afterRows = new LinkedHashSet<>();

  /** Adds a statement on the source. */
  void onSource(String statement) {
    source.add(statement);
  }

  /** Adds statements on the destination that come before any row. */
  void onDestination(Collection<String> statements) {
    destination.addAll(statements);
  }

  /** Adds statements on the destination that follow a table's rows. */
  void afterRows(Collection<String> statements) {
    afterRows.addAll(statements);
  }

  /** The statements on the source. */
  List<String> source() {
    return List.copyOf(source);
  }

  /** The statements on the destination. */
  List<String> destination() {
    List<String> all = new ArrayList<>(destination);
    all.addAll(afterRows);
    return all;
  }
}
