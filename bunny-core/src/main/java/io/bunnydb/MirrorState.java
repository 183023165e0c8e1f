package io.bunnydb;

import java.util.EnumSet;
import java.util.Set;

/** Where a mirror stands in its life; each state names those that may follow it. */
public enum MirrorState {
  /** Built and known, nothing begun. */
  CREATED,
  /** Publication, slot and destination tables are being made or checked. */
  SETTING_UP,
  /** The tables are copied for the first time; none receives changes yet. */
  SNAPSHOT,
  /** Changes flow, or will by themselves as soon as a passing fault is over. */
  RUNNING,
  /** A pause was asked for; work in flight is being rolled back. */
  PAUSING,
  /** Nothing writes; the slot keeps the source's log. */
  PAUSED,
  /** The set-up could not be completed; what it had made was taken back. */
  FAILED,
  /** Changes flow, and tables are copied beside their rows, which they are to replace. */
  RESYNCING,
  /** The destination's tables are altered after the source's; then the mirror is what it was. */
  SYNCING_SCHEMA,
  /** The mirror is being closed or dropped. */
  TERMINATING,
  /** Closed or dropped; this handle does nothing more. */
  TERMINATED;

  /** The states that may follow this one directly. */
  public Set<MirrorState> successors() {
    return switch (this) {
      case CREATED -> EnumSet.of(SETTING_UP, PAUSED, TERMINATING);
      case SETTING_UP ->
          EnumSet.of(SNAPSHOT, RUNNING, RESYNCING, PAUSING, PAUSED, FAILED, TERMINATING);
      case SNAPSHOT -> EnumSet.of(SETTING_UP, RUNNING, RESYNCING, PAUSING, PAUSED, TERMINATING);
      case RUNNING -> EnumSet.of(SNAPSHOT, PAUSING, PAUSED, RESYNCING, SYNCING_SCHEMA, TERMINATING);
      case PAUSING -> EnumSet.of(PAUSED, TERMINATING);
      case PAUSED ->
          EnumSet.of(SETTING_UP, SNAPSHOT, RUNNING, RESYNCING, SYNCING_SCHEMA, TERMINATING);
      case FAILED -> EnumSet.of(SETTING_UP, TERMINATING);
      case RESYNCING -> EnumSet.of(SNAPSHOT, RUNNING, PAUSING, PAUSED, TERMINATING);
      case SYNCING_SCHEMA -> EnumSet.of(RUNNING, PAUSING, PAUSED, TERMINATING);
      case TERMINATING -> EnumSet.of(TERMINATED);
      case TERMINATED -> EnumSet.noneOf(MirrorState.class);
    };
  }
}
