package io.bunnydb.pgoutput;

/** What an {@link Update} or {@link Delete} says of the row as it was before. */
public enum OldTupleKind {
  /** Nothing: the key columns did not change. Only an {@link Update} has this. */
  NONE,
  /** The columns of the replica identity; the others stand in the tuple as NULL. */
  KEY,
  /** All columns; the relation has {@link ReplicaIdentity#FULL}. */
  FULL
}
