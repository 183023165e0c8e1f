package io.bunnydb.internal.catalog;

import org.jspecify.annotations.Nullable;

/** Knows SQLSTATEs ("PostgreSQL Error Codes" in the PostgreSQL documentation). */
public final class SqlState {
  private SqlState() {}

  /** Whether it stands for a right that the role lacks. */
  public static boolean isPrivilege(@Nullable String sqlState) {
    return "42501".equals(sqlState);
  }

  /**
   * Whether what it stands for passes with time: connections, restarts, deadlocks, lack of room and
   * locks do; what the data, the schema or the rights forbid does not.
   */
  public static boolean isTransient(@Nullable String sqlState) {
    if (sqlState == null || sqlState.length() != 5) {
      return false;
    }
    return switch (sqlState.substring(0, 2)) {
      // Rollback (serialization, deadlock), resources, system error.
      case "40", "53", "58" -> true;
      // Connection, but for the protocol being violated.
      case "08" -> !sqlState.equals("08P01");
      // Operator intervention: cancelled, shut down, crashed, starting up; not: database dropped.
      case "57" -> !sqlState.equals("57P04");
      // A standby, which may be promoted, or the name may soon lead to the new primary.
      case "25" -> sqlState.equals("25006");
      // Object in use, lock not available.
      case "55" -> sqlState.equals("55006") || sqlState.equals("55P03");
      default -> false;
    };
  }
}
