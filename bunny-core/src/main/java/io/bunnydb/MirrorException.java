package io.bunnydb;

import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * Something a mirror could not do. The message tells the mirror, the table and position where they
 * are known, what happened and what to do; each subclass is named by what happened.
 */
public class MirrorException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String mirror;
  private final transient @Nullable TableName table;
  private final transient @Nullable Lsn lsn;

  /**
   * An error at a table and a position of the log.
   *
   * @param mirror the mirror's name
   * @param table the source table concerned; null where it is none
   * @param lsn commit position of the source transaction concerned; null where it is none
   * @param what what happened and what to do
   * @param cause the error of the driver; null where there is none
   */
  public MirrorException(
      String mirror,
      @Nullable TableName table,
      @Nullable Lsn lsn,
      String what,
      @Nullable Throwable cause) {
    super(compose(mirror, table, lsn, what, cause), cause);
    this.mirror = mirror;
    this.table = table;
    this.lsn = lsn;
  }

  /** An error of the mirror as a whole. */
  public MirrorException(String mirror, String what, @Nullable Throwable cause) {
    this(mirror, null, null, what, cause);
  }

  private static String compose(
      String mirror,
      @Nullable TableName table,
      @Nullable Lsn lsn,
      String what,
      @Nullable Throwable cause) {
    StringBuilder text = new StringBuilder("mirror '").append(mirror).append('\'');
    if (table != null) {
      text.append(", table ").append(table);
    }
    if (lsn != null) {
      text.append(", at ").append(lsn);
    }
    text.append(": ").append(what);
    if (cause instanceof SQLException sql && sql.getSQLState() != null) {
      text.append(" [SQLSTATE ").append(sql.getSQLState()).append(']');
    }
    return text.toString();
  }

  /** The mirror's name. */
  public String mirror() {
    return mirror;
  }

  /** The source table concerned, or null. */
  public @Nullable TableName table() {
    return table;
  }

  /** Commit position of the source transaction concerned, or null. */
  public @Nullable Lsn lsn() {
    return lsn;
  }

  /** The SQLSTATE of the server's error, or null where there is none. */
  public @Nullable String sqlState() {
    return getCause() instanceof SQLException sql ? sql.getSQLState() : null;
  }
}
