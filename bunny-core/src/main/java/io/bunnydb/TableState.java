package io.bunnydb;

/** How far one table of a mirror has come. */
public enum TableState {
  /**
   * Waits to be copied, or is being copied. Its destination table is empty, or still holds the rows
   * of a mapping that was replaced, until the copy is committed.
   */
  COPYING,
  /** The copy is committed; the changes since its snapshot are still to come. */
  COPIED,
  /** Follows the stream of changes. */
  LIVE
}
