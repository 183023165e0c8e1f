package io.bunnydb.internal.engine;

import io.bunnydb.TableName;
import io.bunnydb.TableState;
import io.bunnydb.TableStatus;
import java.util.Collection;
import java.util.Set;
import java.util.function.Predicate;

/** What single tables can be told, and asked, while their mirror works. Thread-safe. */
public final class TableCommands {
  private final MirrorContext context;
  private final MirrorEngine engine;

  TableCommands(MirrorContext context, MirrorEngine engine) {
    this.context = context;
    this.engine = engine;
  }

  /**
   * Refuses what is not of the mirror.
   *
   * @throws IllegalArgumentException if the mirror has no such source table
   */
  public void require(Collection<TableName> tables) {
    for (TableName table : tables) {
      status(table);
    }
  }

  /**
   * How a table stands.
   *
   * @throws IllegalArgumentException if the mirror has no such source table
   */
  public TableStatus status(TableName table) {
    return context
        .tables()
        .find(table)
        .orElseThrow(() -> SettingAside.unknown(context.config().name(), table));
  }

  /** Sets tables aside, all of them at one position. */
  public void pause(Collection<TableName> tables) {
    Set<TableName> named = Set.copyOf(tables);
    engine.callBetweenSessions(
        "pauseTables",
        named,
        () -> areAll(named, state -> state == TableState.PAUSED),
        (work, stop) -> work.tables().pause(named));
  }

  /** Takes tables back that were set aside by {@link #pause}. */
  public void resume(Collection<TableName> tables) {
    Set<TableName> named = Set.copyOf(tables);
    engine.callBetweenSessions(
        "resumeTables",
        named,
        () -> areAll(named, state -> state != TableState.PAUSED && state != TableState.QUARANTINED),
        (work, stop) -> work.tables().resume(named));
  }

  private boolean areAll(Set<TableName> tables, Predicate<TableState> state) {
    return tables.stream().allMatch(table -> state.test(status(table).state()));
  }
}
