package io.bunnydb.internal.engine;

import io.bunnydb.Lsn;
import io.bunnydb.TableName;
import io.bunnydb.TableState;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.TableCheckpoint;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * The steps by which tables are set aside and come back, each from one checkpoint to another and
 * between two sessions: its position is then what every table has that follows the stream. One save
 * is all there is to each, so a crash finds the step done or not begun.
 *
 * <p>A paused table keeps the position up to which it has everything. Taken back, it joins the
 * stream as a table does whose snapshot was taken at that position.
 */
final class SettingAside {
  private SettingAside() {}

  /**
   * Pauses tables. One whose copy is not done has nothing to go on from; its copy is put off.
   *
   * @throws IllegalStateException if one is quarantined, or the mirror has no position yet
   */
  static Checkpoint pause(Checkpoint checkpoint, Set<TableName> tables) {
    requireNotQuarantined(checkpoint, tables, "pauseTables");
    if (checkpoint.position().equals(Lsn.ZERO)) {
      throw new IllegalStateException(
          "the set-up of mirror '"
              + checkpoint.mirror()
              + "' is not complete, which pauseTables needs it to be; resume() it first");
    }
    return change(
        checkpoint,
        tables,
        table ->
            switch (table.state()) {
              case COPYING, COPIED, LIVE -> aside(checkpoint, table, TableState.PAUSED);
              case PAUSED, QUARANTINED -> table;
            });
  }

  /**
   * Takes paused tables back: one whose copy was put off is to be copied, the others are joined to
   * the stream, which goes back to where they stand.
   *
   * @throws IllegalStateException if one is quarantined
   */
  static Checkpoint resume(Checkpoint checkpoint, Set<TableName> tables) {
    requireNotQuarantined(checkpoint, tables, "resumeTables");
    Checkpoint copying =
        change(
            checkpoint,
            tables,
            table ->
                isPaused(table) && !Joining.needsLog(table)
                    ? table.withState(TableState.COPYING, Lsn.ZERO)
                    : table);
    Predicate<TableCheckpoint> joining =
        table -> isPaused(table) && tables.contains(table.mapping().source());
    return copying.tables().stream().anyMatch(joining) ? Joining.join(copying, joining) : copying;
  }

  private static boolean isPaused(TableCheckpoint table) {
    return table.state() == TableState.PAUSED;
  }

  /**
   * Quarantines a table.
   *
   * @param error why, as {@link KeptFailure} writes it
   */
  static Checkpoint quarantine(Checkpoint checkpoint, TableName table, String error) {
    return change(
        checkpoint,
        Set.of(table),
        known -> aside(checkpoint, known, TableState.QUARANTINED).withError(error));
  }

  /**
   * A table that takes part no more, with the position up to which it has everything; a live one
   * may be ahead of the stream that went back. A resync by swap of it is given up.
   */
  private static TableCheckpoint aside(
      Checkpoint checkpoint, TableCheckpoint table, TableState state) {
    TableCheckpoint alone = SwapRules.giveUp(table);
    return alone.withState(state, Joining.reached(alone, checkpoint.position()));
  }

  private static void requireNotQuarantined(
      Checkpoint checkpoint, Set<TableName> tables, String command) {
    for (TableCheckpoint table : checkpoint.tables()) {
      TableName name = table.mapping().source();
      if (table.state() == TableState.QUARANTINED && tables.contains(name)) {
        throw new IllegalStateException(
            "table "
                + name
                + " of mirror '"
                + checkpoint.mirror()
                + "' is QUARANTINED, which "
                + command
                + " does not change; resync("
                + name
                + ") copies it again");
      }
    }
  }

  private static Checkpoint change(
      Checkpoint checkpoint, Set<TableName> tables, UnaryOperator<TableCheckpoint> step) {
    Set<TableName> unknown = new HashSet<>(tables);
    List<TableCheckpoint> changed =
        checkpoint.tables().stream()
            .map(table -> unknown.remove(table.mapping().source()) ? step.apply(table) : table)
            .toList();
    if (!unknown.isEmpty()) {
      throw unknown(checkpoint.mirror(), unknown.iterator().next());
    }
    return checkpoint.withTables(changed);
  }

  /** Says that a mirror has no such table. */
  static IllegalArgumentException unknown(String mirror, TableName table) {
    return new IllegalArgumentException("mirror '" + mirror + "' has no source table " + table);
  }
}
