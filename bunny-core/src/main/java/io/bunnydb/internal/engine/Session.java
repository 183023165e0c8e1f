package io.bunnydb.internal.engine;

import io.bunnydb.Lsn;
import io.bunnydb.MirrorState;
import io.bunnydb.TableState;
import io.bunnydb.internal.apply.BatchExchange;
import io.bunnydb.internal.catalog.PeerConnector;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.snapshot.SnapshotCopy;
import io.bunnydb.internal.source.MirroredTable;
import io.bunnydb.internal.source.ReplicationSlot;
import io.bunnydb.internal.source.ReplicationStream;
import io.bunnydb.internal.source.ReplicationStream.Content;
import io.bunnydb.spi.Checkpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One stretch of work: from the checkpoint, over the set-up of what is missing, to a copy, a
 * stream, or both at once. It ends when it is stopped, fails, or when the tables that it copied are
 * to be joined to the stream and cannot be in its midst; the next session does that, from the
 * checkpoint again. What a session does follows from the checkpoint.
 */
final class Session implements AutoCloseable {
  private static final Duration SLOT_RELEASE = Duration.ofSeconds(5);

  /** How soon the slot is free for another owner when this one hangs. */
  private static final int SILENCE_MILLIS = 6000;

  /** How long a server is waited for at the end of a session. */
  static final int LAST_ANSWER_MILLIS = 30_000;

  private final MirrorContext context;
  private final MirrorConfig config;
  private final Checkpoints checkpoints;
  private final SetUp setUp;
  private final StopSignal stop;
  private final Connection source;
  private final Connection destination;
  private PeerConnector connector;
  private Checkpoint checkpoint;
  private @Nullable ReplicationStream stream;
  private volatile @Nullable Following following;

  private Session(
      MirrorContext context,
      Checkpoints checkpoints,
      SetUp setUp,
      StopSignal stop,
      Connection source,
      Connection destination,
      Checkpoint checkpoint) {
    this.context = context;
    this.config = context.config();
    this.checkpoints = checkpoints;
    this.setUp = setUp;
    this.stop = stop;
    this.source = source;
    this.destination = destination;
    this.connector = context.source();
    this.checkpoint = checkpoint;
  }

  /** Connects to both sides, and reads the checkpoint when nothing can move it any more. */
  static Session open(MirrorContext context, Checkpoints checkpoints, SetUp setUp, StopSignal stop)
      throws SQLException {
    Connection destination = context.destination().connection();
    Checkpoint checkpoint = checkpoints.settled();
    context.tables().follow(checkpoint);
    return new Session(
        context, checkpoints, setUp, stop, context.control().get(), destination, checkpoint);
  }

  /**
   * Proves that the source has everything since the checkpoint; all that this session opens there
   * leads to the server of which that is proved.
   *
   * @throws io.bunnydb.SlotLostException if it has not
   */
  void prove() throws SQLException {
    stop.guard(source);
    stop.guard(destination);
    connector = connector.toServerOf(source);
    Checkpoint proved = SourceProof.prove(config, checkpoint, connectStream(), source);
    if (!proved.equals(checkpoint)) {
      context.note(
          "the source was promoted, to timeline "
              + proved.source().timeline()
              + "; it goes on there, as all that is applied is of the timeline's history",
          Map.of(
              "timeline", Integer.toString(proved.source().timeline()),
              "lsn", proved.position().toString()));
      checkpoints.save(proved);
      checkpoint = proved;
    }
    context.partitions().begin(checkpoint, source);
  }

  private ReplicationStream connectStream() throws SQLException {
    ReplicationStream connected = stream;
    if (connected == null) {
      connected = ReplicationStream.connect(connector, stop);
      stream = connected;
      if (config.options().operation().isStandby()) {
        connected.limitSilence(SILENCE_MILLIS);
      }
    }
    return connected;
  }

  /** The state that the mirror is in while this session works. */
  MirrorState state() {
    return state(checkpoint);
  }

