package io.bunnydb;

/** What an INSERT does whose row stands on the destination already. */
public enum ExistingRowPolicy {
  /** The mirror pauses; the error names the table and its key columns. As a subscription does. */
  STOP,
  /** The row takes the place of the one that is there. Needs a unique key on the destination. */
  OVERWRITE
}
