package io.bunnydb;

import org.jspecify.annotations.Nullable;

/** Another process, or another handle of this one, runs the same mirror. */
public final class MirrorOwnedException extends MirrorException {
  private static final long serialVersionUID = 1L;

  /** See {@link MirrorException#MirrorException(String, String, Throwable)}. */
  public MirrorOwnedException(String mirror, String what, @Nullable Throwable cause) {
    super(mirror, what, cause);
  }
}
