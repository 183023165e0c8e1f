package io.bunnydb.internal.apply;

import io.bunnydb.internal.catalog.WireType;
import java.util.ArrayList;
import java.util.List;

/**
 * The arrays that are the parameters of one statement, used again for the next, be it for another
 * table: so their memory is bounded, and grown once. Used by one thread.
 */
final class ArrayParameters {
  private static final int KEPT_BYTES = 12 << 20;

  private final List<ArrayParameter> arrays = new ArrayList<>();
  private int count;

  /** Begins a statement without parameters; gives back memory that is much. */
  void clear() {
    long bytes = 0;
    for (int i = 0; i < arrays.size(); i++) {
      bytes += arrays.get(i).capacity();
    }
    if (bytes > KEPT_BYTES) {
      arrays.clear();
    }
    count = 0;
  }

  /** Adds an empty array of a type's values. */
  ArrayParameter add(WireType element) {
    if (count == arrays.size()) {
      arrays.add(new ArrayParameter());
    }
    ArrayParameter array = arrays.get(count++);
    array.begin(element);
    return array;
  }

  /** The parameter at a place, from 0. */
  ArrayParameter get(int place) {
    return arrays.get(place);
  }

  /** How many parameters there are. */
  int count() {
    return count;
  }
}