  /** The state that a mirror is in while a session works that begins at a checkpoint. */
  static MirrorState state(Checkpoint checkpoint) {
    if (checkpoint.position().equals(Lsn.ZERO)) {
      return MirrorState.SETTING_UP;
    }
    Checkpoint joined = Joining.join(checkpoint);
    if (!joined.hasTableIn(TableState.LIVE) && joined.hasTableIn(TableState.COPYING)) {
      return MirrorState.SNAPSHOT;
    }
    return SwapRules.isUnderWay(joined) ? MirrorState.RESYNCING : MirrorState.RUNNING;
  }

  /**
   * Works, once the source is proved, until stopped or until copied tables wait to be joined.
   *
   * @param allowed what the stream may hold
   * @param singlyUntil up to this position transactions are applied one by one
   */
  void run(Content allowed, Lsn singlyUntil) throws SQLException, InterruptedException {
    // Prepared statements keep the types that parameters had; a column may have been altered.
    Sql.execute(destination, "DEALLOCATE ALL");
    List<MirroredTable> tables = setUp.sourceTables(checkpoint, source);
    checkpoint = setUp.complete(checkpoint, tables, source, destination);
    context.tables().follow(checkpoint);
    context.progress().begins(checkpoint.position(), Joining.isJoined(checkpoint));
    context.lifecycle().moveIfPossible(state());
    BatchExchange exchange = new BatchExchange(config.options().maxBatchBytes(), singlyUntil);
    Newcomers newcomers =
        new Newcomers(
            context, checkpoints, setUp, connector, destination, this::set, stop, exchange);
    List<SnapshotCopy.Job> jobs = newcomers.jobs(checkpoint, tables, destination);
    context.lifecycle().connected(jobs.isEmpty());
    if (!jobs.isEmpty() && !checkpoint.hasTableIn(TableState.LIVE)) {
      newcomers.copy(checkpoint, jobs);
      return;
    }
    Following started = new Following(context, checkpoint, stop, source, destination);
    following = started;
    boolean isSwap = jobs.isEmpty() && SwapRules.isDue(checkpoint);
    if (isSwap) {
      newcomers.swapBeside(tables);
    } else if (!jobs.isEmpty()) {
      newcomers.copyBeside(checkpoint, tables, jobs, allowed.isBinary());
    }
    // Whatever goes wrong with a transaction in progress would end what is done beside, too.
    boolean isAlone = jobs.isEmpty() && !isSwap;
    try {
      ReplicationSlot.awaitRelease(source, checkpoint.slot(), SLOT_RELEASE, stop);
      started.run(
          connectStream(),
          exchange,
          tables,
          isAlone ? allowed : allowed.whenCommitted(),
          newcomers::takeUp);
    } finally {
      newcomers.end();
    }
  }

  /** Has a session that applies beside the owner's commit as that one does. */
  private void set(Connection opened) throws SQLException {
    if (following != null) {
      following.defer(opened);
    }
  }

  /** Starts a thread of the mirror. */
  static Thread startThread(String mirror, String role, Runnable work) {
    Thread thread = new Thread(work, "bunny-" + mirror + "-" + role);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  /** Rolls back, unless the connection is broken or does not answer. */
  static void rollBack(Connection connection) throws SQLException {
    if (!connection.isClosed()) {
      // Nothing cancels it any more, and the connection may be half open.
      connection.setNetworkTimeout(Runnable::run, LAST_ANSWER_MILLIS);
      connection.rollback();
      connection.setNetworkTimeout(Runnable::run, 0);
    }
  }

  /** Rolls back what is not committed, makes the rest durable, and ends the stream. */
  @Override
  public void close() throws SQLException {
    stop.release(source);
    ReplicationStream connected = stream;
    try {
      stop.release(destination);
      rollBack(destination);
      if (following != null) {
        following.end();
      }
    } finally {
      if (connected != null) {
        connected.close();
      }
    }
  }
}
