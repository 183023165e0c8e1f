package io.bunnydb.internal.verify;

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
}
