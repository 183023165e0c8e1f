package io.bunnydb.internal.engine;

import io.bunnydb.CopyException;
import io.bunnydb.PeerConnectionException;
import io.bunnydb.internal.apply.BatchExchange;
import io.bunnydb.internal.catalog.ServerMessage;
import io.bunnydb.internal.catalog.StopSignal;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** Work that another thread does while a session follows the stream; its error ends the session. */
final class BesideWork {
  private final String mirror;
  private final StopSignal stop = new StopSignal();
  private final Thread thread;

  /** What is done. */
  @FunctionalInterface
  interface Work {
    /**
     * Does it; a stop is asked for where the stream ends first.
     *
     * @return whether the stream is to go on afterwards; else the next session follows
     */
    boolean run(StopSignal stop) throws SQLException, InterruptedException;
  }

  /**
   * Begins it.
   *
   * @param failed what to say before an error
   * @param session stops it, too
   * @param exchange what the session takes its batches from
   */
  BesideWork(String mirror, String failed, StopSignal session, BatchExchange exchange, Work work) {
    this.mirror = mirror;
    session.onStop(stop::stop);
    this.thread =
        Session.startThread(
            mirror,
            "copy",
            () -> {
              try {
                if (!work.run(stop)) {
                  exchange.endAfterTransaction();
                }
              } catch (SQLException e) {
                exchange.fail(failure(failed + ServerMessage.of(e), e));
              } catch (PeerConnectionException e) {
                exchange.fail(failure(failed + Faults.sentence(e), e.getCause()));
              } catch (InterruptedException | RuntimeException | Error e) {
                exchange.fail(e);
              }
            });
  }

  /** Told from an error of the stream beside it, which goes on meanwhile. */
  private CopyException failure(String what, @Nullable Throwable cause) {
    return new CopyException(mirror, null, null, what, cause);
  }

  /** Whether nothing of it is left to do. */
  boolean hasEnded() {
    return !thread.isAlive();
  }

  /** Stops it, and waits for its end. */
  void end() throws InterruptedException {
    do {
      stop.stop();
      thread.join(100);
    } while (thread.isAlive());
  }
}
