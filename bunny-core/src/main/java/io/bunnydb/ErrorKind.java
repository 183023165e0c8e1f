package io.bunnydb;

/**
 * What kind of thing went wrong, and so what an operator has to do. The SQLSTATE of the server's
 * error tells ("PostgreSQL Error Codes" in the PostgreSQL documentation), or, where Bunny itself
 * found something, what it looked at.
 *
 * <p>A mirror that meets an error which {@linkplain #passesWithTime passes with time} stays RUNNING
 * and tries again by itself; any other pauses it.
 */
public enum ErrorKind {
  /** A server cannot be reached, or a connection broke (class 08, the ends of sessions in 25). */
  CONNECTION(true),
  /**
   * A server is there and does not serve now: it starts, stops, has crashed, has no free
   * connection, accepts no writes, or somebody cancelled the statement (class 57, 53300, 25006).
   */
  SERVER_BUSY(true),
  /**
   * Another session was in the way: deadlock, serialization failure, a lock or an object in use
   * (class 40, 55006, 55P03).
   */
  CONTENTION(true),
  /** A server lacks room: disk, memory, files; or its disk fails (classes 53 and 58). */
  RESOURCES(true),
  /** Another process, or another handle of this one, runs the mirror. */
  OWNED(true),
  /**
   * A server refuses the login: wrong password, role or database, or {@code pg_hba.conf} (class 28,
   * 08004, 3D000, 57P04). It pauses this handle, and that is not remembered: started again, with
   * another password for instance, the mirror goes on.
   */
  AUTHENTICATION(false),
  /** The role lacks a right (42501, classes 0L and 0P). */
  PRIVILEGE(false),
  /**
   * A table, column, type or other object is missing, or is not as the other side needs it (class
   * 42, 0A, 3F, 55).
   */
  SCHEMA(false),
  /**
   * The destination forbids a row: a constraint, or a trigger of the user's (classes 23, 27, 44,
   * P0).
   */
  CONSTRAINT(false),
  /** The destination cannot take a value, or lacks a row (classes 02, 21, 22, 54). */
  DATA(false),
  /** The source no longer has every change that the mirror needs. */
  SLOT_LOST(false),
  /** Bunny checked and cannot go on as things stand; the message says what stands against it. */
  REFUSED(false),
  /** What should not happen: a damaged server, or a fault of Bunny's, to be reported. */
  INTERNAL(false);

  private final boolean passesWithTime;

  ErrorKind(boolean passesWithTime) {
    this.passesWithTime = passesWithTime;
  }

  /**
   * Whether such an error ends without anything being done to the mirror, so that it tries again by
   * itself, after waits that grow to half a minute. Others pause it.
   */
  public boolean passesWithTime() {
    return passesWithTime;
  }
}
