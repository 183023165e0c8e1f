package io.bunnydb.internal.engine;

import io.bunnydb.Lsn;
import io.bunnydb.TableState;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.TableCheckpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** The rules by which copied tables, and those that were paused, join the stream. */
final class Joining {
  private static final Lsn NOWHERE = new Lsn(-1);

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
    return join(checkpoint, table -> table.state() == TableState.COPIED);
  }

  /**
   * Joins tables to the stream, whatever others are doing.
   *
   * @param joining which: those that have everything up to their {@code from}, and the source still
   *     has what follows
   */
  static Checkpoint join(Checkpoint checkpoint, Predicate<TableCheckpoint> joining) {
    Lsn oldest = oldest(checkpoint, joining);
    List<TableCheckpoint> tables = new ArrayList<>();
    for (TableCheckpoint table : checkpoint.tables()) {
      if (joining.test(table)) {
        tables.add(table.withState(TableState.LIVE, table.from()));
      } else if (table.state() == TableState.LIVE) {
        tables.add(table.withState(TableState.LIVE, Lsn.max(table.from(), checkpoint.position())));
      } else {
        tables.add(table);
      }
    }
    // A slot that was given may begin before the publication was made, of which the server could
    // not decode anything there.
    Lsn position =
        checkpoint.hasTableIn(TableState.LIVE) ? Lsn.min(checkpoint.position(), oldest) : oldest;
    return checkpoint.withPosition(position).withTables(tables);
  }

  /** Whether no table is on its way to the stream, so that the position holds for all on it. */
  static boolean isJoined(Checkpoint checkpoint) {
    return !checkpoint.hasTableIn(TableState.COPYING) && !checkpoint.hasTableIn(TableState.COPIED);
  }

  /** Whether the source must have sent, or still have, every change of a table since its copy. */
  static boolean isFollowed(TableCheckpoint table) {
    return table.state() == TableState.LIVE || needsLog(table);
  }

  /** Whether a table is not on the stream, and will need the log from its own position on. */
  static boolean needsLog(TableCheckpoint table) {
    return switch (table.state()) {
      case COPIED -> true;
      // One that was paused before its copy was done has nothing to go on from.
      case PAUSED -> !table.from().equals(Lsn.ZERO);
      case COPYING, LIVE, QUARANTINED -> false;
    };
  }

  /**
   * Whether nothing of the past is needed of the source: no set-up has been done, or no table goes
   * on from where it was. Then a slot will do that begins now.
   */
  static boolean needsNoPast(Checkpoint checkpoint) {
    return checkpoint.position().equals(Lsn.ZERO)
        || checkpoint.tables().stream().noneMatch(Joining::isFollowed);
  }

  /** The position from which on the source must still have every change. */
  static Lsn earliestNeeded(Checkpoint checkpoint) {
    return Lsn.min(checkpoint.position(), oldest(checkpoint, Joining::needsLog));
  }

  /**
   * The position beyond which the source is to keep its log, however far the stream comes: that of
   * the oldest table that waits; {@link Lsn#ZERO} while a snapshot is yet to be taken, the largest
   * there is where no table waits.
   */
  static Lsn keptFrom(Checkpoint checkpoint) {
    return checkpoint.hasTableIn(TableState.COPYING)
        ? Lsn.ZERO
        : oldest(checkpoint, Joining::needsLog);
  }

  private static Lsn oldest(Checkpoint checkpoint, Predicate<TableCheckpoint> counts) {
    Lsn oldest = NOWHERE;
    for (TableCheckpoint table : checkpoint.tables()) {
      if (counts.test(table)) {
        oldest = Lsn.min(oldest, table.from());
      }
    }
    return oldest;
  }
}
