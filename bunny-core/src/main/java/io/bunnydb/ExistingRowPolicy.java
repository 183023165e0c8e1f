package io.bunnydb;

/** What an INSERT does whose row stands on the destination already. */
public enum ExistingRowPolicy {
  /**
   * The mirror pauses; the error names the table and its key columns. As a subscription does. Holds
   * with a checkpoint store that commits with the rows; with any other an INSERT may come twice, so
   * that every row is written over.
   */
  STOP,
  /** The row takes the place of the one that is there. Needs a unique key on the destination. */
  OVERWRITE
}
