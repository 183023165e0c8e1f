package io.bunnydb.internal.schema;

/**
 * An index that a table made by Bunny is to have.
 *
 * @param role what it is to the table
 * @param stem its name, if that is not taken, without the suffix
 * @param suffix how the name ends; never cut off
 * @param isUnique whether no two rows may be alike in it
 * @param definition of an exclusion constraint the whole definition, else what follows {@code
 *     USING}: access method, columns and the rest
 * @param timing when a constraint is checked, with a blank before it; empty for at once
 */
public record TableIndex(
    Role role, String stem, String suffix, boolean isUnique, String definition, String timing) {

  /** What an index is to its table. */
  public enum Role {
    /** The primary key's. */
    PRIMARY_KEY,
    /** The one by which the replica identity finds rows. */
    REPLICA_IDENTITY,
    /** That of a unique constraint. */
    UNIQUE_CONSTRAINT,
    /** That of an exclusion constraint, or of a unique one without overlaps. */
    EXCLUSION_CONSTRAINT,
    /** No constraint's. */
    PLAIN
  }

  /** Whether rows are found by it, so that the table is not complete without it. */
  public boolean isKey() {
    return role == Role.PRIMARY_KEY || role == Role.REPLICA_IDENTITY;
  }
}
