package io.bunnydb.internal.engine;

import io.bunnydb.Lsn;
import io.bunnydb.TableState;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.TableCheckpoint;
import java.util.ArrayList;
import java.util.List;

/** The rules by which copied tables join the stream. */
final class Joining {
  private Joining() {}

  /**
   * Joins the copied tables to the stream, if no table is still to be copied: the stream begins at
   * the oldest of their snapshots, which for tables that follow it already is to go back; each of
   * those passes over what it has.
   *
   * @return the joined checkpoint; the same one where there is nothing to join
   */
  static Checkpoint join(Checkpoint checkpoint) {
    if (checkpoint.hasTableIn(TableState.COPYING) || !checkpoint.hasTableIn(TableState.COPIED)) {
      return checkpoint;
    }
    List<TableCheckpoint> tables = new ArrayList<>();
    for (TableCheckpoint table : checkpoint.tables()) {
      Lsn from = table.from();
      if (table.state() == TableState.LIVE) {
        from = Lsn.max(from, checkpoint.position());
      }
      tables.add(table.withState(TableState.LIVE, from));
    }
    // A slot that was given may begin before the publication was made, of which the server could
    // not
    // decode anything there.
    Lsn position =
        checkpoint.hasTableIn(TableState.LIVE)
            ? Lsn.min(checkpoint.position(), oldestSnapshot(checkpoint))
            : oldestSnapshot(checkpoint);
    return checkpoint.withPosition(position).withTables(tables);
  }

  /** Whether every table follows the stream, so that the position holds for all of them. */
  static boolean isJoined(Checkpoint checkpoint) {
    return !checkpoint.hasTableIn(TableState.COPYING) && !checkpoint.hasTableIn(TableState.COPIED);
  }

  /**
   * Whether nothing of the past is needed of the source: no set-up has been done, or every table is
   * to be copied. Then a slot will do that begins now.
   */
  static boolean needsNoPast(Checkpoint checkpoint) {
    return checkpoint.position().equals(Lsn.ZERO)
        || !(checkpoint.hasTableIn(TableState.LIVE) || checkpoint.hasTableIn(TableState.COPIED));
  }

  /** The position from which on the source must still have every change. */
  static Lsn earliestNeeded(Checkpoint checkpoint) {
    return checkpoint.hasTableIn(TableState.COPIED)
        ? Lsn.min(checkpoint.position(), oldestSnapshot(checkpoint))
        : checkpoint.position();
  }

  private static Lsn oldestSnapshot(Checkpoint checkpoint) {
    Lsn oldest = null;
    for (TableCheckpoint table : checkpoint.tables()) {
      if (table.state() == TableState.COPIED) {
        oldest = oldest == null ? table.from() : Lsn.min(oldest, table.from());
      }
    }
    if (oldest == null) {
      throw new IllegalArgumentException("no table is copied and waits to be joined");
    }
    return oldest;
  }
}
