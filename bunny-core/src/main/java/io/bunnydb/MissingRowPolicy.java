package io.bunnydb;

/** What an UPDATE or DELETE does whose row is not on the destination. */
public enum MissingRowPolicy {
  /**
   * It is counted in {@link TableStatus#rowsMissing}, warned of and passed over. As a subscription
   * does.
   */
  CONTINUE,
  /** The mirror pauses. Needs a checkpoint store that commits with the rows. */
  STOP
}
