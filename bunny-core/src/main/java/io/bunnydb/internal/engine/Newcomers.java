package io.bunnydb.internal.engine;

import io.bunnydb.TableMapping;
import io.bunnydb.TableState;
import io.bunnydb.internal.apply.BatchExchange;
import io.bunnydb.internal.apply.TableProgress;
import io.bunnydb.internal.catalog.PeerConnector;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.snapshot.CopySettings;
import io.bunnydb.internal.snapshot.SnapshotCopy;
import io.bunnydb.internal.source.MirroredTable;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.TableCheckpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/**
 * The tables of a session that do not follow the stream yet: they are copied, alone or beside it,
 * and brought up to it. Those that are added while the stream runs join it without an end, where
 * the source and the values' form let them.
 *
 * <p>Used by the mirror's thread, but for what the thread beside does.
 */
final class Newcomers {
  private final MirrorContext context;
  private final Checkpoints checkpoints;
  private final SetUp setUp;
  private final PeerConnector source;
  private final Connection owner;
  private final HelperSessions.Setting setting;
  private final StopSignal stop;
  private final BatchExchange exchange;
  // What was done for tables that have joined may still be closing its connections.
  private final List<BesideWork> works = new ArrayList<>();

  // Come up to the position of the stream; of this moment alone.
  private @Nullable List<MirroredTable> arrived;

  /**
   * None yet.
   *
   * @param source leads to the server that the stream comes from
   * @param owner the session that owns the mirror
   * @param setting sets up sessions that apply beside it
   * @param stop the session's
   * @param exchange what the session takes its batches from
   */
  Newcomers(
      MirrorContext context,
      Checkpoints checkpoints,
      SetUp setUp,
      PeerConnector source,
      Connection owner,
      HelperSessions.Setting setting,
      StopSignal stop,
      BatchExchange exchange) {
    this.context = context;
    this.checkpoints = checkpoints;
    this.setUp = setUp;
    this.source = source;
    this.owner = owner;
    this.setting = setting;
    this.stop = stop;
    this.exchange = exchange;
  }

  /** The tables and shadows that are to be copied. */
  List<SnapshotCopy.Job> jobs(
      Checkpoint checkpoint, List<MirroredTable> tables, Connection destination)
      throws SQLException {
    List<SnapshotCopy.Job> jobs = new ArrayList<>();
    for (int i = 0; i < tables.size(); i++) {
      TableCheckpoint known = checkpoint.tables().get(i);
      TableProgress progress = context.tables().of(known.mapping().source());
      if (known.state() == TableState.COPYING) {
        jobs.add(new SnapshotCopy.Job(tables.get(i), known, progress));
      } else if (SwapRules.shadowIsIn(known, TableState.COPYING)) {
        TableMapping beside = Shadows.mapping(destination, known.mapping());
        MirroredTable shadow = new MirroredTable(beside, tables.get(i).table());
        jobs.add(new SnapshotCopy.Job(shadow, known, progress));
      }
    }
    destination.commit();
    return jobs;
  }

  /** Copies tables, where there is no stream to follow yet. */
  void copy(Checkpoint checkpoint, List<SnapshotCopy.Job> jobs)
      throws SQLException, InterruptedException {
    copy(checkpoint, jobs, context.config().options().copy(), stop);
  }

  /** Leaves processors to the stream that it is beside. */
  private void copyGently(Checkpoint checkpoint, List<SnapshotCopy.Job> jobs, StopSignal copyStop)
      throws SQLException, InterruptedException {
    copy(checkpoint, jobs, context.config().options().copy().besideStream(), copyStop);
  }

  private void copy(
      Checkpoint checkpoint,
      List<SnapshotCopy.Job> jobs,
      CopySettings settings,
      StopSignal copyStop)
      throws SQLException, InterruptedException {
    try {
      new SnapshotCopy(
              context.config().name(),
              checkpoint.source(),
              source,
              context.destinationPeer(),
              context.destination().store(),
              copyStop,
              owner.unwrap(PGConnection.class).getBackendPID(),
              settings,
              new CopyReports(context))
          .run(jobs);
    } finally {
      jobs.forEach(job -> job.progress().copyStops());
    }
  }

  /**
   * Copies tables beside the stream; the next session joins them.
   *
   * @param isBinary whether values may come in binary form
   */
  void copyBeside(
      Checkpoint checkpoint,
      List<MirroredTable> tables,
      List<SnapshotCopy.Job> jobs,
      boolean isBinary) {
    begin(
        "the copy failed; ",
        copyStop -> {
          copyGently(checkpoint, jobs, copyStop);
          return new CatchUp(context, source, helpers(copyStop), tables, isBinary, copyStop, null)
              .run();
        });
  }

