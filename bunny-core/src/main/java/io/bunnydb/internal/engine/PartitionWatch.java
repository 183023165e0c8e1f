package io.bunnydb.internal.engine;

import io.bunnydb.SlotLostException;
import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.Table;
import io.bunnydb.internal.source.Partition;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.TableCheckpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Notices what happens to partitions below mirrored tables beside changes of rows, of which the
 * source sends nothing and says nothing either. One that joins with rows in it stops the mirror:
 * these rows are lacking. One that leaves, or is emptied alone by TRUNCATE, is told of: rows of it
 * stay.
 *
 * <p>It remembers the partitions that it has seen, for as long as the mirror's handle lives. Of
 * those from before, it asks about the ones that may have joined after what the slot was
 * acknowledged. Thread-safe: used by the mirror's thread, while the stream runs by the receiving
 * one, and by the one that copies added tables.
 */
final class PartitionWatch {
  private final String mirror;
  private final EventLog events;
  private final Map<TableName, Map<Joined, Partition>> seen = new HashMap<>();

  // Rows that were written meanwhile are lacking even if it is in the log again.
  private final Map<TableName, Partition> outOfLog = new HashMap<>();

  /** One attachment: a partition that left and came back is another. */
  private record Joined(long oid, String transaction) {
    static Joined of(Partition partition) {
      return new Joined(partition.oid(), partition.transaction());
    }
  }

  PartitionWatch(String mirror, EventLog events) {
    this.mirror = mirror;
    this.events = events;
  }

  /**
   * Looks before a session. What is below a table that is yet to be copied, or will be again, comes
   * with the copy.
   *
   * @throws SlotLostException if a partition of another table holds rows that were not sent
   */
  synchronized void begin(Checkpoint checkpoint, Connection source) throws SQLException {
    Set<TableName> followed = followed(checkpoint);
    outOfLog.keySet().retainAll(followed);
    seen.keySet().retainAll(followed);
    seeThoseToCopy(checkpoint, source);
    look(checkpoint, source);
  }

  /** Looks, before they are copied, at what is below tables that were added to a session. */
  synchronized void seeThoseToCopy(Checkpoint checkpoint, Connection source) throws SQLException {
    Set<TableName> toCopy = names(checkpoint.tables());
    toCopy.removeAll(followed(checkpoint));
    seen.putAll(read(checkpoint, toCopy, source));
  }

  /**
   * Looks whether the tables whose changes count have other partitions than before.
   *
   * @throws SlotLostException if one holds rows that were not sent
   */
  synchronized void look(Checkpoint checkpoint, Connection source) throws SQLException {
    for (var table : read(checkpoint, followed(checkpoint), source).entrySet()) {
      Map<Joined, Partition> before = seen.get(table.getKey());
      Map<Joined, Partition> now = table.getValue();
      refuseOutOfLog(table.getKey(), now.values());
      List<Partition> joined = new ArrayList<>(now.values());
      joined.removeIf(p -> before == null ? !p.isRecent() : before.containsKey(Joined.of(p)));
      for (Partition partition : joined) {
        if (partition.holdsOlderRows(source)) {
          throw lacking(partition, "joined it with rows of before, which the source does not send");
        }
        if (!partition.isSent(source)) {
          throw lacking(
              partition,
              "was made as a table of its own, whose changes PostgreSQL 14 may not send");
        }
      }
      if (!joined.isEmpty()) {
        tellOfMissingIdentity(table.getKey(), source);
      }
      if (before != null) {
        tellOfThoseThatLeft(before.values(), now.values());
        tellOfThoseEmptied(before, now);
      }
      seen.put(table.getKey(), now);
    }
  }

  private static Map<TableName, Map<Joined, Partition>> read(
      Checkpoint checkpoint, Set<TableName> tables, Connection source) throws SQLException {
    Map<TableName, Map<Joined, Partition>> found = new HashMap<>();
    if (!tables.isEmpty()) {
      tables.forEach(table -> found.put(table, new HashMap<>()));
      for (Partition partition :
          Partition.below(source, checkpoint.slot(), checkpoint.publication(), tables)) {
        found.getOrDefault(partition.root(), new HashMap<>()).put(Joined.of(partition), partition);
      }
    }
    return found;
  }

  private static Set<TableName> followed(Checkpoint checkpoint) {
    return names(checkpoint.tables().stream().filter(Joining::isFollowed).toList());
  }

  private static Set<TableName> names(Collection<TableCheckpoint> tables) {
    Set<TableName> names = new HashSet<>();
    tables.forEach(table -> names.add(table.mapping().source()));
    return names;
  }

  private void refuseOutOfLog(TableName table, Collection<Partition> partitions) {
    for (Partition partition : partitions) {
      if (!partition.isInLog()) {
        outOfLog.put(table, partition);
      }
    }
    Partition unsent = outOfLog.get(table);
    if (unsent != null) {
      throw lacking(unsent, "is or was unlogged or a foreign table, whose changes are not sent");
    }
  }

  private SlotLostException lacking(Partition partition, String why) {
    return new SlotLostException(
        mirror,
        "table "
            + partition.root()
            + ": partition "
            + partition.name()
            + " "
            + why
            + "; remove the table with updateTables, empty it on the destination, and add it again to"
            + " have it copied",
        null);
  }

  /** The application's UPDATE and DELETE fail there; what cures that is its owner's to do. */
  private void tellOfMissingIdentity(TableName root, Connection source) throws SQLException {
    Optional<Table> table = Catalog.table(source, root);
    List<String> without =
        table.isPresent() ? Catalog.partitionsWithoutIdentity(source, table.get()) : List.of();
    if (!without.isEmpty()) {
      events.warn(
          "mirror '"
              + mirror
              + "', table "
              + root
              + ": partitions "
              + without
              + " have no replica identity, so that UPDATE and DELETE fail on the source; give them"
              + " the table's own",
          Map.of("table", root.toString()));
    }
  }

  private void tellOfThoseThatLeft(Collection<Partition> before, Collection<Partition> now) {
    Set<Long> there = now.stream().map(Partition::oid).collect(Collectors.toSet());
    for (Partition partition : before) {
      if (!there.contains(partition.oid())) {
        tellOfStayingRows(partition, "was detached or dropped");
      }
    }
  }

  /**
   * A TRUNCATE of the whole table gives all of them other files, and is sent; so does an ALTER that
   * rewrites it.
   */
  private void tellOfThoseEmptied(Map<Joined, Partition> before, Map<Joined, Partition> now) {
    List<Partition> emptied = new ArrayList<>();
    int others = 0;
    for (var known : before.entrySet()) {
      Partition partition = now.get(known.getKey());
      if (partition == null) {
        continue;
      }
      if (partition.file() != known.getValue().file() && !partition.isCounted()) {
        emptied.add(partition);
      } else {
        others++;
      }
    }
    if (others > 0) {
      emptied.forEach(partition -> tellOfStayingRows(partition, "was emptied by TRUNCATE"));
    }
  }

  private void tellOfStayingRows(Partition partition, String what) {
    events.warn(
        "mirror '"
            + mirror
            + "', table "
            + partition.root()
            + ": partition "
            + partition.name()
            + " "
            + what
            + ", of which the source sends nothing; rows that it held stay on the destination until"
            + " they are deleted there",
        Map.of("table", partition.root().toString(), "partition", partition.name().toString()));
  }
}
