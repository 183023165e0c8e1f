package io.bunnydb.internal.apply;

import static java.util.Objects.requireNonNull;

import io.bunnydb.ApplyException;
import io.bunnydb.Lsn;
import io.bunnydb.internal.apply.Applier.LiveTable;
import io.bunnydb.internal.apply.DestinationTable.Counts;
import io.bunnydb.internal.apply.DestinationTable.MismatchException;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.WireType;
import io.bunnydb.pgoutput.Relation;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The relations that the stream has described, and the destination tables that they go to.
 *
 * <p>Lives as long as one stream, or one transaction that is sent while it is in progress: the
 * source describes its relations once for each. Used by one thread.
 */
final class Relations {
  private final String mirror;
  private final Connection destination;
  private final boolean isRepeatable;
  private final boolean usesSets;
  private final WireType.@Nullable Directory binary;
  private final Map<Long, LiveTable> tables;
  private final Map<Long, Described> described = new HashMap<>();
  private final Map<Long, DestinationTable> targets = new HashMap<>();

  // Of an older shape, but with counts of the open transaction.
  private final List<DestinationTable> retired = new ArrayList<>();

  // Neighbours in the stream mostly are of one relation.
  private long lastId = -1;
  private @Nullable DestinationTable lastTarget;

  /** A relation's shape, and a number by which later descriptions are told from earlier ones. */
  private record Described(RelationShape shape, long number) {}

  /** What was described and counted at some time. */
  static final class Mark {
    private final Map<Long, Described> described;
    private final Map<DestinationTable, Counts> counts = new HashMap<>();

    private Mark(Map<Long, Described> described) {
      this.described = new HashMap<>(described);
    }
  }

  /**
   * No relations yet.
   *
   * @param isRepeatable whether changes may come that were applied before
   * @param usesSets whether many rows may be changed at once where the table lets them
   * @param binary the source's types where values come in binary form; null where as text
   * @param tables the tables to write, by their OID on the source
   */
  Relations(
      String mirror,
      Connection destination,
      boolean isRepeatable,
      boolean usesSets,
      WireType.@Nullable Directory binary,
      Map<Long, LiveTable> tables) {
    this.mirror = mirror;
    this.destination = destination;
    this.isRepeatable = isRepeatable;
    this.usesSets = usesSets;
    this.binary = binary;
    this.tables = tables;
  }

  /**
   * Notes a relation, which may be one that was altered; nothing for it may be unwritten.
   *
   * @param number greater than that of any description before, of the stream as a whole
   */
  void describe(Relation relation, long number) throws SQLException {
    described.put(relation.id(), new Described(RelationShape.of(relation), number));
    retire(relation.id());
  }

  /** Takes over what a transaction described that has committed, but for what is known newer. */
  void adopt(Relations committed) throws SQLException {
    for (Map.Entry<Long, Described> entry : committed.described.entrySet()) {
      Described known = described.get(entry.getKey());
      Described other = entry.getValue();
      if (known == null || known.number < other.number) {
        described.put(entry.getKey(), other);
        if (known != null && !known.shape.equals(other.shape)) {
          retire(entry.getKey());
        }
      }
    }
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
    if (!described.containsKey(relationId)) {
      throw new ApplyException(
          mirror,
          null,
          new Lsn(commitLsn),
          "a change came before the description of its relation " + relationId + "; report it",
          new IllegalStateException("relation " + relationId));
    }
    LiveTable live = tables.get(relationId);
    return live != null && Long.compareUnsigned(commitLsn, live.from().value()) >= 0;
  }

  /** Finds the table that a relation goes to; no command may be open on the destination. */
  DestinationTable resolve(long relationId, long commitLsn) throws SQLException {
    LiveTable live = requireNonNull(tables.get(relationId));
    RelationShape shape = requireNonNull(described.get(relationId)).shape;
    try {
      DestinationTable target =
          DestinationTable.resolve(destination, live, isRepeatable, usesSets, binary, shape);
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

  /** What is described and counted so far. */
  Mark mark() {
    Mark mark = new Mark(described);
    targets.values().forEach(target -> mark.counts.put(target, target.counts()));
    retired.forEach(target -> mark.counts.put(target, target.counts()));
    return mark;
  }

  /** Undoes what was described and counted since. */
  void backTo(Mark mark) throws SQLException {
    Set<Long> ids = new HashSet<>(described.keySet());
    for (Long id : ids) {
      Described before = mark.described.get(id);
      if (!Objects.equals(before, described.get(id))) {
        if (before == null) {
          described.remove(id);
        } else {
          described.put(id, before);
        }
        retire(id);
      }
    }
    for (DestinationTable target : targets.values()) {
      target.backTo(mark.counts.getOrDefault(target, Counts.NONE));
    }
    for (DestinationTable target : retired) {
      target.backTo(mark.counts.getOrDefault(target, Counts.NONE));
    }
  }

  /**
   * The open transaction has committed; its counts become the tables' progress.
   *
   * @return how many rows it concerned
   */
  long committed() {
    long rows = 0;
    for (DestinationTable target : targets.values()) {
      rows += target.committed();
    }
    for (DestinationTable target : retired) {
      rows += target.committed();
    }
    retired.clear();
    return rows;
  }
}
