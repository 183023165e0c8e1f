package io.bunnydb.internal.engine;

import io.bunnydb.BatchReport;
import io.bunnydb.Lsn;
import io.bunnydb.internal.apply.Applier;
import io.bunnydb.internal.apply.Applier.InProgressException;
import io.bunnydb.internal.apply.Applier.TextNeededException;
import io.bunnydb.internal.apply.Batch;
import io.bunnydb.internal.apply.BatchExchange;
import io.bunnydb.internal.apply.BatchExchange.ExchangeFailedException;
import io.bunnydb.internal.apply.Durability;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.source.MirroredTable;
import io.bunnydb.internal.source.ReplicationStream;
import io.bunnydb.internal.source.ReplicationStream.Content;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.CheckpointStore;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A session's work with the stream: one thread receives, the mirror's thread applies, commits and
 * acknowledges.
 */
final class Following {
  private static final long UNTIL_FLUSHED_MILLIS = 100;

  private final MirrorContext context;
  private final MirrorConfig config;
  private final StopSignal stop;
  private final Connection source;
  private final Connection destination;
  private final Durability durability;
  private final Interludes interludes;
  private final Checkpoint checkpoint;

  // Where the session ends, for the next to swap; null for nowhere.
  private final @Nullable Lsn end;

  /** Has a say in the breaks between two transactions in which something was done. */
  @FunctionalInterface
  interface Breaks {
    /** Takes up what the checkpoint says now; gives whether the session can go on. */
    boolean takeUp(Course course) throws SQLException;
  }

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
    this.interludes = context.interludes();
    this.end = SwapRules.isDue(checkpoint) ? null : SwapRules.position(checkpoint);
    boolean mayDefer = config.store().joinsDestination() && !config.options().isCommitSynchronous();
    this.durability = Durability.begin(destination, mayDefer, checkpoint.position());
  }

  /**
   * Follows the stream until the exchange is closed or asked to end.
   *
   * @param tables the checkpoint's tables, as they are on the source
   * @param allowed what may be asked of the source; not all of it need be possible
   * @param breaks hears of the breaks between two transactions
   */
  void run(
      ReplicationStream stream,
      BatchExchange exchange,
      List<MirroredTable> tables,
      Content allowed,
      Breaks breaks)
      throws SQLException, InterruptedException {
    stop.onStop(exchange::close);
    Course course = new Course(context, checkpoint, tables, allowed, source, destination, stop);
    Content content = course.content();
    start(stream, content);
    context.progress().streams(Catalog.logEndToReach(source));
    PublicationWatch watch = new PublicationWatch(course::checkpoint, context.partitions(), source);
    Heartbeat heartbeat =
        new Heartbeat(config.name(), config.options().operation().heartbeat(), source);
    Receiver receiver =
        new Receiver(
            stream,
            exchange,
            context.progress(),
            chores(watch, heartbeat),
            checkpoint.position(),
            course::keptFrom);
    acknowledge(receiver, false);
    if (end != null) {
      context.progress().want(end);
    }
    course.follow(checkpoint, tables);
    CheckpointStore store = context.destination().store();
    Thread receiving = Session.startThread(config.name(), "receive", receiver);
    try (Applier applier =
        new Applier(
            config.name(),
            destination,
            new HelperSessions(context, stop, destination, durability::defer, course::makeWay),
            !context.destination().areTriggersSilent(),
            new Applier.Notes(
                store.joinsDestination(),
                (position, session) -> store.commit(config.name(), position, session)),
            content.isBinary() ? course.types() : null,
            course.live(),
            course.mirrored())) {
      course.reached(checkpoint.position());
      interludes.open(exchange::askForBreak);
      apply(exchange, applier, receiver, course, breaks);
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
      interludes.close();
      exchange.close();
      Receiver.awaitEnd(receiving, stream);
      course.end();
    }
  }

  private Receiver.Chores chores(PublicationWatch watch, Heartbeat heartbeat) {
    return new Receiver.Chores() {
      @Override
      public void doIfDue() throws SQLException {
        watch.check();
        heartbeat.beatIfDue();
      }

      @Override
      public void caughtUp() {
        context.lifecycle().progressed();
      }

      @Override
      public void relationComes() {
        context.news().tell();
      }
    };
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
      BatchExchange exchange, Applier applier, Receiver receiver, Course course, Breaks breaks)
      throws SQLException, InterruptedException {
    boolean isInTransaction = false;
    BatchMeter meter = new BatchMeter();
    while (true) {
      Batch batch = next(exchange, isInTransaction, receiver);
      if (batch == null) {
        if (!exchange.takeBreak() || !takeBreak(applier, course, breaks)) {
          return;
        }
        continue;
      }
      context.progress().applying(batch);
      long began = System.nanoTime();
      applier.apply(batch);
      meter.add(batch, began);
      isInTransaction = !batch.endsBetweenTransactions();
      if (batch.isToCommit()) {
        course.committed(batch.position());
        BatchReport report = meter.report(batch, applier.rows());
        context.progress().applied(batch, report.transactions());
        context.lifecycle().progressed();
        context.lifecycle().signal();
        durability.committed(batch.position());
        tell(report);
        if (!isInTransaction) {
          course.reached(batch.position());
        }
      }
      boolean isEnd = end != null && batch.isToCommit() && !batch.position().isBefore(end);
      exchange.recycle(batch);
      if (isEnd) {
        return;
      }
    }
  }

  /** Does what others have asked for; gives whether the session can go on. */
  private boolean takeBreak(Applier applier, Course course, Breaks breaks)
      throws SQLException, InterruptedException {
    if (applier.hasInProgress()) {
      interludes.refuseAll();
      return true;
    }
    interludes.serve();
    // What failed may have left its transaction.
    destination.rollback();
    return breaks.takeUp(course);
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

  /** Has another session of the mirror not wait for its commits, where that is safe. */
  void defer(Connection opened) throws SQLException {
    durability.defer(opened);
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
}
