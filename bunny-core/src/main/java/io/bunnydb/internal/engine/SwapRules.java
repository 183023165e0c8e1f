package io.bunnydb.internal.engine;

import io.bunnydb.Lsn;
import io.bunnydb.TableState;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.TableCheckpoint;
import io.bunnydb.spi.TableCheckpoint.Shadow;
import org.jspecify.annotations.Nullable;

/**
 * The rules by which a shadow comes to take a table's place. While it is COPYING, and COPIED, the
 * table is followed as ever. When it is LIVE, the changes go to it alone, and the table stands
 * still at the position from which it would go on. When the stream is beyond the positions of all
 * tables, their rows become those of the shadows, and the tables are COPIED as of there.
 */
final class SwapRules {
  private SwapRules() {}

  /** Whether a table's changes go to its shadow, and no longer to it. */
  static boolean standsStill(TableCheckpoint table) {
    return shadowIsIn(table, TableState.LIVE);
  }

  /** Whether a table has a shadow that has come as far as that. */
  static boolean shadowIsIn(TableCheckpoint table, TableState state) {
    Shadow shadow = table.shadow();
    return shadow != null && shadow.state() == state;
  }

  /** Whether some table has a shadow in the given state. */
  static boolean hasShadowIn(Checkpoint checkpoint, TableState state) {
    return checkpoint.tables().stream().anyMatch(table -> shadowIsIn(table, state));
  }

  /** Whether some table has a shadow. */
  static boolean isUnderWay(Checkpoint checkpoint) {
    return checkpoint.tables().stream().anyMatch(table -> table.shadow() != null);
  }

  /**
   * A table that is to have a new shadow. One that takes no part in the stream is copied in its own
   * place: nobody writes what its rows lack.
   */
  static TableCheckpoint begin(TableCheckpoint table) {
    return switch (table.state()) {
      case LIVE, COPIED -> giveUp(table).withShadow(new Shadow(TableState.COPYING, Lsn.ZERO));
      case COPYING -> table.withCopyProgress(null);
      case PAUSED, QUARANTINED ->
          new TableCheckpoint(table.mapping(), TableState.COPYING, Lsn.ZERO);
    };
  }

  /** A table that is to have no shadow; one that stood still goes on from where it did. */
  static TableCheckpoint giveUp(TableCheckpoint table) {
    TableCheckpoint alone = table.withShadow(null);
    return standsStill(table) ? alone.withState(TableState.COPIED, table.from()) : alone;
  }

  /** A table that has got the rows which its shadow had at a position of the stream. */
  static TableCheckpoint end(TableCheckpoint table, Lsn position) {
    return table.withShadow(null).withState(TableState.COPIED, position);
  }

  /**
   * Where the stream must have come for the shadows to take over: up to there every table has
   * everything. Null where none is to, or not yet.
   */
  static @Nullable Lsn position(Checkpoint checkpoint) {
    if (!isUnderWay(checkpoint) || !Joining.areRowsThere(checkpoint)) {
      return null;
    }
    Lsn needed = Lsn.ZERO;
    for (TableCheckpoint table : checkpoint.tables()) {
      Shadow shadow = table.shadow();
      if (shadow != null && shadow.state() != TableState.LIVE) {
        return null;
      }
      if (table.state() == TableState.LIVE) {
        needed = Lsn.max(needed, table.from());
      }
      needed = shadow == null ? needed : Lsn.max(needed, shadow.from());
    }
    return needed;
  }

  /** Whether the shadows are to take over now. */
  static boolean isDue(Checkpoint checkpoint) {
    Lsn needed = position(checkpoint);
    return needed != null && !checkpoint.position().isBefore(needed);
  }
}
