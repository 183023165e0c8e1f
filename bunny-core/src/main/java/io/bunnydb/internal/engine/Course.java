package io.bunnydb.internal.engine;

import io.bunnydb.Lsn;
import io.bunnydb.TableName;
import io.bunnydb.TableState;
import io.bunnydb.internal.apply.Applier.LiveTable;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.catalog.WireType;
import io.bunnydb.internal.source.MirroredTable;
import io.bunnydb.internal.source.ReplicationStream;
import io.bunnydb.internal.source.ReplicationStream.Content;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.TableCheckpoint;
import io.bunnydb.spi.TableCheckpoint.Shadow;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What follows from the checkpoint for a session that follows the stream: the tables that it
 * writes, and what it looks after. Tables can be added to it between two transactions.
 *
 * <p>Used by the mirror's thread; some of it by others, as it says there.
 */
final class Course {
  private final MirrorContext context;
  private final Connection source;
  private final Connection destination;
  private final StopSignal stop;
  private final WireType.Directory types;
  private final Content content;
  private final boolean sendsTablesThatJoin;
  private final Map<Long, LiveTable> live = new HashMap<>();
  private final Set<TableName> mirrored = new HashSet<>();
  private volatile Checkpoint checkpoint;
  private volatile Lsn keptFrom;
  private @Nullable MissingRows missing;
  private @Nullable LateConstraints constraints;

  /**
   * No table follows yet.
   *
   * @param tables the checkpoint's tables, as they are on the source
   * @param allowed what may be asked of the source; not all of it need be possible
   * @param source asks the source
   * @param destination the session that owns the mirror
   */
  Course(
      MirrorContext context,
      Checkpoint checkpoint,
      List<MirroredTable> tables,
      Content allowed,
      Connection source,
      Connection destination,
      StopSignal stop)
      throws SQLException {
    this.context = context;
    this.checkpoint = checkpoint;
    this.keptFrom = Joining.keptFrom(checkpoint);
    this.source = source;
    this.destination = destination;
    this.stop = stop;
    this.types = WireType.directory(source);
    this.content =
        new Content(
            allowed.hasInProgress() && ReplicationStream.tellsOfRollbacks(source),
            allowed.isBinary() && BinaryForm.isShared(tables, types, destination));
    this.sendsTablesThatJoin = ReplicationStream.sendsTablesThatJoin(source);
  }

  /** What the source may send. */
  Content content() {
    return content;
  }

  /**
   * For any thread: whether tables can follow the stream as it is.
   *
   * @param asked a connection to the destination of that thread's own
   */
  boolean canTake(List<MirroredTable> tables, Connection asked) throws SQLException {
    return sendsTablesThatJoin
        && (!content.isBinary() || BinaryForm.isShared(tables, types, asked));
  }

  /**
   * Has the live tables follow, with no transaction open.
   *
   * @param known a checkpoint at the position of the stream, with all that it had before
   * @param tables its tables, as they are on the source
   */
  void follow(Checkpoint known, List<MirroredTable> tables) throws SQLException {
    add(known);
    for (TableCheckpoint table : known.tables()) {
      if (table.state() == TableState.LIVE && !live.containsKey(table.sourceOid())) {
        Shadow shadow = SwapRules.standsStill(table) ? table.shadow() : null;
        live.put(table.sourceOid(), LiveTables.of(context, destination, table, shadow));
      }
    }
    missing = new MissingRows(context, live.values());
    end();
    constraints = LateConstraints.look(context, known, tables, source, destination, stop);
  }

  /** Notes that there are tables to be copied: the source keeps its log for them. */
  void add(Checkpoint known) {
    checkpoint = known;
    keptFrom = Joining.keptFrom(known);
    known.tables().forEach(table -> mirrored.add(table.mapping().destination()));
  }

  /** For any thread: the checkpoint, whose position is of before. */
  Checkpoint checkpoint() {
    return checkpoint;
  }

  /** For any thread: from where on the source is to keep its log, whatever is acknowledged. */
  Lsn keptFrom() {
    return keptFrom;
  }

  /** The types of the source. */
  WireType.Directory types() {
    return types;
  }

  /** The tables to write by their OID on the source; grows. */
  Map<Long, LiveTable> live() {
    return live;
  }

  /** The destination tables of the mirror; grows. */
  Set<TableName> mirrored() {
    return mirrored;
  }

  /** Looks after a commit. */
  void committed(Lsn position) {
    if (missing != null) {
      missing.look(position);
    }
  }

  /** Makes the constraints that are due between two transactions. */
  void reached(Lsn position) throws SQLException {
    if (constraints != null) {
      constraints.reached(position);
    }
  }

  /** Has those let go of tables who only read them. */
  void makeWay(Collection<TableName> emptied) {
    if (constraints != null) {
      constraints.makeWay(emptied);
    }
  }

  /** Ends what is under way beside. */
  void end() {
    if (constraints != null) {
      constraints.end();
    }
  }
}
