package io.bunnydb;

/** What a mirror does by itself when a table of the source is altered. */
public enum SchemaPolicy {
  /**
   * Nothing: a row that the destination table has no place for pauses the mirror, until {@link
   * MirrorHandle#syncSchema} or a person has altered that table.
   */
  STOP,
  /**
   * Adds a column that a row brings, where its value in older rows is certain; any other row that
   * has no place pauses the mirror.
   */
  ADD_COLUMNS,
  /**
   * Does what {@link MirrorHandle#syncSchema} would do, when rows ask for it and soon after a table
   * was altered. What that leaves to a person pauses the mirror where a row needs it.
   */
  FOLLOW
}
