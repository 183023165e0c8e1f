package io.bunnydb.internal.engine;

import io.bunnydb.Lsn;
import io.bunnydb.TableMapping;
import io.bunnydb.TableState;
import io.bunnydb.internal.apply.Applier.LiveTable;
import io.bunnydb.internal.apply.TableProgress;
import io.bunnydb.spi.TableCheckpoint;
import io.bunnydb.spi.TableCheckpoint.Shadow;
import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** How tables of the checkpoint follow a stream. */
final class LiveTables {
  private LiveTables() {}

  /**
   * A table that follows from where it stands.
   *
   * @param shadow the shadow that does so in its place; null for itself
   */
  static LiveTable of(
      MirrorContext context, Connection destination, TableCheckpoint table, @Nullable Shadow shadow)
      throws SQLException {
    TableMapping mapping = table.mapping();
    // A shadow's changes are not counted: the table is given the outcome.
    TableProgress progress =
        shadow == null
            ? context.tables().of(mapping.source())
            : new TableProgress(Shadows.mapping(destination, mapping), TableState.LIVE);
    Lsn from = shadow == null ? table.from() : shadow.from();
    MirrorConfig config = context.config();
    return new LiveTable(
        progress, from, config.overwrites(mapping), config.stopsAtMissingRow(mapping));
  }
}
