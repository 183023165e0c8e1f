package io.bunnydb;

/**
 * What becomes of a mirror when a table cannot go on: a change that its destination table does not
 * take, or a copy, for a reason that does not {@linkplain ErrorKind#passesWithTime pass with time}.
 */
public enum TableErrorPolicy {
  /** The mirror pauses, and goes on with that change after the cure. Nothing is skipped. */
  STOP,
  /**
   * The table alone stops: it is {@link TableState#QUARANTINED} from that transaction on, and the
   * others go on, with what the same transaction did to them. Its status tells the error, {@link
   * MirrorListener#onError} hears of it. Nothing of the source's log is kept for it; once the cause
   * is mended, {@link TableHandle#resync} copies it again.
   *
   * <p>So the destination no longer shows whole transactions of the source: the quarantined table
   * stays behind the others. Foreign keys rest while a mirror writes, and so rows of other tables
   * may refer to rows that the quarantined one lacks. Tables that foreign keys tie to it, on either
   * side, are named in the error and go on nevertheless; {@link MirrorHandle#pauseTables} holds
   * them.
   *
   * <p>Errors that are not of one table pause the mirror as ever: of the log, the slot, the
   * checkpoint, a login, and those that Bunny cannot tell.
   */
  QUARANTINE
}
