package io.bunnydb;

/** How far one table of a mirror has come. */
public enum TableState {
  /** Waits to be copied, or is being copied; its destination table holds nothing committed. */
  COPYING,
  /** The copy is committed; the changes since its snapshot are still to come. */
  COPIED,
  /** Follows the stream of changes. */
  LIVE
}
