package io.bunnydb.internal.apply;

import static java.util.Objects.requireNonNull;

import io.bunnydb.ApplyException;
import io.bunnydb.Lsn;
import io.bunnydb.internal.apply.Applier.LiveTable;
import io.bunnydb.internal.apply.DestinationTable.MismatchException;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.pgoutput.Relation;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The relations that the stream has described, and the destination tables that they go to.
 *
 * <p>Lives as long as one stream: the source describes its relations once per connection. Used by
 * one thread.
 */
final class Relations {
  private static final Logger LOG = LoggerFactory.getLogger(Relations.class);

  private final String mirror;
  private final Connection destination;
  private final boolean isRepeatable;
  private final boolean usesSets;
  private final Map<Long, LiveTable> tables;
  private final Map<Long, RelationShape> shapes = new HashMap<>();
  private final Map<Long, DestinationTable> targets = new HashMap<>();

  // Of an older shape, but with counts of the open transaction.
  private final List<DestinationTable> retired = new ArrayList<>();

  // The shapes, since the last mark, of the relations that were described anew; null if of none.
  private final Map<Long, @Nullable RelationShape> shapesAtMark = new HashMap<>();

  // Neighbours in the stream mostly are of one relation.
  private long lastId = -1;
  private @Nullable DestinationTable lastTarget;

  /**
   * No relations yet.
   *
   * @param isRepeatable whether changes may come that were applied before
   * @param usesSets whether many rows may be changed at once where the table lets them
   * @param tables the tables to write, by their OID on the source
   */
  Relations(
      String mirror,
      Connection destination,
      boolean isRepeatable,
      boolean usesSets,
      Map<Long, LiveTable> tables) {
    this.mirror = mirror;
    this.destination = destination;
    this.isRepeatable = isRepeatable;
    this.usesSets = usesSets;
    this.tables = tables;
  }

  /** Notes a relation, which may be one that was altered; nothing for it may be unwritten. */
  void describe(Relation relation) throws SQLException {
    long id = relation.id();
    RelationShape old = shapes.put(id, RelationShape.of(relation));
    if (!shapesAtMark.containsKey(id)) {
      shapesAtMark.put(id, old);
    }
    retire(id);
  }

  private void retire(long id) throws SQLException {
    DestinationTable old = targets.remove(id);
    lastId = -1;
    if (old != null) {
      retired.add(old);
      // The server's prepared statements have the types that their parameters had.
      Sql.execute(destination, "DEALLOCATE ALL");
    }
  }

  /** The table that a relation was found to go to; null if that is not known yet. */
  @Nullable DestinationTable known(long relationId) {
    if (relationId != lastId) {
      lastId = relationId;
      lastTarget = targets.get(relationId);
    }
    return lastTarget;
  }

  /** Whether a change of a relation, committed at a position, is to be written. */
  boolean isToWrite(long relationId, long commitLsn) {
    if (!shapes.containsKey(relationId)) {
      throw new ApplyException(
          mirror,
          null,
          new Lsn(commitLsn),
          "a change came before the description of its relation " + relationId + "; report it",
          null);
    }
    LiveTable live = tables.get(relationId);
    return live != null && Long.compareUnsigned(commitLsn, live.from().value()) >= 0;
  }

  /** Finds the table that a relation goes to; no command may be open on the destination. */
  DestinationTable resolve(long relationId, long commitLsn) throws SQLException {
    LiveTable live = requireNonNull(tables.get(relationId));
    RelationShape shape = requireNonNull(shapes.get(relationId));
    try {
      DestinationTable target =
          DestinationTable.resolve(destination, live, isRepeatable, usesSets, shape);
      targets.put(relationId, target);
      lastId = -1;
      return target;
    } catch (MismatchException e) {
      throw new ApplyException(
          mirror,
          live.progress().mapping().source(),
          new Lsn(commitLsn),
          String.valueOf(e.getMessage()),
          null);
    }
  }

  /** Keeps what was described and counted since the last mark. */
  void mark() {
    shapesAtMark.clear();
    targets.values().forEach(DestinationTable::mark);
    retired.forEach(DestinationTable::mark);
  }

  /** Undoes what was described and counted since the last mark. */
  void backToMark() throws SQLException {
    for (Map.Entry<Long, @Nullable RelationShape> entry : shapesAtMark.entrySet()) {
      RelationShape before = entry.getValue();
      if (before == null) {
        shapes.remove(entry.getKey());
      } else {
        shapes.put(entry.getKey(), before);
      }
      retire(entry.getKey());
    }
    shapesAtMark.clear();
    targets.values().forEach(DestinationTable::backToMark);
    retired.forEach(DestinationTable::backToMark);
  }

  /** The open transaction has committed; its counts become the tables' progress. */
  void committed(Lsn position) {
    for (DestinationTable target : targets.values()) {
      publishCounts(target, position);
    }
    for (DestinationTable target : retired) {
      publishCounts(target, position);
    }
    retired.clear();
  }

  private void publishCounts(DestinationTable target, Lsn position) {
    if (target.missingInTransaction() > 0) {
      LOG.warn(
          "mirror '{}', table {}, at {}: {} updates or deletes met no row on the destination",
          mirror,
          target.name(),
          position,
          target.missingInTransaction());
    }
    target.committed();
  }
}
