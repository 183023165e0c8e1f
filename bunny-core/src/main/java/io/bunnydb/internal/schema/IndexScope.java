package io.bunnydb.internal.schema;

/** Which of a source table's indexes the destination table is to have, where Bunny makes it. */
public enum IndexScope {
  /** The primary key and that of the replica identity. */
  KEYS,
  /**
   * Those, and the others that refuse no row: where changes may come a second time, an old row can
   * meet a later one that has its unique value.
   */
  KEYS_AND_HARMLESS,
  /** All of them. */
  ALL
}
