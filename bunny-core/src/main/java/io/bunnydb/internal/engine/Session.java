package io.bunnydb.internal.engine;

import io.bunnydb.Lsn;
import io.bunnydb.MirrorState;
import io.bunnydb.TableState;
import io.bunnydb.internal.apply.Applier;
import io.bunnydb.internal.apply.Applier.InProgressException;
import io.bunnydb.internal.apply.Applier.LiveTable;
import io.bunnydb.internal.apply.Batch;
import io.bunnydb.internal.apply.BatchExchange;
import io.bunnydb.internal.apply.BatchExchange.ExchangeFailedException;
import io.bunnydb.internal.apply.Ownership;
import io.bunnydb.internal.apply.TableProgress;
import io.bunnydb.internal.apply.WriterSettings;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.snapshot.SnapshotCopy;
import io.bunnydb.internal.source.MirroredTable;
import io.bunnydb.internal.source.ReplicationSlot;
import io.bunnydb.internal.source.ReplicationStream;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.TableCheckpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One stretch of work: from the checkpoint, over the set-up of what is missing, to a copy, a
 * stream, or both at once. It ends when it is stopped, fails, or when the tables that it copied are
 * to be joined to the stream; the next session does that, from the checkpoint again. What a session
 * does follows from the checkpoint.
 */
