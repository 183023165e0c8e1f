package io.bunnydb.testing;

/** A failure of a test's own SQL or of a test's server; the cause holds PostgreSQL's words. */
public final class TestDatabaseException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** A failure with what was tried, and why it failed. */
  TestDatabaseException(String message, Throwable cause) {
    super(message, cause);
  }
}
