package io.bunnydb.internal.engine;

import io.bunnydb.Finding;
import io.bunnydb.Lsn;
import io.bunnydb.MirrorException;
import io.bunnydb.TableName;
import io.bunnydb.TableState;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.Table;
import io.bunnydb.internal.schema.ConstraintNote;
import io.bunnydb.internal.schema.FirstCopy;
import io.bunnydb.internal.schema.IndexBuilder;
import io.bunnydb.internal.schema.SourceConstraint;
import io.bunnydb.internal.schema.SourceIndexes;
import io.bunnydb.internal.schema.TableCreator;
import io.bunnydb.internal.source.MirroredTable;
import io.bunnydb.internal.source.Publication;
import io.bunnydb.internal.source.ReplicationSlot;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.TableCheckpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Brings both sides to what the checkpoint says: publication, slot, destination tables. Each step
 * does nothing where it was done before, so that a set-up, a restart after a crash in its midst and
 * a resume with other tables are one and the same. Tables whose copy is done are joined here, too.
 */
final class SetUp {
  private final MirrorConfig config;
  private final MirrorContext context;
  private final CopyReports reports;
  private final ColumnLists lists;
  private final Checkpoints checkpoints;
  private final Shadows shadows;
  private final List<TableName> createdTables = new ArrayList<>();

  SetUp(MirrorContext context, Checkpoints checkpoints, Shadows shadows) {
    this.config = context.config();
    this.context = context;
    this.reports = new CopyReports(context);
    this.lists = context.lists();
    this.checkpoints = checkpoints;
    this.shadows = shadows;
  }

  /** The source tables of a checkpoint, in its order. */
  List<MirroredTable> sourceTables(Checkpoint checkpoint, Connection source) throws SQLException {
    List<MirroredTable> tables = new ArrayList<>();
    for (TableCheckpoint table : checkpoint.tables()) {
      Table found =
          Catalog.table(source, table.mapping().source())
              .orElseThrow(
                  () ->
                      new MirrorException(
                          config.name(),
                          table.mapping().source(),
                          null,
                          "the source has no such table any more; remove it with updateTables",
                          null));
      tables.add(new MirroredTable(table.mapping(), found));
    }
    return tables;
  }

  /**
   * Makes what is missing.
   *
   * @return the checkpoint, which has a position from now on
   */
  Checkpoint complete(
      Checkpoint checkpoint, List<MirroredTable> tables, Connection source, Connection destination)
      throws SQLException {
    // Before the slot: a publication must be there at every position that is decoded for it.
    publish(checkpoint, tables, source, destination);
    Checkpoint positioned =
        Joining.needsNoPast(checkpoint) ? withSlot(checkpoint, source) : checkpoint;
    createdTables.addAll(createTables(positioned, tables, source, destination));
    Checkpoint shadowed = shadows.complete(positioned, tables, destination);
    Checkpoint joined = Joining.join(withSources(shadowed, tables, source));
    if (!joined.equals(checkpoint)) {
      checkpoints.save(joined, destination);
    }
    destination.commit();
    // From now on they hold rows that count; no later set-up takes them back.
    createdTables.clear();
    return joined;
  }

  /**
   * Makes what tables lack that are to be copied beside the stream; used by another thread than the
   * mirror's.
   *
   * @param source a connection of that thread's own
   * @param destination a session of the mirror beside the owner's, with no transaction open
   * @param helpers begins its transactions
   * @return the checkpoint, whose tables in the store are the same
   */
  Checkpoint add(
      Checkpoint checkpoint,
      List<MirroredTable> tables,
      Connection source,
      Connection destination,
      HelperSessions helpers)
      throws SQLException {
    publish(checkpoint, tables, source, destination);
    helpers.begin(destination);
    createTables(checkpoint, tables, source, destination);
    Checkpoint noted = withSources(checkpoint, tables, source);
    helpers.begin(destination);
    for (TableCheckpoint table : noted.tables()) {
      if (table.state() == TableState.COPYING) {
        context.destination().store().saveTable(config.name(), table, destination);
      }
    }
    destination.commit();
    return noted;
  }

  /** Has the publication, where it is Bunny's own, hold the tables. */
  private void publish(
      Checkpoint checkpoint, List<MirroredTable> tables, Connection source, Connection destination)
      throws SQLException {
    List<ColumnLists.Gap> gaps = unpublishedColumns(checkpoint, tables, source, destination);
    if (!config.ownsPublication()) {
      return;
    }
    List<Finding> obstacles =
        Publication.reconcile(
            source,
            checkpoint.publication(),
            ColumnLists.without(gaps, tables),
            checkpoint.hasTableIn(TableState.COPYING));
    if (!obstacles.isEmpty()) {
      throw new MirrorException(
          config.name(),
          obstacles.stream().map(Finding::toString).collect(Collectors.joining("; ")),
          null);
    }
  }