final class Session implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Session.class);
  private static final Duration HELPERS_END = Duration.ofSeconds(5);
  private static final Duration SLOT_RELEASE = Duration.ofSeconds(5);
  private static final Duration RECEIVER_END = Duration.ofSeconds(2);
  private static final int ROLLBACK_MILLIS = 30_000;

  private final MirrorContext context;
  private final MirrorConfig config;
  private final SetUp setUp;
  private final StopSignal stop;
  private final Connection source;
  private final Connection destination;
  private Checkpoint checkpoint;
  private @Nullable ReplicationStream stream;

  private Session(
      MirrorContext context,
      SetUp setUp,
      StopSignal stop,
      Connection source,
      Connection destination,
      Checkpoint checkpoint) {
    this.context = context;
    this.config = context.config();
    this.setUp = setUp;
    this.stop = stop;
    this.source = source;
    this.destination = destination;
    this.checkpoint = checkpoint;
  }

  /** Connects to both sides, and reads the checkpoint when nothing can move it any more. */
  static Session open(MirrorContext context, Checkpoints checkpoints, SetUp setUp, StopSignal stop)
      throws SQLException {
    Connection destination = context.destination().connection();
    Ownership.awaitHelpers(destination, context.config().name(), HELPERS_END);
    Checkpoint checkpoint = checkpoints.require();
    context.tables().follow(checkpoint);
    return new Session(context, setUp, stop, context.control().get(), destination, checkpoint);
  }

  /**
   * Proves that the source has everything since the checkpoint.
   *
   * @throws io.bunnydb.SlotLostException if it has not
   */
  void prove() throws SQLException {
    stop.guard(source);
    stop.guard(destination);
    if (!checkpoint.position().equals(Lsn.ZERO)) {
      SourceProof.check(checkpoint, connectStream().identify(), source);
    }
    context.partitions().begin(checkpoint, source);
  }

  private ReplicationStream connectStream() throws SQLException {
    ReplicationStream connected = stream;
    if (connected == null) {
      connected = ReplicationStream.connect(context.source(), stop);
      stream = connected;
    }
    return connected;
  }

  /** The state that the mirror is in while this session works. */
  MirrorState state() {
    if (checkpoint.position().equals(Lsn.ZERO)) {
      return MirrorState.SETTING_UP;
    }
    Checkpoint joined = Joining.join(checkpoint);
    return joined.hasTableIn(TableState.LIVE) ? MirrorState.RUNNING : MirrorState.SNAPSHOT;
  }

  /**
   * Works, once the source is proved, until stopped or until copied tables wait to be joined.
   *
   * @param sendsInProgress whether large transactions may be applied before they commit
   */
  void run(boolean sendsInProgress) throws SQLException, InterruptedException {
    // Prepared statements keep the types that parameters had; a column may have been altered.
    Sql.execute(destination, "DEALLOCATE ALL");
    List<MirroredTable> tables = setUp.sourceTables(checkpoint, source);
    checkpoint = setUp.complete(checkpoint, tables, source, destination);
    context.tables().follow(checkpoint);
    context.progress().begins(checkpoint.position(), Joining.isJoined(checkpoint));
    context.lifecycle().moveIfPossible(state());
    context.lifecycle().error(null);
    List<SnapshotCopy.Job> jobs = copyJobs(tables);
    boolean isFirstCopy = !checkpoint.hasTableIn(TableState.LIVE);
    if (isFirstCopy) {
      snapshotCopy(stop).run(jobs, config.options().snapshotTablesInParallel());
    } else if (jobs.isEmpty()) {
      follow(new BatchExchange(config.options().maxBatchBytes()), sendsInProgress);
    } else {
      followWhileCopying(jobs);
    }
  }

  private List<SnapshotCopy.Job> copyJobs(List<MirroredTable> tables) {
    List<SnapshotCopy.Job> jobs = new ArrayList<>();
    for (int i = 0; i < tables.size(); i++) {
      TableCheckpoint known = checkpoint.tables().get(i);
      if (known.state() == TableState.COPYING) {
        TableProgress progress = context.tables().of(known.mapping().source());
        jobs.add(new SnapshotCopy.Job(tables.get(i), known, progress));
      }
    }
    return jobs;
  }

  private SnapshotCopy snapshotCopy(StopSignal copyStop) throws SQLException {
    return new SnapshotCopy(
        config.name(),
        context.source(),
        context.destinationPeer(),
        config.store(),
        copyStop,
        destination.unwrap(PGConnection.class).getBackendPID(),
        table ->
            context
                .lifecycle()
                .tell(listener -> listener.onCopyProgress(config.name(), table.status())));
  }

  private void followWhileCopying(List<SnapshotCopy.Job> jobs)
      throws SQLException, InterruptedException {
    BatchExchange exchange = new BatchExchange(config.options().maxBatchBytes());
    StopSignal copyStop = new StopSignal();
    stop.onStop(copyStop::stop);
    SnapshotCopy copy = snapshotCopy(copyStop);
    Thread copier =
        start(
            "copy",
            () -> {
              try {
                copy.run(jobs, config.options().snapshotTablesInParallel());
                exchange.endAfterTransaction();
              } catch (SQLException | InterruptedException | RuntimeException | Error e) {
                exchange.fail(e);
              }
            });
    try {
      // Whatever goes wrong with a transaction in progress would end the copies, too.
      follow(exchange, false);
    } finally {
      do {
        copyStop.stop();
        copier.join(100);
      } while (copier.isAlive());
    }
  }

  private void follow(BatchExchange exchange, boolean sendsInProgress)
      throws SQLException, InterruptedException {
    // The slot must reach back to the snapshots of tables that have not joined yet.
    boolean isAcknowledging = Joining.isJoined(checkpoint);
    stop.onStop(exchange::close);
    ReplicationSlot.awaitRelease(source, checkpoint.slot(), SLOT_RELEASE, stop);
    boolean isInProgressSent = sendsInProgress && ReplicationStream.tellsOfRollbacks(source);
    ReplicationStream stream = connectStream();
    try {
      stream.start(
          checkpoint.slot(), checkpoint.publication(), checkpoint.position(), isInProgressSent);
    } catch (SQLException e) {
      SourceProof.checkSlot(checkpoint, source);
      throw e;
    }
    context.progress().streams(Catalog.logEnd(source));
    PublicationWatch watch = new PublicationWatch(checkpoint, context.partitions(), source);
    Receiver receiver =
        new Receiver(stream, exchange, context.progress(), watch, checkpoint.position());
    if (isAcknowledging) {
      receiver.acknowledge(checkpoint.position());
    }
    Applier applier =
        new Applier(
            config.name(),
            destination,
            new Helpers(),
            !context.destination().areTriggersSilent(),
            config.store(),
            liveTables());
    Thread receiving = start("receive", receiver);
    try (applier) {
      boolean isInTransaction = false;
      for (Batch batch = exchange.take(false);
          batch != null;
          batch = exchange.take(isInTransaction)) {
        context.progress().applying(batch);
        applier.apply(batch);
        isInTransaction = !batch.endsBetweenTransactions();
        if (batch.isToCommit()) {
          context.progress().applied(batch);
          context.lifecycle().signal();
          // A stop may have cut short the wait for a synchronous standby; then it is not durable.
          if (isAcknowledging && !stop.isStopped()) {
            receiver.acknowledge(batch.position());
          }
        }
        exchange.recycle(batch);
      }
    } catch (ExchangeFailedException e) {
      if (isInProgressSent && isOfTheSender(e)) {
        throw new InProgressException(e);
      }
      throw e;
    } finally {
      exchange.close();
      receiving.join(RECEIVER_END.toMillis());
      if (receiving.isAlive()) {
        // It waits for the rest of a message on a connection that has gone quiet.
        stream.abort();
        receiving.join();
      }
    }
  }

  /** Whether the source could not send something, which it may not have had to send yet. */
  private boolean isOfTheSender(ExchangeFailedException e) {
    return e.getCause() instanceof SQLException
        && !Faults.isTransient(Faults.describe(config.name(), e));
  }

  /** The sessions that write beside the one that owns the mirror. */
  private final class Helpers implements Applier.Sessions {
    @Override
    public Connection open() throws SQLException {
      Connection opened = context.destinationPeer().open("apply");
      try {
        stop.guard(opened);
        WriterSettings.prepare(opened);
        opened.setAutoCommit(false);
        int owner = destination.unwrap(PGConnection.class).getBackendPID();
        Ownership.joinAsHelper(opened, config.name(), owner);
        return opened;
      } catch (SQLException | RuntimeException e) {
        stop.release(opened);
        opened.close();
        throw e;
      }
    }

    @Override
    public void close(Connection opened) {
      stop.release(opened);
      try (opened) {
        // The server would notice the end of the connection when it likes.
        rollBack(opened);
      } catch (SQLException e) {
        LOG.debug("mirror '{}': closing a broken connection failed", config.name(), e);
      }
    }
  }

  private Map<Long, LiveTable> liveTables() {
    Map<Long, LiveTable> live = new HashMap<>();
    for (TableCheckpoint table : checkpoint.tables()) {
      if (table.state() == TableState.LIVE) {
        TableProgress progress = context.tables().of(table.mapping().source());
        live.put(
            table.sourceOid(),
            new LiveTable(
                progress,
                table.from(),
                config.overwrites(table.mapping()),
                config.stopsAtMissingRow(table.mapping())));
      }
    }
    return live;
  }

  private Thread start(String role, Runnable work) {
    Thread thread = new Thread(work, "bunny-" + config.name() + "-" + role);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private static void rollBack(Connection connection) throws SQLException {
    if (!connection.isClosed()) {
      // Nothing cancels it any more, and the connection may be half open.
      connection.setNetworkTimeout(Runnable::run, ROLLBACK_MILLIS);
      connection.rollback();
      connection.setNetworkTimeout(Runnable::run, 0);
    }
  }

  /** Rolls back what is not committed and ends the stream. */
  @Override
  public void close() throws SQLException {
    stop.release(source);
    ReplicationStream connected = stream;
    try {
      stop.release(destination);
      rollBack(destination);
    } finally {
      if (connected != null) {
        connected.close();
      }
    }
  }
}
