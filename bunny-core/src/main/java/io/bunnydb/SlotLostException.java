package io.bunnydb;

import org.jspecify.annotations.Nullable;

/**
 * The source can no longer give every change since the checkpoint: the slot is gone or invalid, a
 * table left the publication or gained a partition with rows in it, or the source is another
 * cluster.
 */
public final class SlotLostException extends MirrorException {
  private static final long serialVersionUID = 1L;

  /** See {@link MirrorException#MirrorException(String, String, Throwable)}. */
  public SlotLostException(String mirror, String what, @Nullable Throwable cause) {
    super(mirror, what, cause);
  }
}
