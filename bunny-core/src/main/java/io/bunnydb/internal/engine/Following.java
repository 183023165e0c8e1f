package io.bunnydb.internal.engine;

import io.bunnydb.BatchReport;
import io.bunnydb.Lsn;
import io.bunnydb.TableState;
import io.bunnydb.internal.apply.Applier;
import io.bunnydb.internal.apply.Applier.InProgressException;
import io.bunnydb.internal.apply.Applier.LiveTable;
import io.bunnydb.internal.apply.Applier.TextNeededException;
import io.bunnydb.internal.apply.Batch;
import io.bunnydb.internal.apply.BatchExchange;
import io.bunnydb.internal.apply.BatchExchange.ExchangeFailedException;
import io.bunnydb.internal.apply.Durability;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.catalog.WireType;
import io.bunnydb.internal.source.MirroredTable;
import io.bunnydb.internal.source.ReplicationStream;
import io.bunnydb.internal.source.ReplicationStream.Content;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.CheckpointStore;
import io.bunnydb.spi.TableCheckpoint;
import io.bunnydb.spi.TableCheckpoint.Shadow;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A session's work with the stream: one thread receives, the mirror's thread applies, commits and
 * acknowledges.
 */
final class Following {
  private static final long UNTIL_FLUSHED_MILLIS = 100;

  private final MirrorContext context;
  private final MirrorConfig config;
  private final Checkpoint checkpoint;
  private final StopSignal stop;
  private final Connection source;
  private final Connection destination;
  private final Durability durability;

  // Where the session ends, for the next to swap; null for nowhere.
  private final @Nullable Lsn end;

  /**
   * What the session may write is the checkpoint's tables from its position on.
   *
   * @param source asks the source
   * @param destination the session that owns the mirror, with no transaction open
   */
  Following(
      MirrorContext context,
      Checkpoint checkpoint,
      StopSignal stop,
      Connection source,
      Connection destination)
      throws SQLException {
    this.context = context;
    this.config = context.config();
    this.checkpoint = checkpoint;
    this.stop = stop;
    this.source = source;
    this.destination = destination;
    this.end = SwapRules.isDue(checkpoint) ? null : SwapRules.position(checkpoint);
    boolean mayDefer = config.store().joinsDestination() && !config.options().isCommitSynchronous();
    this.durability = Durability.begin(destination, mayDefer, checkpoint.position());
  }

  /**
   * Follows the stream until the exchange is closed or asked to end.
   *
   * @param tables the checkpoint's tables, as they are on the source
   * @param allowed what may be asked of the source; not all of it need be possible
   */
  void run(
      ReplicationStream stream, BatchExchange exchange, List<MirroredTable> tables, Content allowed)
      throws SQLException, InterruptedException {
    stop.onStop(exchange::close);
    WireType.Directory types = WireType.directory(source);
    Content content =
        new Content(
            allowed.hasInProgress() && ReplicationStream.tellsOfRollbacks(source),
            allowed.isBinary() && BinaryForm.isShared(tables, types, destination));
    start(stream, content);
    context.progress().streams(Catalog.logEndToReach(source));
    PublicationWatch watch = new PublicationWatch(checkpoint, context.partitions(), source);
    Heartbeat heartbeat =
        new Heartbeat(config.name(), config.options().operation().heartbeat(), source);
    Receiver receiver =
        new Receiver(
            stream,
            exchange,
            context,
            context.progress(),
            () -> {
              watch.check();
              heartbeat.beatIfDue();
            },
            checkpoint.position(),
            Joining.keptFrom(checkpoint));
    acknowledge(receiver, false);
    if (end != null) {
      context.progress().want(end);
    }
    LateConstraints constraints =
        LateConstraints.look(context, checkpoint, tables, source, destination, stop);
    Map<Long, LiveTable> tablesByOid = liveTables();
    MissingRows missing = new MissingRows(context, tablesByOid.values());
    Thread receiving = Session.startThread(config.name(), "receive", receiver);
    try (Applier applier =
        new Applier(
            config.name(),
            destination,
            new HelperSessions(context, stop, destination, durability::defer, constraints::makeWay),
            !context.destination().areTriggersSilent(),
            notes(),
            content.isBinary() ? types : null,
            tablesByOid,
            checkpoint.tables().stream()
                .map(table -> table.mapping().destination())
                .collect(Collectors.toSet()))) {
      constraints.reached(checkpoint.position());
      apply(exchange, applier, receiver, missing, constraints);
    } catch (ExchangeFailedException e) {
      SourceProof.refuseIfLogIsGone(checkpoint, e.getCause());
      // What it could not send, it may be able to send as text, or need not yet.
      if (content.isBinary() && isOfTheSender(e)) {
        throw new TextNeededException(e);
      }
      if (content.hasInProgress() && isOfTheSender(e)) {
        throw new InProgressException(e);
      }
      throw e;
    } finally {
      exchange.close();
      Receiver.awaitEnd(receiving, stream);
      constraints.end();
    }
  }

