package io.bunnydb;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A row in which source and destination differ.
 *
 * <p>Immutable.
 *
 * @param kind how they differ
 * @param key the values of the key's columns as PostgreSQL's text, by the columns' names, in the
 *     key's order
 */
public record RowDifference(Kind kind, Map<String, String> key) {

  /** How two sides differ in a row. */
  public enum Kind {
    /** The source has it, the destination has not. */
    MISSING,
    /** The destination has it, the source has not. */
    ADDITIONAL,
    /** Both have it, with different values. */
    DIFFERENT,
    /**
     * It was not equal whenever it was looked at, and it is not certain that it differs: it changed
     * all the time, or what was written to it is not applied yet.
     */
    UNSETTLED
  }

  /** Copies the key, keeping its order. */
  public RowDifference {
    key = Collections.unmodifiableMap(new LinkedHashMap<>(key));
  }

  /** The kind and the key: {@code MISSING {id=5}}. */
  @Override
  public String toString() {
    return kind + " " + key;
  }
}
