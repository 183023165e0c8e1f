package io.bunnydb.spi;

/**
 * Which cluster, history and database a mirror reads from; positions of one mean nothing in
 * another.
 *
 * <p>Immutable. The values are those of {@code IDENTIFY_SYSTEM} ("Streaming Replication Protocol"
 * in the PostgreSQL documentation).
 *
 * @param systemIdentifier the number given to the cluster when it was initialized
 * @param timeline the timeline; it grows by each promotion or point-in-time recovery
 * @param database the database's name
 */
public record SourceIdentity(String systemIdentifier, int timeline, String database) {

  /** Whether another one is of the same cluster and database, whatever the timelines. */
  public boolean isSameDatabase(SourceIdentity other) {
    return systemIdentifier.equals(other.systemIdentifier) && database.equals(other.database);
  }
}
