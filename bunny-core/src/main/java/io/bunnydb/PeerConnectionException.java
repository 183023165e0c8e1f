package io.bunnydb;

import org.jspecify.annotations.Nullable;

/** A peer could not be reached, or refused the connection. */
public final class PeerConnectionException extends MirrorException {
  private static final long serialVersionUID = 1L;

  /** See {@link MirrorException#MirrorException(String, String, Throwable)}. */
  public PeerConnectionException(String mirror, String what, @Nullable Throwable cause) {
    super(mirror, what, cause);
  }
}
