package io.bunnydb;

import org.jspecify.annotations.Nullable;

/** What was awaited did not happen in time; the mirror itself is not affected. */
public final class AwaitTimeoutException extends MirrorException {
  private static final long serialVersionUID = 1L;

  /** See {@link MirrorException#MirrorException(String, String, Throwable)}. */
  public AwaitTimeoutException(String mirror, String what, @Nullable Throwable cause) {
    super(mirror, what, cause);
  }
}
