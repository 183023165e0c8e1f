package io.bunnydb;

/** What is done when a pause reaches a limit of the mirror's policy. */
public enum PauseAction {
  /** It is told: a warning in the log, and {@link MirrorListener#onPauseLimit}. */
  ALERT,

  /**
   * It is told, and the mirror is resumed. One that an error paused is not, since the error needs a
   * cure first.
   */
  RESUME,

  /**
   * It is told, and the slot is dropped, so that the source need not keep its log any longer. The
   * mirror stays paused; {@link MirrorHandle#recreate} copies its tables again. A slot that an
   * administrator made is not dropped.
   */
  DROP_SLOT
}
