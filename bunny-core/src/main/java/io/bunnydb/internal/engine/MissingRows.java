package io.bunnydb.internal.engine;

import io.bunnydb.Lsn;
import io.bunnydb.internal.apply.Applier.LiveTable;
import io.bunnydb.internal.apply.TableProgress;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Tells of updates and deletes that met no row on the destination: of each table's first at once,
 * then at most once a minute, as a batch that brings more of them mostly is followed by others.
 * Used by the applying thread.
 */
final class MissingRows {
  private static final long REST_NANOS = TimeUnit.MINUTES.toNanos(1);

  private final MirrorContext context;
  private final TableProgress[] tables;
  private final long[] told;
  private final long[] nextNanos;

  /** Tells of what these tables meet from now on. */
  MissingRows(MirrorContext context, Collection<LiveTable> live) {
    this.context = context;
    this.tables = live.stream().map(LiveTable::progress).toArray(TableProgress[]::new);
    this.told = new long[tables.length];
    this.nextNanos = new long[tables.length];
    long now = System.nanoTime();
    for (int i = 0; i < tables.length; i++) {
      told[i] = tables[i].rowsMissing();
      nextNanos[i] = now;
    }
  }

  /** Looks what a commit at a position has brought. */
  void look(Lsn position) {
    for (int i = 0; i < tables.length; i++) {
      long missing = tables[i].rowsMissing() - told[i];
      if (missing > 0 && System.nanoTime() - nextNanos[i] >= 0) {
        tell(tables[i], missing, position);
        told[i] += missing;
        nextNanos[i] = System.nanoTime() + REST_NANOS;
      }
    }
  }

  private void tell(TableProgress table, long missing, Lsn position) {
    String name = table.mapping().source().toString();
    context
        .events()
        .warn(
            "mirror '"
                + context.config().name()
                + "', table "
                + name
                + ", at "
                + position
                + ": "
                + missing
                + " updates or deletes met no row on the destination",
            Map.of(
                "table", name,
                "lsn", position.toString(),
                "rowsMissing", Long.toString(missing)));
  }
}
