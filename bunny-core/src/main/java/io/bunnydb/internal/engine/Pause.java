package io.bunnydb.internal.engine;

import io.bunnydb.spi.Checkpoint;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * The mirror's pause, as the checkpoint has it and {@link PauseGuard} looks after it. Used by the
 * mirror's thread.
 */
final class Pause {
  private final Checkpoints checkpoints;
  private final PauseGuard guard;
  private boolean isToNote;

  Pause(Checkpoints checkpoints, PauseGuard guard) {
    this.checkpoints = checkpoints;
    this.guard = guard;
  }

  /** One begins now, and is to be noted. */
  void begins(boolean byError) {
    guard.begins(byError);
    isToNote = true;
  }

  /** One that an earlier process noted goes on. */
  void goesOn(Checkpoint paused) {
    guard.goesOn(paused);
  }

  /**
   * Notes it in the checkpoint, where that has not been done.
   *
   * @param error why it is; null where an operator wants it
   */
  void note(@Nullable String error) throws SQLException {
    if (isToNote) {
      Checkpoint noted =
          checkpoints.settled().withPaused(true, error).withPausedSince(guard.since());
      checkpoints.save(noted);
      guard.remember(noted);
      isToNote = false;
    }
  }

  /** Takes it out of the checkpoint. */
  void lift() throws SQLException {
    checkpoints.save(checkpoints.require().withPaused(false, null));
  }

  /** It is over. */
  void ends() {
    isToNote = false;
    guard.ends();
  }
}
