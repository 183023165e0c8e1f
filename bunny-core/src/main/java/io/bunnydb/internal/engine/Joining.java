package io.bunnydb.internal.engine;

import io.bunnydb.Lsn;
import io.bunnydb.TableState;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.TableCheckpoint;
import io.bunnydb.spi.TableCheckpoint.Shadow;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The rules by which copied tables, and copied shadows, join the stream. */
final class Joining {
  private Joining() {}

  /**
   * Joins the copied tables to the stream, if no table is still to be copied, and the copied
   * shadows, if no shadow is either: the stream begins at the oldest of their snapshots, which for
   * tables that follow it already is to go back; each of those passes over what it has.
   *
   * @return the joined checkpoint; the same one where there is nothing to join
   */
  static Checkpoint join(Checkpoint checkpoint) {
    Lsn oldest = oldestToJoin(checkpoint);
    if (oldest == null) {
      return checkpoint;
    }
    boolean areShadowsJoined = areShadowsJoined(checkpoint);
    List<TableCheckpoint> tables = new ArrayList<>();
    for (TableCheckpoint table : checkpoint.tables()) {
      tables.add(join(table, checkpoint.position(), areShadowsJoined));
    }
    // A slot that was given may begin before the publication was made, of which the server could
    // not
    // decode anything there.
    Lsn position =
        checkpoint.hasTableIn(TableState.LIVE) ? Lsn.min(checkpoint.position(), oldest) : oldest;
    return checkpoint.withPosition(position).withTables(tables);
  }

  private static TableCheckpoint join(TableCheckpoint table, Lsn position, boolean withShadow) {
    boolean isFollowed = table.state() == TableState.LIVE && !SwapRules.standsStill(table);
    Lsn from = isFollowed ? Lsn.max(table.from(), position) : table.from();
    TableCheckpoint joined = table.withState(TableState.LIVE, from);
    Shadow shadow = table.shadow();
    if (shadow == null || shadow.state() == TableState.COPYING) {
      return joined;
    }
    if (shadow.state() == TableState.LIVE) {
      return joined.withShadow(new Shadow(TableState.LIVE, Lsn.max(shadow.from(), position)));
    }
    return withShadow ? joined.withShadow(new Shadow(TableState.LIVE, shadow.from())) : joined;
  }

  /** The oldest snapshot of what is to join now; null where nothing is. */
  private static @Nullable Lsn oldestToJoin(Checkpoint checkpoint) {
    if (checkpoint.hasTableIn(TableState.COPYING)) {
      return null;
    }
    Lsn oldest = null;
    for (TableCheckpoint table : checkpoint.tables()) {
      if (table.state() == TableState.COPIED) {
        oldest = oldest == null ? table.from() : Lsn.min(oldest, table.from());
      }
      Shadow shadow = table.shadow();
      if (shadow != null && shadow.state() == TableState.COPIED && areShadowsJoined(checkpoint)) {
        oldest = oldest == null ? shadow.from() : Lsn.min(oldest, shadow.from());
      }
    }
    return oldest;
  }

  /** All together: tables that stand still meanwhile are not to wait for the copy of another. */
  private static boolean areShadowsJoined(Checkpoint checkpoint) {
    return !SwapRules.hasShadowIn(checkpoint, TableState.COPYING);
  }

  /** Whether no table is to be copied, or to be joined. */
  static boolean areRowsThere(Checkpoint checkpoint) {
    return !checkpoint.hasTableIn(TableState.COPYING) && !checkpoint.hasTableIn(TableState.COPIED);
  }

  /** Whether every table follows the stream, so that the position holds for all of them. */
  static boolean isJoined(Checkpoint checkpoint) {
    return areRowsThere(checkpoint) && !SwapRules.hasShadowIn(checkpoint, TableState.LIVE);
  }

  /** Whether the slot need not reach further back than to what is applied. */
  static boolean needsNothingTwice(Checkpoint checkpoint) {
    return areRowsThere(checkpoint) && !SwapRules.isUnderWay(checkpoint);
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
    Lsn earliest = checkpoint.position();
    for (TableCheckpoint table : checkpoint.tables()) {
      if (table.state() == TableState.COPIED || SwapRules.standsStill(table)) {
        earliest = Lsn.min(earliest, table.from());
      }
      Shadow shadow = table.shadow();
      if (shadow != null && shadow.state() == TableState.COPIED) {
        earliest = Lsn.min(earliest, shadow.from());
      }
    }
    return earliest;
  }
}
