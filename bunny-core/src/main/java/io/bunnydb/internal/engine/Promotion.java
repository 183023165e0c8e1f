package io.bunnydb.internal.engine;

import io.bunnydb.Lsn;
import io.bunnydb.TableState;
import io.bunnydb.internal.source.ReplicationStream;
import io.bunnydb.internal.source.TimelineHistory;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.SourceIdentity;
import io.bunnydb.spi.TableCheckpoint;
import io.bunnydb.spi.TableCheckpoint.Shadow;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * Recognises a source that was promoted, of a cluster that was mirrored, and goes on with the
 * history that the mirror has followed: up to where its new timeline began it is the same log.
 */
final class Promotion {
  private Promotion() {}

  /**
   * Takes the new timeline into a checkpoint, if everything that the mirror has lies before its
   * begin. What a mirror has beyond, the promoted server never had; the two have parted then.
   *
   * @param stream a connection to the source that was found
   * @return the checkpoint of the source that was found; the same one where it cannot be
   */
  static Checkpoint follow(Checkpoint checkpoint, SourceIdentity found, ReplicationStream stream)
      throws SQLException {
    SourceIdentity known = checkpoint.source();
    if (found.timeline() <= known.timeline() || !found.isSameDatabase(known)) {
      return checkpoint;
    }
    @Nullable Lsn end =
        TimelineHistory.parse(stream.timelineHistory(found.timeline())).endOf(known.timeline());
    if (end == null || latest(checkpoint).isAfter(end)) {
      return checkpoint;
    }
    return checkpoint.withSource(found);
  }

  /** Before this position lies all that is on the destination of any table. */
  private static Lsn latest(Checkpoint checkpoint) {
    Lsn latest = checkpoint.position();
    for (TableCheckpoint table : checkpoint.tables()) {
      // What a quarantined table has will be replaced by a copy.
      if (table.state() != TableState.QUARANTINED) {
        latest = Lsn.max(latest, table.from());
      }
      Shadow shadow = table.shadow();
      if (shadow != null) {
        latest = Lsn.max(latest, shadow.from());
      }
    }
    return latest;
  }
}
