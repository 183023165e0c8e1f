package io.bunnydb;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Why a mirror is paused, failed, or waiting to try again.
 *
 * <p>Immutable. It holds no value of a row and no password.
 *
 * @param kind what kind of thing went wrong
 * @param message the mirror, the table and position where they are known, what happened and what to
 *     do
 * @param table the source table concerned; null where it is none
 * @param lsn commit position of the source transaction concerned; null where it is none
 * @param sqlState the SQLSTATE of the server's error; null where there is none
 * @param since since when every attempt has failed, be it by this error or another. Where an error
 *     paused the mirror it outlives a restart, unless the checkpoint does not tell it; then it is
 *     the restart
 * @param attempts how many attempts in a row have failed; 1 or more
 * @param nextAttempt when it is tried again; null while it is being tried, and where only a command
 *     does
 */
public record MirrorFailure(
    ErrorKind kind,
    String message,
    @Nullable TableName table,
    @Nullable Lsn lsn,
    @Nullable String sqlState,
    Instant since,
    int attempts,
    @Nullable Instant nextAttempt) {

  /** The same while it is being tried again. */
  public MirrorFailure beingTried() {
    return new MirrorFailure(kind, message, table, lsn, sqlState, since, attempts, null);
  }
}
