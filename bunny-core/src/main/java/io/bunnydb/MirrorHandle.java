package io.bunnydb;

import io.bunnydb.internal.engine.MirrorEngine;
import java.time.Duration;
import java.util.Arrays;

/**
 * Operates one running mirror.
 *
 * <p>Thread-safe. Commands run one after another; each returns when it has taken effect. A command
 * whose state already holds does nothing; one that the state forbids throws {@link
 * IllegalStateException} and changes nothing. {@link #close} ends the work of this process and
 * drops nothing; the mirror can be started again.
 */
public final class MirrorHandle implements AutoCloseable {
  private final MirrorEngine engine;

  MirrorHandle(MirrorEngine engine) {
    this.engine = engine;
  }

  /**
   * How the mirror stands now. Asks the source for the end of its log at most twice a second, and
   * answers with what was known last if the source does not reply.
   */
  public MirrorStatus status() {
    return engine.status();
  }

  /**
   * Stops writing: what is in flight is rolled back, the slot is kept and retains the source's log.
   * Returns when nothing writes any more. Paused is remembered: started again, in this or another
   * process, the mirror is still paused.
   *
   * @throws IllegalStateException if the mirror has failed or was closed
   * @throws MirrorException if the destination cannot be told; nothing writes all the same, and
   *     this handle stays paused
   */
  public void pause() {
    engine.pause();
  }

  /**
   * Goes on from the last committed position. Returns when it is proven that the source still has
   * every change since, and the work has begun. Tables added meanwhile are copied, while the others
   * go on.
   *
   * @throws SlotLostException if changes are missing; the mirror stays paused
   * @throws MirrorException if the mirror cannot go on for another reason; it stays paused
   * @throws IllegalStateException if the mirror was closed
   */
  public void resume() {
    engine.resume();
  }

  /**
   * Replaces the list of tables of a paused mirror. Tables that are not in the new list stop and
   * keep their rows; new ones are copied on {@link #resume}; one whose mapping changed counts as
   * removed and added, and is emptied before it is copied again.
   *
   * @param tables the whole new list
   * @throws IllegalArgumentException if the list is empty, maps a table twice, or maps two to one
   * @throws IllegalStateException if the mirror is not paused
   * @throws PreflightException if a new table cannot be mirrored; nothing was changed
   */
  public void updateTables(TableMapping... tables) {
    engine.updateTables(Arrays.asList(tables));
  }

  /**
   * Tries at once what would be tried again later, or a set-up that failed; resumes a mirror that
   * an error paused. Does nothing in other states.
   *
   * @throws MirrorException as {@link #resume}
   */
  public void retry() {
    engine.retry();
  }

  /**
   * Deletes the mirror: slot, publication (unless an administrator made them) and checkpoint. The
   * destination's tables stay. This handle is closed by it.
   *
   * @throws MirrorException if a side cannot be reached; what was not deleted is named, and the
   *     call can be repeated
   */
  public void drop() {
    engine.drop();
  }

  /**
   * Waits for a state.
   *
   * @throws AwaitTimeoutException if the time is over
   * @throws MirrorException if an error paused or ended the mirror, so that it will not come there
   */
  public void awaitState(MirrorState state, Duration timeout) {
    engine.awaitState(state, timeout);
  }

  /**
   * Waits until everything that was committed on the source before this call is on the destination,
   * in tables that are being copied too.
   *
   * @throws AwaitTimeoutException if the time is over
   * @throws MirrorException if the source cannot be asked, or an error stopped the mirror
   */
  public void awaitCaughtUp(Duration timeout) {
    engine.awaitCaughtUp(timeout);
  }

  /**
   * Waits until everything that was committed on the source before a position is on the
   * destination, in tables that are being copied too.
   *
   * @throws AwaitTimeoutException if the time is over
   * @throws MirrorException if an error stopped the mirror
   */
  public void awaitApplied(Lsn lsn, Duration timeout) {
    engine.awaitApplied(lsn, timeout);
  }

  /**
   * Ends this handle: work in flight is rolled back, threads and connections end, nothing is
   * dropped. Does nothing the second time. Threads that wait in this handle's methods get an {@link
   * IllegalStateException}.
   */
  @Override
  public void close() {
    engine.close();
  }
}
