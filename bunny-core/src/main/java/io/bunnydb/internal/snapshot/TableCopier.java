package io.bunnydb.internal.snapshot;

import io.bunnydb.CopyException;
import io.bunnydb.TableName;
import io.bunnydb.internal.apply.Emptying;
import io.bunnydb.internal.apply.Ownership;
import io.bunnydb.internal.apply.WriterSettings;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.PeerConnector;
import io.bunnydb.internal.catalog.ServerMessage;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.catalog.Table;
import io.bunnydb.internal.schema.ConstraintNote;
import io.bunnydb.internal.schema.FirstCopy;
import io.bunnydb.internal.schema.IndexBuilder;
import io.bunnydb.internal.schema.IndexBuilder.Built;
import io.bunnydb.internal.schema.ShadowTable;
import io.bunnydb.internal.schema.SourceConstraint;
import io.bunnydb.internal.schema.SourceIndexes;
import io.bunnydb.internal.schema.TableIndex;
import io.bunnydb.internal.snapshot.RowTransfer.Brought;
import io.bunnydb.internal.source.ExportedSnapshot;
import io.bunnydb.internal.source.MirroredTable;
import io.bunnydb.spi.CheckpointStore;
import io.bunnydb.spi.SourceIdentity;
import io.bunnydb.spi.TableCheckpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Does one step after the other of tables' copies, over one connection to either side. Used by one
 * thread.
 */
final class TableCopier implements AutoCloseable {
  private final Setting setting;
  private final ExportedSnapshot snapshot;
  private final Connection source;
  private final Connection destination;
  private final SourceView view;
  private final RowTransfer transfer;

  /**
   * What all workers of a mirror share.
   *
   * @param mirror the mirror's name
   * @param origin the source
   * @param source how to reach the source
   * @param destination how to reach the destination
   * @param store where a table's state is noted
   * @param stop ends the work
   * @param ownerPid process id of the destination session that owns the mirror
   * @param settings how to copy
   */
  record Setting(
      String mirror,
      SourceIdentity origin,
      PeerConnector source,
      PeerConnector destination,
      CheckpointStore store,
      StopSignal stop,
      int ownerPid,
      CopySettings settings) {}

  /** Connects to both sides. */
  TableCopier(Setting setting, ExportedSnapshot snapshot) throws SQLException {
    this.setting = setting;
    this.snapshot = snapshot;
    StopSignal stop = setting.stop();
    source = setting.source().open("copy");
    try {
      destination = setting.destination().open("copy");
      try {
        WriterSettings.prepare(destination);
        destination.setAutoCommit(false);
        snapshot.beginOn(source);
        stop.guard(destination);
        stop.guard(source);
      } catch (SQLException | RuntimeException e) {
        stop.release(destination);
        destination.close();
        throw e;
      }
    } catch (SQLException | RuntimeException e) {
      source.close();
      throw e;
    }
    view = new SourceView(source);
    transfer = new RowTransfer(source, destination, stop);
  }

  /** Does a step. */
  void run(CopyQueue.Piece piece) {
    setting.stop().check();
    try {
      Ownership.joinAsHelper(destination, setting.mirror(), setting.ownerPid());
      piece.step().run(this);
    } catch (SQLException e) {
      setting.stop().check();
      throw new CopyException(
          setting.mirror(),
          piece.table().table().mapping().source(),
          snapshot.lsn(),
          "copying failed, and goes on when it is tried again; " + ServerMessage.of(e),
          e);
    }
  }

  /**
   * Copies a small table: what was there is removed, and rows, indexes and state come, in one
   * transaction. A large one is divided; its rows and indexes come in transactions of their own,
   * before the state is noted, and so what a copy that was broken off has brought of it may stay.
   */
  void begin(TableCopy copy) throws SQLException {
    Table target = target(copy);
    if (setting.mirror().equals(FirstCopy.maker(destination, target))) {
      copy.keysFollow(true);
      FirstCopy.dropIndexes(destination, target);
    }
    CopyPlan plan = plan(copy, target);
    if (plan.kept() == null) {
      empty(target);
    }
    copy.begins(view.bytes(copy.table().table()));
    if (plan.isOneStep()) {
      transfer(copy, plan.ranges().get(0).conditionSql(), target);
      for (TableIndex index : plan.indexes()) {
        build(copy, index);
      }
      finish(copy);
      return;
    }
    commitBeginning(copy, plan);
    copy.then(plan.ranges().stream().map(range -> rangeStep(copy, range)).toList());
    copy.then(plan.indexes().stream().map(index -> indexStep(copy, index)).toList());
    copy.then(List.of(copier -> copier.finish(copy)));
  }

  /**
   * Finds out, and removes rows that are not to be kept where others are. The source's table is not
   * locked while the destination's is waited for, or rows are removed from it.
   */
  private CopyPlan plan(TableCopy copy, Table target) throws SQLException {
    Resumption old = Resumption.find(copy, target, destination, setting.stop());
    CopyPlan plan = view.locked(copy.table().table(), () -> plan(copy, target, old));
    KeptRows kept = plan.kept();
    return kept == null || old == null || old.removeOthers(kept) ? plan : plan.withoutKept();
  }