  /** Notes which tables on the source are meant, before they are copied. */
  private static Checkpoint withSources(
      Checkpoint checkpoint, List<MirroredTable> tables, Connection source) throws SQLException {
    Map<TableName, Publication.Membership> members =
        Publication.memberships(
            source, checkpoint.publication(), tables.stream().map(t -> t.table().name()).toList());
    List<TableCheckpoint> noted = new ArrayList<>();
    for (int i = 0; i < tables.size(); i++) {
      TableCheckpoint table = checkpoint.tables().get(i);
      Publication.Membership member = members.get(tables.get(i).table().name());
      boolean isNew = table.state() == TableState.COPYING || table.sourceOid() == 0;
      noted.add(isNew && member != null ? table.withSource(member.oid(), member.entry()) : table);
    }
    return checkpoint.withTables(noted);
  }

  /** The columns that lists leave out of tables that go on nevertheless. */
  private List<ColumnLists.Gap> unpublishedColumns(
      Checkpoint checkpoint, List<MirroredTable> tables, Connection source, Connection destination)
      throws SQLException {
    List<MirroredTable> followed = new ArrayList<>();
    for (int i = 0; i < tables.size(); i++) {
      if (Joining.isFollowed(checkpoint.tables().get(i))) {
        followed.add(tables.get(i));
      }
    }
    List<ColumnLists.Gap> gaps = lists.gaps(followed, source, destination);
    for (ColumnLists.Gap gap : gaps) {
      if (gap.isToStop()) {
        throw new MirrorException(config.name(), gap.table(), null, gap.sentence(), null);
      }
    }
    return gaps;
  }

  /** Has a slot at the position; it is made if it is Bunny's own and not there, or of no use. */
  private Checkpoint withSlot(Checkpoint checkpoint, Connection source) throws SQLException {
    String slot = checkpoint.slot();
    Optional<ReplicationSlot> existing = ReplicationSlot.find(source, slot);
    if (existing.isPresent()
        && !existing.get().isOf(checkpoint.source().database(), ReplicationSlot.PLUGIN)) {
      throw new MirrorException(
          config.name(),
          "replication slot "
              + slot
              + " is another's, of plugin "
              + existing.get().plugin()
              + " and database "
              + existing.get().database()
              + "; drop it if nothing uses it",
          null);
    }
    boolean isOfUse = existing.isPresent() && existing.get().invalidation() == null;
    if (config.ownsSlot() && !isOfUse) {
      ReplicationSlot.drop(source, slot);
      return checkpoint.withPosition(
          ReplicationSlot.create(source, slot, config.options().operation().isSlotForFailover()));
    }
    Lsn begin = existing.map(ReplicationSlot::confirmedFlush).orElse(null);
    if (begin == null && existing.map(ReplicationSlot::isActive).orElse(false)) {
      // A session that was killed may still be making it; until that is over it could yet vanish.
      throw new SQLException(
          "replication slot " + slot + " is just being made; it is waited for", "55006");
    }
    if (begin == null || !isOfUse) {
      throw new MirrorException(
          config.name(), "replication slot " + slot + " is gone, invalid or has no position", null);
    }
    return checkpoint.withPosition(Lsn.max(checkpoint.position(), begin));
  }

  private List<TableName> createTables(
      Checkpoint checkpoint, List<MirroredTable> tables, Connection source, Connection destination)
      throws SQLException {
    List<TableName> created = new ArrayList<>();
    if (!config.options().createTables()) {
      return created;
    }
    for (int i = 0; i < tables.size(); i++) {
      MirroredTable table = tables.get(i);
      boolean isToCopy = checkpoint.tables().get(i).state() == TableState.COPYING;
      boolean isNew = isToCopy || !config.options().initialSnapshot();
      TableName name = table.mapping().destination();
      if (isNew && Catalog.table(destination, name).isEmpty()) {
        TableCreator.create(destination, table);
        if (isToCopy) {
          FirstCopy.mark(destination, name, config.name());
        } else {
          new IndexBuilder(
                  destination, name, (index, reason) -> reports.doesWithout(name, index, reason))
              .buildAll(
                  SourceIndexes.of(
                      source,
                      table,
                      config.options().copy().indexes(),
                      (index, reason) -> reports.leavesOut(table.table().name(), index, reason)));
          ConstraintNote.write(
              destination,
              name,
              config.name(),
              SourceConstraint.names(source, table.table().oid()));
        }
        created.add(name);
      }
    }
    destination.commit();
    if (!created.isEmpty()) {
      context.note(
          "created " + created + " on the destination",
          Map.of("destinationTables", created.toString()));
    }
    return created;
  }

  /** Takes back everything that was made, after a set-up that cannot be completed. */
  void undo(Connection source, Connection destination) throws SQLException {
    for (TableName table : createdTables) {
      Sql.execute(destination, "DROP TABLE IF EXISTS " + table.toSql());
    }
    destination.commit();
    createdTables.clear();
    dropReplication(source);
    checkpoints.delete();
  }

  /** Drops the slot and the publication, where they are Bunny's own. */
  void dropReplication(Connection source) throws SQLException {
    if (config.ownsSlot()) {
      ReplicationSlot.drop(source, config.slot());
    }
    if (config.ownsPublication()) {
      Publication.drop(source, config.publication());
    }
  }
}
