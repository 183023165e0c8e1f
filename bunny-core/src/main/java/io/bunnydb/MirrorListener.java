package io.bunnydb;

import java.time.Duration;

/**
 * Hears what happens to a mirror.
 *
 * <p>Called on the mirror's own threads, and for the states PAUSING and TERMINATING on the thread
 * that called the handle; the mirror goes on when the method has returned. So it must return soon,
 * and neither call the handle's commands, which refuse it, nor wait in its {@code await} methods.
 * Calls of one mirror may come from several threads at once while tables are copied. An exception
 * that a listener throws is logged and has no other effect.
 */
public interface MirrorListener {

  /** The mirror passed from one state to another. */
  default void onStateChange(String mirror, MirrorState from, MirrorState to) {}

  /** A table's copy began, went on or ended; at most some ten calls per second and table. */
  default void onCopyProgress(String mirror, TableStatus table) {}

  /**
   * The mirror met an error; its status tells whether it stopped or will try again. Where it has
   * set the error's table aside, the table's status tells that.
   */
  default void onError(String mirror, MirrorException error) {}

  /** Changes were applied and committed; called after each commit, so it must be quick. */
  default void onBatch(String mirror, BatchReport batch) {}

  /**
   * The source may give the slot up, or has. Looked for every five seconds while the handle is
   * open, paused or not; told once, and again when it gets worse.
   */
  default void onSlotWarning(String mirror, SlotWarning warning) {}

  /**
   * A pause has come into a band: told when it begins, each time that it has grown into the next
   * one, and once after a start for a mirror that was paused before.
   *
   * @param paused how long the pause has lasted; where the checkpoint store cannot tell when it
   *     began, the time since the start
   */
  default void onPauseLength(String mirror, PauseBand band, Duration paused) {}

  /**
   * A pause has reached a limit of the mirror's policy; told once in a pause.
   *
   * @param action what is done now; {@link PauseAction#ALERT} also where the action of the policy
   *     cannot be, as for a mirror that an error paused
   * @param reason which limit it was, in a sentence
   */
  default void onPauseLimit(String mirror, PauseAction action, String reason) {}
}
