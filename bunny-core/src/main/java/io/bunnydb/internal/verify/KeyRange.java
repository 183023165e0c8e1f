package io.bunnydb.internal.verify;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The keys between two.
 *
 * @param after the key before the first; null for none
 * @param to the last key; null for none
 */
record KeyRange(@Nullable Key after, @Nullable Key to) {
  /** All keys. */
  static final KeyRange ALL = new KeyRange(null, null);

  /** The parameters of {@link RowsSql}'s condition for this range. */
  Object[] parameters() {
    List<Object> parameters = new ArrayList<>();
    add(parameters, after);
    add(parameters, to);
    return parameters.toArray();
  }

  private static void add(List<Object> parameters, @Nullable Key bound) {
    if (bound != null) {
      parameters.addAll(bound.values());
      if (bound.values().size() > 1) {
        parameters.add(bound.values().get(0));
      }
    }
  }
}
