package io.bunnydb;

/** How the rows of a table that is copied again take the place of those that are there. */
public enum ResyncStrategy {
  /**
   * The table is emptied when its copy begins. Takes no more room than the table, and no more time
   * than its copy; readers of a table that is large see it empty, then filling.
   */
  TRUNCATE,
  /**
   * The rows are copied beside the table, which is followed and read meanwhile, and caught up to
   * the stream; then one transaction makes the table's rows equal to them, for all tables together.
   * The table stays the same one, with all that depends on it; readers see the rows of before, then
   * the new ones, and never wait. Takes the room of the rows a second time for as long as it goes
   * on.
   */
  SWAP
}
