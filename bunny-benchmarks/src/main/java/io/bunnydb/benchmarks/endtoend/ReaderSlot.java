package io.bunnydb.benchmarks.endtoend;

import java.sql.SQLException;
import java.time.Duration;
import java.util.List;

/**
 * A slot with its publication, for a contender that only reads. Not thread-safe.
 *
 * @param databases where it is
 * @param publication the publication's name
 */
record ReaderSlot(Databases databases, String publication) {

  /** Makes both; the slot holds what is written from now on. */
  static ReaderSlot create(Databases databases, List<String> tables) throws SQLException {
    ReaderSlot slot = new ReaderSlot(databases, NativeSubscription.publish(databases, tables));
    databases
        .source()
        .execute(
            "SELECT pg_create_logical_replication_slot('%s', 'pgoutput')".formatted(slot.name()));
    return slot;
  }

  /** The slot's name. */
  String name() {
    return databases.source().name();
  }

  /** Drops the slot as soon as its reader has let go of it. */
  void drop() throws SQLException {
    Pause.until(
        "the slot is inactive",
        Duration.ofSeconds(30),
        10,
        () ->
            databases
                .source()
                .value("SELECT active FROM pg_replication_slots WHERE slot_name = ?", name())
                .equals("f"));
    databases.source().execute("SELECT pg_drop_replication_slot('%s')".formatted(name()));
  }
}
