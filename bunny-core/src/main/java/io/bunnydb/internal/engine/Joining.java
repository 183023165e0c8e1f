package io.bunnydb.internal.engine;

import io.bunnydb.Lsn;
import io.bunnydb.TableState;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.TableCheckpoint;
import io.bunnydb.spi.TableCheckpoint.Shadow;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** The rules by which tables join the stream that were copied or paused, and copied shadows. */
final class Joining {
  private static final Lsn NOWHERE = new Lsn(-1);

  private Joining() {}

  /**
   * Joins the copied tables to the stream, if no table is still to be copied, and the copied
   * shadows, if no shadow is either: the stream begins at the oldest of their snapshots, which for
   * tables that follow it already is to go back; each of those passes over what it has.
   *
   * @return the joined checkpoint; the same one where there is nothing to join
   */
  static Checkpoint join(Checkpoint checkpoint) {
    if (checkpoint.hasTableIn(TableState.COPYING)) {
      return checkpoint;
    }
    // All shadows together: tables that stand still are not to wait for the copy of another.
    boolean withShadows =
        SwapRules.hasShadowIn(checkpoint, TableState.COPIED)
            && !SwapRules.hasShadowIn(checkpoint, TableState.COPYING);
    if (!withShadows && !checkpoint.hasTableIn(TableState.COPIED)) {
      return checkpoint;
    }
    return join(checkpoint, table -> table.state() == TableState.COPIED, withShadows);
  }

  /**
   * Joins tables to the stream, whatever others are doing.
   *
   * @param joining which: those that have everything up to their {@code from}, and the source still
   *     has what follows
   */
  static Checkpoint join(Checkpoint checkpoint, Predicate<TableCheckpoint> joining) {
    return join(checkpoint, joining, false);
  }

  private static Checkpoint join(
      Checkpoint checkpoint, Predicate<TableCheckpoint> joining, boolean withShadows) {
    Lsn oldest = oldest(checkpoint, joining);
    List<TableCheckpoint> tables = new ArrayList<>();
    for (TableCheckpoint table : checkpoint.tables()) {
      Shadow shadow = table.shadow();
      if (withShadows && shadow != null && shadow.state() == TableState.COPIED) {
        oldest = Lsn.min(oldest, shadow.from());
      }
      TableCheckpoint itself =
          joining.test(table)
              ? table.withState(TableState.LIVE, table.from())
              : table.withState(table.state(), reached(table, checkpoint.position()));
      tables.add(
          shadow == null
              ? itself
              : itself.withShadow(joined(shadow, checkpoint.position(), withShadows)));
    }
    // A slot that was given may begin before the publication was made, of which the server could
    // not decode anything there.
    Lsn position =
        checkpoint.hasTableIn(TableState.LIVE) ? Lsn.min(checkpoint.position(), oldest) : oldest;
    return checkpoint.withPosition(position).withTables(tables);
  }

  private static Shadow joined(Shadow shadow, Lsn position, boolean withShadows) {
    if (shadow.state() == TableState.LIVE) {
      return new Shadow(TableState.LIVE, Lsn.max(shadow.from(), position));
    }
    return withShadows ? new Shadow(TableState.LIVE, shadow.from()) : shadow;
  }

  /** Up to where a table has everything, when the stream has come to a position. */
  static Lsn reached(TableCheckpoint table, Lsn position) {
    boolean isOnStream = table.state() == TableState.LIVE && !SwapRules.standsStill(table);
    return isOnStream ? Lsn.max(table.from(), position) : table.from();
  }

  /** Whether no table is to be copied, or to be joined. */
  static boolean areRowsThere(Checkpoint checkpoint) {
    return !checkpoint.hasTableIn(TableState.COPYING) && !checkpoint.hasTableIn(TableState.COPIED);
  }

  /** Whether no table is on its way to the stream, so that the position holds for all on it. */
  static boolean isJoined(Checkpoint checkpoint) {
    return areRowsThere(checkpoint) && !SwapRules.hasShadowIn(checkpoint, TableState.LIVE);
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
      // So that it can go on alone, where its shadow is given up.
      case LIVE -> SwapRules.standsStill(table);
      case COPYING, QUARANTINED -> false;
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
    return Lsn.min(checkpoint.position(), oldestKept(checkpoint));
  }

  /**
   * The position beyond which the source is to keep its log, however far the stream comes: that of
   * the oldest table or shadow that waits; {@link Lsn#ZERO} while a snapshot is yet to be taken,
   * the largest there is where none waits.
   */
  static Lsn keptFrom(Checkpoint checkpoint) {
    boolean isSnapshotToCome =
        checkpoint.hasTableIn(TableState.COPYING)
            || SwapRules.hasShadowIn(checkpoint, TableState.COPYING);
    return isSnapshotToCome ? Lsn.ZERO : oldestKept(checkpoint);
  }

  private static Lsn oldestKept(Checkpoint checkpoint) {
    Lsn oldest = oldest(checkpoint, Joining::needsLog);
    for (TableCheckpoint table : checkpoint.tables()) {
      Shadow shadow = table.shadow();
      if (shadow != null && shadow.state() == TableState.COPIED) {
        oldest = Lsn.min(oldest, shadow.from());
      }
    }
    return oldest;
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
