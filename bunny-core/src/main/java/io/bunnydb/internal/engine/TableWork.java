package io.bunnydb.internal.engine;

import io.bunnydb.ResyncStrategy;
import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.TableCheckpoint;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a mirror can be told of its tables: each command changes the checkpoint, by which the next
 * session goes, or the present one where it can. Used by the mirror's thread.
 */
final class TableWork {
  private final MirrorContext context;
  private final Checkpoints checkpoints;
  private final Admission admission;
  private final PauseGuard pauseGuard;
  private final Sessions sessions;

  TableWork(
      MirrorContext context,
      Checkpoints checkpoints,
      Admission admission,
      PauseGuard pauseGuard,
      Sessions sessions) {
    this.context = context;
    this.checkpoints = checkpoints;
    this.admission = admission;
    this.pauseGuard = pauseGuard;
    this.sessions = sessions;
  }

  /**
   * Replaces the list of tables.
   *
   * @param checked what is known of the list already; null for nothing
   */
  void update(List<TableMapping> tables, @Nullable CheckedUpdate checked) throws SQLException {
    update(checkpoints.settled(), tables, checked);
  }

  /**
   * Replaces the list of tables by a longer one, within a session. It does not wait until nobody
   * writes beside the session, as {@link #update} does: while no table is on its way nobody else
   * writes the checkpoint, and a validation may go on for hours.
   *
   * @return whether it was done; not where a table is on its way
   */
  boolean extend(List<TableMapping> tables, @Nullable CheckedUpdate checked) throws SQLException {
    Checkpoint known = checkpoints.require();
    if (!Joining.isJoined(known) || SwapRules.isUnderWay(known)) {
      return false;
    }
    update(known, tables, checked);
    return true;
  }

  private void update(Checkpoint known, List<TableMapping> tables, @Nullable CheckedUpdate checked)
      throws SQLException {
    context.standby().refuse("updateTables");
    TableUpdate update = TableUpdate.of(known, tables);
    admission.admit(update, checked);
    adopt(update);
  }

  /** Has tables copied again; all of them where none is named. */
  void resync(ResyncStrategy strategy, Set<TableName> tables) throws SQLException {
    context.standby().refuse("resync");
    TableUpdate update = TableUpdate.resync(checkpoints.settled(), strategy, tables);
    admission.admit(update);
    adopt(update);
  }

  /** Sets tables aside; the mirror goes on without them. */
  void pause(Set<TableName> tables) throws SQLException {
    context.standby().refuse("pauseTables");
    Checkpoint known = checkpoints.settled();
    String neighbours = new ForeignKeyNeighbours(context).sentence(tables);
    keep(SettingAside.pause(known, tables));
    context.note(
        "tables " + sorted(tables) + " are paused, and the slot keeps their changes" + neighbours);
  }

  /** Takes tables back that were set aside. */
  void resume(Set<TableName> tables) throws SQLException {
    context.standby().refuse("resumeTables");
    keep(SettingAside.resume(checkpoints.settled(), tables));
    context.note("tables " + sorted(tables) + " go on from where they stand");
  }

  private void adopt(TableUpdate update) throws SQLException {
    keep(update.result());
    context.note(
        "its tables are "
            + names(update.result().tables().stream().map(TableCheckpoint::mapping).toList())
            + (update.added().isEmpty() ? "" : "; to be copied: " + names(update.added())));
  }

  /** Whoever waited for the command sees the state that it leads to. */
  private void keep(Checkpoint changed) throws SQLException {
    checkpoints.save(changed);
    context.tables().follow(changed);
    context.progress().tablesChange(changed.position(), Joining.isJoined(changed));
    pauseGuard.remember(changed);
    if (sessions.areToRun()) {
      context.lifecycle().moveIfPossible(Session.state(changed));
    }
  }

  private static String sorted(Set<TableName> tables) {
    return String.join(", ", tables.stream().sorted().map(TableName::toString).toList());
  }

  private static String names(List<TableMapping> tables) {
    return String.join(", ", tables.stream().map(table -> table.source().toString()).toList());
  }
}
