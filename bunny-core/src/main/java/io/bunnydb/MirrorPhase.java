package io.bunnydb;

/** What a mirror's tables are made of at the moment. */
public enum MirrorPhase {
  /** The first copy of the tables is not complete. */
  SNAPSHOT,
  /** Change data capture: the tables follow the source's log. */
  CDC
}
