package io.bunnydb.internal.engine;

import io.bunnydb.Lsn;
import io.bunnydb.TableName;
import io.bunnydb.TableState;
import io.bunnydb.internal.apply.Applier;
import io.bunnydb.internal.apply.Applier.LiveTable;
import io.bunnydb.internal.apply.Batch;
import io.bunnydb.internal.apply.BatchExchange;
import io.bunnydb.internal.catalog.PeerConnector;
import io.bunnydb.internal.catalog.ServerMessage;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.catalog.WireType;
import io.bunnydb.internal.source.MirroredTable;
import io.bunnydb.internal.source.ReplicationSlot;
import io.bunnydb.internal.source.ReplicationStream;
import io.bunnydb.internal.source.ReplicationStream.Content;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.CheckpointStore;
import io.bunnydb.spi.TableCheckpoint;
import io.bunnydb.spi.TableCheckpoint.Shadow;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Brings tables that were copied beside the stream up to it, by a stream of their own from a copy
 * of the mirror's slot, so that the join has little of the log to read again, however long the copy
 * took. Each of its transactions notes with the rows how far the tables have come; so wherever it
 * ends, they are COPIED as of there.
 *
 * <p>Where the mirror's stream can take the tables without an end, both meet at a position: the
 * mirror's thread stops there for a moment ({@link Meeting}), until the tables have come as far.
 *
 * <p>The join does without all this, only later. So whatever goes wrong here ends this alone, and
 * is met by the stream that the tables join if it lasts.
 */
final class CatchUp {
  /** What the join reads again in a few hundredths of a second. */
  private static final long NEAR_BYTES = 256 << 10;

  /** A stream that does not come nearer in this time will not. */
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(20);

  private final MirrorContext context;
  private final PeerConnector source;
  private final HelperSessions sessions;
  private final List<MirroredTable> tables;
  private final boolean isBinary;
  private final StopSignal stop;
  private final CheckpointStore store;
  private final Progress progress = new Progress(InstantSource.system());
  private final List<TableCheckpoint> following = new ArrayList<>();
  private final BatchExchange exchange;
  private final @Nullable Meeting meeting;
  private boolean isMeetingAskedFor;
  private boolean hasBegun;
  private long nearestBytes = Long.MAX_VALUE;
  private long nearestNanos;

  /**
   * Nothing is opened yet.
   *
   * @param source leads to the server that the mirror's own stream comes from
   * @param sessions opens the one that applies
   * @param tables the checkpoint's tables, as they are on the source
   * @param isBinary whether values may come in binary form
   * @param stop ends the work
   * @param arrival done by the mirror's thread when the tables have met its stream; null where they
   *     are not to meet
   */
  CatchUp(
      MirrorContext context,
      PeerConnector source,
      HelperSessions sessions,
      List<MirroredTable> tables,
      boolean isBinary,
      StopSignal stop,
      @Nullable Runnable arrival) {
    this.context = context;
    this.source = source;
    this.sessions = sessions;
    this.tables = tables;
    this.isBinary = isBinary;
    this.stop = stop;
    this.store = context.destination().store();
    this.exchange = new BatchExchange(context.config().options().maxBatchBytes(), Lsn.ZERO);
    this.meeting =
        arrival == null ? null : new Meeting(context.progress(), progress, exchange, arrival);
    stop.onStop(exchange::close);
  }

  /**
   * Brings up to the stream what the checkpoint says is copied.
   *
   * @return whether both have met, so that the mirror's thread sees to the rest; else the tables
   *     are to be joined by the next session
   */
  boolean run() throws InterruptedException {
    try {
      Connection destination = sessions.open();
      try {
        run(destination);
      } finally {
        sessions.close(destination);
      }
    } catch (SQLException | RuntimeException e) {
      stop.check();
      if (!isMet()) {
        context.note(
            "the copied tables join the stream from where they are: "
                + (e instanceof SQLException sql ? ServerMessage.of(sql) : e.getMessage()));
      }
    } finally {
      if (meeting != null) {
        meeting.end();
      }
    }
    return isMet();
  }

  private void run(Connection destination) throws SQLException, InterruptedException {
    Optional<Checkpoint> found = store.load(context.config().name(), destination);
    Checkpoint checkpoint =
        found.orElseThrow(() -> new SQLException("the mirror's checkpoint is gone", "55000"));
    Map<Long, LiveTable> copied = copied(checkpoint, destination);
    Optional<Lsn> from = copied.values().stream().map(LiveTable::from).reduce(Lsn::min);
    boolean isOfUse = from.isPresent() && (meeting != null || bytesLeft(from.get()) > NEAR_BYTES);
    if (isOfUse) {
      follow(destination, checkpoint, copied, from.get());
    }
  }

