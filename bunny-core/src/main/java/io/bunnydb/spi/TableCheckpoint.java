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
 * @param publicationEntry OID of the table's entry in the publication ({@code pg_publication_rel}),
 *     which shows whether it left the publication in between; 0 where it has none, or none yet
 */
public record TableCheckpoint(
    TableMapping mapping, TableState state, Lsn from, long publicationEntry) {

  /** A table without an entry in the publication. */
  public TableCheckpoint(TableMapping mapping, TableState state, Lsn from) {
    this(mapping, state, from, 0);
  }

  /** The same in another state, with what goes with it. */
  public TableCheckpoint withState(TableState newState, Lsn newFrom) {
    return new TableCheckpoint(mapping, newState, newFrom, publicationEntry);
  }

  /** The same with another entry in the publication. */
  public TableCheckpoint withPublicationEntry(long newEntry) {
    return new TableCheckpoint(mapping, state, from, newEntry);
  }
}
