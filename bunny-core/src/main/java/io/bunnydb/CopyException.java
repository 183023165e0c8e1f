package io.bunnydb;

import org.jspecify.annotations.Nullable;

/**
 * A table could not be copied; what that attempt left on the destination goes when the next begins.
 */
public final class CopyException extends MirrorException {
  private static final long serialVersionUID = 1L;

  /** See {@link MirrorException#MirrorException(String, TableName, Lsn, String, Throwable)}. */
  public CopyException(
      String mirror,
      @Nullable TableName table,
      @Nullable Lsn lsn,
      String what,
      @Nullable Throwable cause) {
    super(mirror, table, lsn, what, cause);
  }
}