  private void follow(
      Connection destination, Checkpoint checkpoint, Map<Long, LiveTable> copied, Lsn from)
      throws SQLException, InterruptedException {
    WireType.Directory types;
    try (Connection asked = source.open("catch-up")) {
      stop.guard(asked);
      try {
        if (ReplicationSlot.isForFailover(asked, checkpoint.slot())) {
          // A copy of it would not wait for the standbys, one of which may be promoted.
          return;
        }
        types = WireType.directory(asked);
      } finally {
        stop.release(asked);
      }
    }
    boolean areBinary = isBinary && BinaryForm.isShared(mirrored(copied), types, destination);
    destination.commit();
    try (ReplicationStream stream = ReplicationStream.connect(source, stop)) {
      stream.startFromCopy(
          checkpoint.slot(), checkpoint.publication(), from, new Content(false, areBinary));
      follow(
          stream,
          from,
          new Applier(
              context.config().name(),
              destination,
              sessions,
              !context.destination().areTriggersSilent(),
              new Applier.Notes(store.joinsDestination(), this::commit),
              areBinary ? types : null,
              copied,
              checkpoint.tables().stream()
                  .map(table -> table.mapping().destination())
                  .collect(Collectors.toSet())));
    }
  }

  /** The tables, or their shadows, that wait to be joined, as they are to follow. */
  private Map<Long, LiveTable> copied(Checkpoint checkpoint, Connection destination)
      throws SQLException {
    Map<Long, LiveTable> copied = new HashMap<>();
    for (TableCheckpoint table : checkpoint.tables()) {
      Shadow shadow = table.shadow();
      boolean isShadow = shadow != null && shadow.state() == TableState.COPIED;
      if (isShadow || table.state() == TableState.COPIED) {
        copied.put(
            table.sourceOid(),
            LiveTables.of(context, destination, table, isShadow ? shadow : null));
        following.add(table);
      }
    }
    return copied;
  }

  private List<MirroredTable> mirrored(Map<Long, LiveTable> copied) {
    Set<TableName> sources = new HashSet<>();
    copied.values().forEach(table -> sources.add(table.progress().mapping().source()));
    return tables.stream().filter(table -> sources.contains(table.mapping().source())).toList();
  }

  private void follow(ReplicationStream stream, Lsn from, Applier applier)
      throws SQLException, InterruptedException {
    progress.begins(from, false);
    progress.want(context.progress().applied());
    Receiver receiver =
        new Receiver(stream, exchange, progress, new Receiver.Chores() {}, from, () -> Lsn.ZERO);
    Thread receiving = Session.startThread(context.config().name(), "catch-up", receiver);
    Lsn reached = from;
    try (applier) {
      boolean isInTransaction = false;
      while (isInTransaction || !isDone(reached)) {
        Batch batch = exchange.take(isInTransaction);
        if (batch == null && exchange.takeBreak()) {
          continue;
        }
        if (batch == null) {
          throw new SQLException("it was stopped", "57014");
        }
        applier.apply(batch);
        isInTransaction = !batch.endsBetweenTransactions();
        hasBegun = true;
        if (batch.isToCommit()) {
          reached = batch.position();
          progress.want(context.progress().applied());
        }
        exchange.recycle(batch);
      }
      if (meeting != null) {
        meeting.end();
      }
    } finally {
      exchange.close();
      Receiver.awaitEnd(receiving, stream);
    }
    context.note(
        "the copied tables have come from " + from + " to " + reached + " beside the stream",
        Map.of("from", from.toString(), "lsn", reached.toString()));
  }

  /** Whether nothing more is to be written. */
  private boolean isDone(Lsn reached) {
    long left = bytesLeft(reached);
    boolean isNear = left <= NEAR_BYTES;
    if (meeting == null || meeting.isRefused()) {
      return isMet() || isNear || isHopeless(reached);
    }
    // Before its first batch the source is still reading its log, which the others need not wait
    // for.
    if (isNear && (hasBegun || left <= 0) && !isMeetingAskedFor) {
      isMeetingAskedFor = true;
      context.interludes().ask(meeting);
    }
    return meeting.tryAt(reached) || (!meeting.isWaitedFor() && isHopeless(reached));
  }

  private long bytesLeft(Lsn reached) {
    return context.progress().applied().value() - reached.value();
  }

  private boolean isHopeless(Lsn reached) {
    if (!hasBegun) {
      // The source may have much to read before the first that it sends.
      return false;
    }
    long left = bytesLeft(reached);
    long now = System.nanoTime();
    if (left < nearestBytes || left <= NEAR_BYTES) {
      nearestBytes = left - left / 10;
      nearestNanos = now;
    }
    return now - nearestNanos > PATIENCE_NANOS;
  }

  private boolean isMet() {
    return meeting != null && meeting.isMet();
  }

  private void commit(Lsn position, Connection session) throws SQLException {
    if (context.destination().store().joinsDestination()) {
      note(position, session);
      session.commit();
    } else {
      session.commit();
      note(position, session);
    }
  }

  private void note(Lsn position, Connection session) throws SQLException {
    for (TableCheckpoint table : following) {
      store.saveTable(context.config().name(), at(table, position), session);
    }
  }

  /** A copied table, or shadow, that has everything up to a position. */
  private static TableCheckpoint at(TableCheckpoint table, Lsn position) {
    Shadow shadow = table.shadow();
    if (shadow != null && shadow.state() == TableState.COPIED) {
      return table.withShadow(new Shadow(TableState.COPIED, Lsn.max(shadow.from(), position)));
    }
    return table.withState(TableState.COPIED, Lsn.max(table.from(), position));
  }
}
