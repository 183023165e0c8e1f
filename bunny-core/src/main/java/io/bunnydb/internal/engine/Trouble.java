package io.bunnydb.internal.engine;

import io.bunnydb.CopyException;
import io.bunnydb.ErrorKind;
import io.bunnydb.MirrorException;
import io.bunnydb.MirrorFailure;
import io.bunnydb.TableName;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What is wrong with a mirror, from the first attempt that fails until one succeeds. Not
 * thread-safe; {@link Lifecycle} guards it.
 */
final class Trouble {
  private @Nullable MirrorException error;
  private @Nullable MirrorFailure failure;
  private int attempts;
  private Instant since = Instant.EPOCH;

  // What the last attempt met in a copy, be it shown or not.
  private @Nullable CopyException copyError;

  /** The error; null when all is well. */
  @Nullable MirrorException error() {
    return error;
  }

  /** The same with what is known of the attempts; null when all is well. */
  @Nullable MirrorFailure failure() {
    return failure;
  }

  /** How many attempts have failed one after the other, be the error shown or not. */
  int attempts() {
    return attempts;
  }

  /** Counts an error as the end of an attempt. */
  MirrorFailure count(MirrorException newError, @Nullable Instant nextAttempt) {
    if (attempts == 0) {
      since = Instant.now();
    }
    attempts++;
    copyError = newError instanceof CopyException ofCopy ? ofCopy : null;
    return Faults.failure(newError, since, attempts, nextAttempt);
  }

  /** Shows an error; those that are counted next follow it. */
  void show(MirrorException newError, MirrorFailure newFailure) {
    error = newError;
    failure = newFailure;
    attempts = newFailure.attempts();
    since = newFailure.since();
  }

  /** Notes that another attempt begins. */
  void attemptBegins() {
    failure = failure == null ? null : failure.beingTried();
  }

  /** Whether it is one of a copy, of which changes that are applied beside it say nothing. */
  boolean isOfCopy() {
    return copyError != null;
  }

  /** Whether it is over when a table is copied. */
  boolean isOverWith(TableName copied) {
    return copyError != null && (copyError.table() == null || copied.equals(copyError.table()));
  }

  /** Shows no error any more, unless the changes themselves met it and may meet it again. */
  void connected(boolean isStreaming) {
    copyError = isStreaming ? null : copyError;
    boolean mayComeAgain =
        failure != null
            && (failure.kind() == ErrorKind.CONTENTION || failure.kind() == ErrorKind.RESOURCES);
    if (!isStreaming || !mayComeAgain) {
      error = null;
      failure = null;
    }
  }

  /** All is well. */
  void end() {
    error = null;
    failure = null;
    attempts = 0;
    copyError = null;
  }
}