  private CopyPlan plan(TableCopy copy, Table target, @Nullable Resumption old)
      throws SQLException {
    MirroredTable table = copy.table();
    List<PageRange> ranges = view.ranges(table.table(), setting.settings().rowsPerRange());
    String basis =
        old == null && ranges.size() == 1
            ? null
            : CopyBasis.of(source, destination, table, target, setting.origin());
    KeptRows kept = old == null ? null : old.toKeep(basis, view, transfer);
    List<TableIndex> indexes = copy.keysFollow() ? indexesToBuild(copy) : List.of();
    return new CopyPlan(ranges, indexes, basis, old == null ? null : old.noted(), kept);
  }

  /**
   * Commits what a copy of several transactions begins with, and the note of it: what is rolled
   * back later must not bring the old rows back beside the new ones.
   */
  private void commitBeginning(TableCopy copy, CopyPlan plan) throws SQLException {
    String basis = plan.basis();
    if (basis == null) {
      if (copy.checkpoint().copyProgress() != null) {
        setting
            .store()
            .saveTable(setting.mirror(), copy.checkpoint().withCopyProgress(null), destination);
      }
      destination.commit();
      return;
    }
    KeptRows kept = plan.kept();
    KeptRows noted = plan.noted();
    KeptRows begun = kept == null ? KeptRows.none(basis) : kept;
    KeptRows before = kept == null || noted == null ? begun : noted;
    CopyNote note = new CopyNote(setting.mirror(), setting.store(), copy.checkpoint(), before);
    note.commit(destination, rows -> begun);
    copy.notedIn(note);
    if (begun.rows() > 0) {
      copy.keeps(begun);
    }
  }

  private List<TableIndex> indexesToBuild(TableCopy copy) throws SQLException {
    MirroredTable table = copy.table();
    return copy.isOfShadow()
        ? ShadowTable.keys(table, table(copy.destination()))
        : SourceIndexes.of(source, table, setting.settings().indexes(), copy::leavesOut);
  }

  private static TableCopy.Step rangeStep(TableCopy copy, PageRange range) {
    return copier -> copier.copyRange(copy, range);
  }

  private static TableCopy.Step indexStep(TableCopy copy, TableIndex index) {
    return copier -> {
      copier.build(copy, index);
      copier.destination.commit();
    };
  }

  private void build(TableCopy copy, TableIndex index) throws SQLException {
    indexes(copy).build(index).ifPresent(copy::add);
  }

  private IndexBuilder indexes(TableCopy copy) {
    return new IndexBuilder(destination, copy.table().mapping().destination(), copy::doesWithout);
  }

  private void copyRange(TableCopy copy, PageRange range) throws SQLException {
    CopyNote note = copy.note();
    if (note == null) {
      transfer(copy, range.conditionSql(), target(copy));
      destination.commit();
      return;
    }
    Visibility shown = view.shown();
    // Nobody else moves rows of this range meanwhile.
    Brought brought = transfer(copy, note.kept().conditionOfMissing(range), target(copy));
    note.commit(destination, before -> before.with(shown, range, brought.rows(), brought.bytes()));
  }

  private void finish(TableCopy copy) throws SQLException {
    if (copy.keysFollow()) {
      for (Built built : copy.built()) {
        indexes(copy).attach(built);
      }
      if (!copy.isOfShadow()) {
        FirstCopy.unmark(destination, target(copy));
        ConstraintNote.write(
            destination,
            copy.table().mapping().destination(),
            setting.mirror(),
            SourceConstraint.names(source, copy.table().table().oid()));
      }
    }
    String mirror = setting.mirror();
    CheckpointStore store = setting.store();
    TableCheckpoint copied = copy.copied(snapshot.lsn());
    if (store.joinsDestination()) {
      store.saveTable(mirror, copied, destination);
      destination.commit();
    } else {
      destination.commit();
      store.saveTable(mirror, copied, destination);
    }
    copy.ends(copied);
  }

  private Table target(TableCopy copy) throws SQLException {
    return table(copy.table().mapping().destination());
  }

  private Table table(TableName name) throws SQLException {
    return Catalog.table(destination, name)
        .orElseThrow(() -> new SQLException("the destination table is gone", "42P01"));
  }

  private Brought transfer(TableCopy copy, String condition, Table target) throws SQLException {
    return view.locked(copy.table().table(), () -> transfer.run(copy, condition, target));
  }

  /**
   * The table is the mirror's from the moment it was accepted: rows there are of an earlier copy
   * whose end was not noted, or of a mapping that was replaced.
   */
  private void empty(Table target) throws SQLException {
    if (!Sql.queryBoolean(destination, "SELECT EXISTS (SELECT FROM " + target.toSql() + ")")) {
      return;
    }
    Emptying.run(destination, List.of(target), false, referring -> true);
  }

  @Override
  @SuppressWarnings("try") // the connections are named for their closing alone
  public void close() throws SQLException {
    setting.stop().release(source);
    setting.stop().release(destination);
    try (source;
        destination) {
      // Closed in reverse, the second even if the first fails; open transactions end with them.
    }
  }
}
