package io.bunnydb;

import org.jspecify.annotations.Nullable;

/** A change could not be applied to the destination; nothing after it was applied. */
public final class ApplyException extends MirrorException {
  private static final long serialVersionUID = 1L;

  /** See {@link MirrorException#MirrorException(String, TableName, Lsn, String, Throwable)}. */
  public ApplyException(
      String mirror,
      @Nullable TableName table,
      @Nullable Lsn lsn,
      String what,
      @Nullable Throwable cause) {
    super(mirror, table, lsn, what, cause);
  }
}
