package io.bunnydb.spi;

import io.bunnydb.Lsn;
import io.bunnydb.TableMapping;
import io.bunnydb.TableState;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What is known of one table of a mirror.
 *
 * <p>Immutable.
 *
 * @param mapping the table's mapping
 * @param state how far the table has come
 * @param from changes committed before this position are in the destination table already and are
 *     passed over; {@link Lsn#ZERO} while the table waits to be copied, also where it was paused
 *     before it was
 * @param sourceOid OID of the source table ({@code pg_class}), which tells it from another that has
 *     taken its name; 0 where it is not known yet
 * @param publicationEntry OID of the table's entry in the publication ({@code pg_publication_rel}),
 *     which shows whether it left the publication in between; 0 where it has none, or none yet
 * @param error why the table is quarantined; null otherwise
 * @param shadow the table that is filled beside the destination table to take its place; null where
 *     there is none
 * @param copyProgress what a copy that is under way has brought, into the table or its shadow, in
 *     words of Bunny's own that mean nothing to a store; null where there is nothing to tell
 */
public record TableCheckpoint(
    TableMapping mapping,
    TableState state,
    Lsn from,
    long sourceOid,
    long publicationEntry,
    @Nullable String error,
    @Nullable Shadow shadow,
    @Nullable String copyProgress) {

  /**
   * A table that is filled beside a destination table.
   *
   * @param state how far it has come; {@code LIVE} when the changes go to it, and no longer to the
   *     destination table
   * @param from changes committed before this position came with the copy; {@link Lsn#ZERO} while
   *     it waits to be copied
   */
  public record Shadow(TableState state, Lsn from) {}

  /** A table that has not been looked up on the source. */
  public TableCheckpoint(TableMapping mapping, TableState state, Lsn from) {
    this(mapping, state, from, 0, 0, null, null, null);
  }

  /** The same with a mapping that differs in nothing that concerns the rows. */
  public TableCheckpoint withMapping(TableMapping newMapping) {
    return new TableCheckpoint(
        newMapping, state, from, sourceOid, publicationEntry, error, shadow, copyProgress);
  }

  /**
   * The same in another state, with what goes with it; the progress of a copy ends with a state.
   */
  public TableCheckpoint withState(TableState newState, Lsn newFrom) {
    return new TableCheckpoint(
        mapping,
        newState,
        newFrom,
        sourceOid,
        publicationEntry,
        error,
        shadow,
        newState == state ? copyProgress : null);
  }

  /** The same, found on the source under these OIDs. */
  public TableCheckpoint withSource(long newSourceOid, long newPublicationEntry) {
    return new TableCheckpoint(
        mapping, state, from, newSourceOid, newPublicationEntry, error, shadow, copyProgress);
  }

  /** The same, with why it stands still, or that no error has it do so. */
  public TableCheckpoint withError(@Nullable String newError) {
    return new TableCheckpoint(
        mapping, state, from, sourceOid, publicationEntry, newError, shadow, copyProgress);
  }

  /**
   * The same with another table beside the destination table, or none; the progress of a copy ends
   * with that table.
   */
  public TableCheckpoint withShadow(@Nullable Shadow newShadow) {
    return new TableCheckpoint(
        mapping,
        state,
        from,
        sourceOid,
        publicationEntry,
        error,
        newShadow,
        Objects.equals(newShadow, shadow) ? copyProgress : null);
  }

  /** The same with what a copy has brought by now, or nothing to tell of one. */
  public TableCheckpoint withCopyProgress(@Nullable String newCopyProgress) {
    return new TableCheckpoint(
        mapping, state, from, sourceOid, publicationEntry, error, shadow, newCopyProgress);
  }
}
