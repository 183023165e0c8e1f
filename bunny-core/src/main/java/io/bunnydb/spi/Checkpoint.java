package io.bunnydb.spi;

import io.bunnydb.Lsn;
import io.bunnydb.TableState;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All that a mirror has to remember.
 *
 * <p>Immutable.
 *
 * @param mirror the mirror's name
 * @param source the cluster whose log the positions are of
 * @param slot the replication slot
 * @param publication the publication
 * @param position where the stream goes on: every transaction committed before it is on the
 *     destination, in the tables that are live; {@link Lsn#ZERO} until the first set-up is
 *     complete, and never again. It goes back when copied tables join, and the others pass over
 *     what they have
 * @param paused whether the mirror stays paused when it is started again
 * @param error why it was paused, where an error did it; null otherwise
 * @param pausedSince when it was paused, to the microsecond; null where it is not, or it is unknown
 * @param tables the tables in the order of their mappings
 */
public record Checkpoint(
    String mirror,
    SourceIdentity source,
    String slot,
    String publication,
    Lsn position,
    boolean paused,
    @Nullable String error,
    @Nullable Instant pausedSince,
    List<TableCheckpoint> tables) {

  /** Copies the list. */
  public Checkpoint {
    tables = List.copyOf(tables);
  }

  /** A checkpoint that does not tell since when it is paused. */
  public Checkpoint(
      String mirror,
      SourceIdentity source,
      String slot,
      String publication,
      Lsn position,
      boolean paused,
      @Nullable String error,
      List<TableCheckpoint> tables) {
    this(mirror, source, slot, publication, position, paused, error, null, tables);
  }

  /** The same of another source. */
  public Checkpoint withSource(SourceIdentity newSource) {
    return new Checkpoint(
        mirror, newSource, slot, publication, position, paused, error, pausedSince, tables);
  }

  /** The same with another position. */
  public Checkpoint withPosition(Lsn newPosition) {
    return new Checkpoint(
        mirror, source, slot, publication, newPosition, paused, error, pausedSince, tables);
  }

  /** The same with another list of tables. */
  public Checkpoint withTables(List<TableCheckpoint> newTables) {
    return new Checkpoint(
        mirror, source, slot, publication, position, paused, error, pausedSince, newTables);
  }

  /** The same, paused or not, and why; one that is paused stays so since when it was. */
  public Checkpoint withPaused(boolean newPaused, @Nullable String newError) {
    return new Checkpoint(
        mirror,
        source,
        slot,
        publication,
        position,
        newPaused,
        newError,
        newPaused ? pausedSince : null,
        tables);
  }

  /** The same, paused since then. */
  public Checkpoint withPausedSince(@Nullable Instant since) {
    return new Checkpoint(
        mirror, source, slot, publication, position, paused, error, since, tables);
  }

  /** Whether a table of this mirror is in the given state. */
  public boolean hasTableIn(TableState state) {
    for (TableCheckpoint table : tables) {
      if (table.state() == state) {
        return true;
      }
    }
    return false;
  }
}
