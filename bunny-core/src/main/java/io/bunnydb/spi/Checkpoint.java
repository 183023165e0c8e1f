package io.bunnydb.spi;

import io.bunnydb.Lsn;
import io.bunnydb.TableState;
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
 *     destination, in the tables that are live; {@link Lsn#ZERO} until the slot has been made. It
 *     goes back when copied tables join, and the others pass over what they have
 * @param paused whether the mirror stays paused when it is started again
 * @param error why it was paused, where an error did it; null otherwise
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
    List<TableCheckpoint> tables) {

  /** Copies the list. */
  public Checkpoint {
    tables = List.copyOf(tables);
  }

  /** The same with another position. */
  public Checkpoint withPosition(Lsn newPosition) {
    return new Checkpoint(mirror, source, slot, publication, newPosition, paused, error, tables);
  }

  /** The same with another list of tables. */
  public Checkpoint withTables(List<TableCheckpoint> newTables) {
    return new Checkpoint(mirror, source, slot, publication, position, paused, error, newTables);
  }

  /** The same, paused or not, and why. */
  public Checkpoint withPaused(boolean newPaused, @Nullable String newError) {
    return new Checkpoint(mirror, source, slot, publication, position, newPaused, newError, tables);
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