  /** Gives tables the rows of their shadows beside the stream; the next session joins them. */
  void swapBeside(List<MirroredTable> tables) throws SQLException {
    int ownerPid = owner.unwrap(PGConnection.class).getBackendPID();
    begin(
        "the swap failed; ",
        swapStop -> {
          new Swap(context, tables, swapStop, ownerPid).run();
          return false;
        });
  }

  private void begin(String failed, BesideWork.Work what) {
    works.removeIf(BesideWork::hasEnded);
    works.add(new BesideWork(context.config().name(), failed, stop, exchange, what));
  }

  /**
   * Takes tables up that were added between two transactions, or joins those that have come up to
   * the stream.
   *
   * @param course the session's
   * @return whether the session can go on; else the next one begins at what the checkpoint says
   */
  boolean takeUp(Course course) throws SQLException {
    Checkpoint now = checkpoints.require();
    List<MirroredTable> joining = arrived;
    arrived = null;
    if (!mappings(now).equals(mappings(course.checkpoint()))) {
      return isAddition(course.checkpoint(), now) && add(course, now);
    }
    return joining == null || join(course, now, joining);
  }

  private static List<TableMapping> mappings(Checkpoint checkpoint) {
    return checkpoint.tables().stream().map(TableCheckpoint::mapping).toList();
  }

  /** Whether there are further tables, to be copied, and nothing else is to be done. */
  private boolean isAddition(Checkpoint before, Checkpoint now) {
    if (!Joining.isJoined(before) || SwapRules.isUnderWay(before)) {
      return false;
    }
    Map<TableMapping, TableCheckpoint> known = new HashMap<>();
    before.tables().forEach(table -> known.put(table.mapping(), table));
    for (TableCheckpoint table : now.tables()) {
      TableCheckpoint old = known.remove(table.mapping());
      if (old == null ? table.state() != TableState.COPYING : !old.equals(table)) {
        return false;
      }
    }
    return known.isEmpty() && now.hasTableIn(TableState.COPYING);
  }

  private boolean add(Course course, Checkpoint added) {
    course.add(added);
    begin("the copy failed; ", copyStop -> makeAndCopy(course, added, copyStop));
    return true;
  }

  /** By the thread beside: whether the tables have met the stream. */
  private boolean makeAndCopy(Course course, Checkpoint added, StopSignal copyStop)
      throws SQLException, InterruptedException {
    HelperSessions helpers = helpers(copyStop);
    final List<MirroredTable> tables;
    final Checkpoint made;
    final List<SnapshotCopy.Job> jobs;
    final boolean canJoin;
    try (Connection asked = source.open("set-up")) {
      copyStop.guard(asked);
      Connection session = helpers.open();
      try {
        tables = setUp.sourceTables(added, asked);
        made = setUp.add(added, tables, asked, session, helpers);
        context.partitions().seeThoseToCopy(made, asked);
        jobs = jobs(made, tables, session);
        canJoin = course.canTake(tables, session);
        session.commit();
      } finally {
        helpers.close(session);
        copyStop.release(asked);
      }
    }
    copyGently(made, jobs, copyStop);
    Runnable arrival = canJoin ? () -> arrived = tables : null;
    boolean isBinary = course.content().isBinary();
    return new CatchUp(context, source, helpers, tables, isBinary, copyStop, arrival).run();
  }

  private HelperSessions helpers(StopSignal copyStop) {
    // Constraints are made when all tables have joined, so nothing has to make way.
    return new HelperSessions(context, copyStop, owner, setting, emptied -> {});
  }

  private boolean join(Course course, Checkpoint now, List<MirroredTable> tables)
      throws SQLException {
    Checkpoint joined = Joining.join(now);
    if (!Joining.isJoined(joined) || !joined.position().equals(now.position())) {
      return false;
    }
    checkpoints.save(joined);
    context.tables().follow(joined);
    course.follow(joined, tables);
    context.progress().tablesChange(joined.position(), true);
    context.lifecycle().moveIfPossible(Session.state(joined));
    context.lifecycle().signal();
    context.note("the added tables follow the stream, from " + joined.position() + " on");
    return true;
  }

  /** Ends what is done beside. */
  void end() throws InterruptedException {
    for (BesideWork work : works) {
      work.end();
    }
  }
}
