package io.bunnydb.pgoutput;

/** How a {@link Tuple} carries a column ("TupleData" in the PostgreSQL documentation). */
public enum ValueKind {
  /** The column is NULL; there is no value. */
  NULL,
  /** A TOASTed value that the UPDATE did not change and that the source therefore did not send. */
  UNCHANGED,
  /** The output of the type's text function, in the connection's encoding. */
  TEXT,
  /** The output of the type's send function. */
  BINARY
}