  private void start(ReplicationStream stream, Content content) throws SQLException {
    try {
      stream.start(checkpoint.slot(), checkpoint.publication(), checkpoint.position(), content);
    } catch (SQLException e) {
      SourceProof.checkSlot(checkpoint, source);
      SourceProof.refuseIfLogIsGone(checkpoint, e);
      throw e;
    }
  }

  private void apply(
      BatchExchange exchange,
      Applier applier,
      Receiver receiver,
      MissingRows missing,
      LateConstraints constraints)
      throws SQLException, InterruptedException {
    boolean isInTransaction = false;
    BatchMeter meter = new BatchMeter();
    for (Batch batch = next(exchange, false, receiver);
        batch != null;
        batch = next(exchange, isInTransaction, receiver)) {
      context.progress().applying(batch);
      long began = System.nanoTime();
      applier.apply(batch);
      meter.add(batch, began);
      isInTransaction = !batch.endsBetweenTransactions();
      if (batch.isToCommit()) {
        missing.look(batch.position());
        BatchReport report = meter.report(batch, applier.rows());
        context.progress().applied(batch, report.transactions());
        context.lifecycle().progressed();
        context.lifecycle().signal();
        durability.committed(batch.position());
        tell(report);
        if (!isInTransaction) {
          constraints.reached(batch.position());
        }
      }
      boolean isEnd = end != null && batch.isToCommit() && !batch.position().isBefore(end);
      exchange.recycle(batch);
      if (isEnd) {
        return;
      }
    }
  }

  /** Batches of no transaction only move the position on. */
  private void tell(BatchReport batch) {
    if (batch.transactions() > 0) {
      FlightRecords.batch(config.name(), batch);
      context.lifecycle().tell(listener -> listener.onBatch(config.name(), batch));
    }
  }

  /** The next batch; what becomes durable meanwhile is acknowledged. */
  private @Nullable Batch next(BatchExchange exchange, boolean isInTransaction, Receiver receiver)
      throws SQLException, InterruptedException {
    acknowledge(receiver, isInTransaction);
    while (durability.isPending() && !exchange.awaitNext(isInTransaction, UNTIL_FLUSHED_MILLIS)) {
      acknowledge(receiver, isInTransaction);
    }
    return exchange.take(isInTransaction);
  }

  private void acknowledge(Receiver receiver, boolean isInTransaction) throws SQLException {
    // A stop may have cut short the wait for a synchronous standby; then it is not durable.
    if (!stop.isStopped()) {
      receiver.acknowledge(durability.durable(isInTransaction));
    }
  }

  /** Makes durable what was applied; with no transaction open. */
  void end() throws SQLException {
    if (!destination.isClosed()) {
      destination.setNetworkTimeout(Runnable::run, Session.LAST_ANSWER_MILLIS);
      durability.end();
      destination.setNetworkTimeout(Runnable::run, 0);
    }
  }

  /** Whether it was the source that could not send something. */
  private boolean isOfTheSender(ExchangeFailedException e) {
    return e.getCause() instanceof SQLException
        && !Faults.isTransient(Faults.describe(config.name(), e));
  }

  private Map<Long, LiveTable> liveTables() throws SQLException {
    Map<Long, LiveTable> live = new HashMap<>();
    for (TableCheckpoint table : checkpoint.tables()) {
      if (table.state() == TableState.LIVE) {
        Shadow shadow = SwapRules.standsStill(table) ? table.shadow() : null;
        live.put(table.sourceOid(), LiveTables.of(context, destination, table, shadow));
      }
    }
    return live;
  }

  private Applier.Notes notes() {
    CheckpointStore store = context.destination().store();
    return new Applier.Notes() {
      @Override
      public boolean joinsDestination() {
        return store.joinsDestination();
      }

      @Override
      public void note(Lsn position, Connection session) throws SQLException {
        store.advance(config.name(), position, session);
      }
    };
  }
}
