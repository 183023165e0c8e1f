package io.bunnydb.spi;

import io.bunnydb.Lsn;
import io.bunnydb.TableMapping;
import io.bunnydb.TableState;

/**
 * What is known of one table of a mirror.
 *
 * <p>Immutable.
 *
 * @param mapping the table's mapping
 * @param state how far the table has come
 * @param from changes committed before this position are in the destination table already and are
 *     passed over; {@link Lsn#ZERO} while the table waits to be copied
 * @param sourceOid OID of the source table ({@code pg_class}), which tells it from another that has
 *     taken its name; 0 where it is not known yet
 * @param publicationEntry OID of the table's entry in the publication ({@code pg_publication_rel}),
 *     which shows whether it left the publication in between; 0 where it has none, or none yet
 */
public record TableCheckpoint(
    TableMapping mapping, TableState state, Lsn from, long sourceOid, long publicationEntry) {

  /** A table that has not been looked up on the source. */
  public TableCheckpoint(TableMapping mapping, TableState state, Lsn from) {
    this(mapping, state, from, 0, 0);
  }

  /** The same with a mapping that differs in nothing that concerns the rows. */
  public TableCheckpoint withMapping(TableMapping newMapping) {
    return new TableCheckpoint(newMapping, state, from, sourceOid, publicationEntry);
  }

  /** The same in another state, with what goes with it. */
  public TableCheckpoint withState(TableState newState, Lsn newFrom) {
    return new TableCheckpoint(mapping, newState, newFrom, sourceOid, publicationEntry);
  }

  /** The same, found on the source under these OIDs. */
  public TableCheckpoint withSource(long newSourceOid, long newPublicationEntry) {
    return new TableCheckpoint(mapping, state, from, newSourceOid, newPublicationEntry);
  }
}
