package io.bunnydb;

/** How far one table of a mirror has come. */
public enum TableState {
  /**
   * Waits to be copied, or is being copied. Its destination table is empty, still holds the rows of
   * a mapping that was replaced, or is filling.
   */
  COPYING,
  /** The copy is committed; the changes since its snapshot are still to come. */
  COPIED,
  /** Follows the stream of changes. */
  LIVE,
  /**
   * Set aside by {@link TableHandle#pause}: nothing of it is applied, and its changes wait in the
   * source's log until {@link TableHandle#resume}. The other tables go on.
   */
  PAUSED,
  /**
   * Set aside by an error under {@link TableErrorPolicy#QUARANTINE}: nothing of it is applied, and
   * its changes are not kept. The other tables go on; {@link TableHandle#resync} copies it again.
   */
  QUARANTINED
}
