package io.bunnydb;

import io.bunnydb.internal.engine.TableCommands;
import java.util.List;

/**
 * Operates one table of a running mirror, while the others go on.
 *
 * <p>Thread-safe; commands take their turn with those of the {@link MirrorHandle}. Once the table
 * has left the mirror, its methods throw {@link IllegalArgumentException}.
 */
public final class TableHandle {
  private final TableCommands commands;
  private final MirrorHandle mirror;
  private final TableName name;

  TableHandle(TableCommands commands, MirrorHandle mirror, TableName name) {
    this.commands = commands;
    this.mirror = mirror;
    this.name = name;
  }

  /** The table's name on the source. */
  public TableName name() {
    return name;
  }

  /** How the table stands; asks nobody, so it returns at once. */
  public TableStatus status() {
    return commands.status(name);
  }

  /**
   * Sets the table aside, as {@link MirrorHandle#pauseTables} does several.
   *
   * @throws IllegalStateException if it is quarantined, or the mirror is neither RUNNING, SNAPSHOT
   *     nor PAUSED
   * @throws MirrorException if the destination cannot be told; nothing was changed
   */
  public void pause() {
    commands.pause(List.of(name));
  }

  /**
   * Takes the table back, as {@link MirrorHandle#resumeTables} does several.
   *
   * @throws IllegalStateException if it is quarantined, or the mirror is neither RUNNING, SNAPSHOT
   *     nor PAUSED
   * @throws MirrorException if the destination cannot be told; nothing was changed
   */
  public void resume() {
    commands.resume(List.of(name));
  }

  /**
   * Copies the table again, as {@link MirrorHandle#resync(TableName...)} does. It ends a pause of
   * the table, and is what brings a quarantined one back.
   */
  public void resync() {
    mirror.resync(name);
  }
}
