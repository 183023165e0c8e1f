package io.bunnydb.internal.schema;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The columns of the source whose value in rows of before was not found by a look at all rows. They
 * are not looked through again by every comparison, but when somebody asks. Thread-safe.
 */
public final class FruitlessScans {
  private final Set<Key> columns = ConcurrentHashMap.newKeySet();

  /** A column by its number, which no other of its table ever gets. */
  private record Key(long table, int column) {}

  /** Lets all columns be looked through again. */
  public void forget() {
    columns.clear();
  }

  boolean has(long table, int column) {
    return columns.contains(new Key(table, column));
  }

  void add(long table, int column) {
    columns.add(new Key(table, column));
  }
}
