package io.bunnydb.internal.engine;

import io.bunnydb.Lsn;
import io.bunnydb.TableMapping;
import io.bunnydb.TableState;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.SourceIdentity;
import io.bunnydb.spi.TableCheckpoint;
import io.bunnydb.spi.TableCheckpoint.Shadow;
import java.util.List;

/** Checkpoints for tests of what becomes of a mirror's tables. */
final class CheckpointsOfTables {

  private CheckpointsOfTables() {}

  /** The checkpoint of a mirror that stands at a position. */
  static Checkpoint checkpoint(long position, TableCheckpoint... tables) {
    return new Checkpoint(
        "m",
        new SourceIdentity("1", 1, "d"),
        "s",
        "p",
        new Lsn(position),
        false,
        null,
        List.of(tables));
  }

  /** A table of the schema {@code s}. */
  static TableCheckpoint table(String name, TableState state, long from) {
    return new TableCheckpoint(TableMapping.from("s." + name), state, new Lsn(from))
        .withSource(7, 8);
  }

  /** A table that is copied again beside itself. */
  static TableCheckpoint table(
      String name, TableState state, long from, TableState shadow, long shadowFrom) {
    return table(name, state, from).withShadow(new Shadow(shadow, new Lsn(shadowFrom)));
  }
}
