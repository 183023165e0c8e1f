package io.bunnydb.pgoutput;

/**
 * What a relation writes of the old row for UPDATE and DELETE: {@code relreplident} of the catalog
 * "pg_class" in the PostgreSQL documentation.
 */
public enum ReplicaIdentity {
  /** The primary key, if there is one; {@code d}. */
  DEFAULT,
  /** Nothing; {@code n}. */
  NOTHING,
  /** All columns; {@code f}. */
  FULL,
  /** The columns of one chosen index; {@code i}. */
  INDEX;

  static ReplicaIdentity read(MessageReader reader) {
    byte code = reader.int8("replica identity");
    return switch (code) {
      case 'd' -> DEFAULT;
      case 'n' -> NOTHING;
      case 'f' -> FULL;
      case 'i' -> INDEX;
      default -> throw reader.unexpected("replica identity 'd', 'n', 'f' or 'i'", code);
    };
  }
}
