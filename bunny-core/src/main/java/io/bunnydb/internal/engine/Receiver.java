package io.bunnydb.internal.engine;

import io.bunnydb.Lsn;
import io.bunnydb.internal.apply.Batch;
import io.bunnydb.internal.apply.BatchExchange;
import io.bunnydb.internal.source.ReplicationStream;
import io.bunnydb.pgoutput.MessageKind;
import io.bunnydb.pgoutput.PgOutputDecoder;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The receiving thread's work: reads the stream into batches, hands them over at the ends of
 * transactions, and acknowledges what the applier has made durable. It decodes only to see where
 * transactions begin and end; what the messages say is read by the applier.
 */
final class Receiver implements Runnable {
  private static final int IDLE_POLL_MILLIS = 100;
  private static final int WANTED_POLL_MILLIS = 5;
  private static final int KEEP_ALIVE_MILLIS = 1000;
  private static final int END_MILLIS = 2000;
  private static final long LATE_MICROS = TimeUnit.SECONDS.toMicros(1);
  private static final long GATHERING_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
  private static final int GATHERED_BYTES = 1 << 20;
  private static final long IDLE_ADVANCE_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final ReplicationStream stream;
  private final BatchExchange exchange;
  private final Progress progress;
  private final Chores chores;

  // The log from here on is for tables that have not joined yet, or are paused.
  private final Supplier<Lsn> keptFrom;

  private final PgOutputDecoder decoder = new PgOutputDecoder(ReplicationStream.PROTOCOL_VERSION);

  private volatile Lsn durable = Lsn.ZERO;
  private @Nullable Batch filling;

  // From BEGIN to COMMIT, from STREAM START to STREAM STOP, or within a message that stands alone.
  private boolean isInSection;
  private Lsn lastPosition;
  private boolean isLate;
  private long openedNanos;
  private long lastAdvanceNanos = System.nanoTime();

  /** What the receiving thread does beside. */
  interface Chores {
    /** Does what is due; called often. */
    default void doIfDue() throws SQLException {}

    /** Everything that the source had to send is applied. */
    default void caughtUp() {}

    /** The source describes a table. */
    default void relationComes() {}
  }

  /**
   * A receiver of a started stream.
   *
   * @param progress where to tell how far it has come
   * @param from the position at which the stream was started
   * @param keptFrom from where on the source is to keep its log, whatever is acknowledged
   */
  Receiver(
      ReplicationStream stream,
      BatchExchange exchange,
      Progress progress,
      Chores chores,
      Lsn from,
      Supplier<Lsn> keptFrom) {
    this.stream = stream;
    this.exchange = exchange;
    this.progress = progress;
    this.chores = chores;
    this.lastPosition = from;
    this.keptFrom = keptFrom;
  }

  /**
   * Tells the source that everything up to a position is durable, so that it may recycle its log as
   * far as no table waits for it; called by the applying thread.
   */
  void acknowledge(Lsn position) {
    durable = position;
  }

  /** Somebody may wait for a position to be passed over. */
  private int idlePollMillis() {
    return progress.wanted().isAfter(lastPosition) ? WANTED_POLL_MILLIS : IDLE_POLL_MILLIS;
  }

  private void acknowledge() throws SQLException {
    Lsn position = durable;
    stream.acknowledge(position, Lsn.min(position, keptFrom.get()));
  }

  /** Reads until the exchange is closed; an error ends the exchange. */
  @Override
  public void run() {
    try {
      while (!exchange.isClosed()) {
        chores.doIfDue();
        acknowledge();
        boolean isWaiting = filling != null && !isInSection;
        if (isWaiting && !isGathering() && exchange.offer(requireFilling(), 0)) {
          filling = null;
          isWaiting = false;
        }
        if (stream.poll(isWaiting ? 1 : idlePollMillis())) {
          receive();
        } else if (filling != null) {
          isLate = false;
        } else {
          progress.idle(stream.passedOver());
          if (progress.isCaughtUp()) {
            chores.caughtUp();
          }
          passOver();
        }
      }
    } catch (SQLException | RuntimeException | InterruptedException | Error e) {
      exchange.fail(e);
    }
  }

  /** Waits until a receiver has ended whose exchange is closed. */
  static void awaitEnd(Thread receiving, ReplicationStream stream)
      throws SQLException, InterruptedException {
    receiving.join(END_MILLIS);
    if (receiving.isAlive()) {
      // It waits for the rest of a message on a connection that has gone quiet.
      stream.abort();
      receiving.join();
    }
  }

  /**
   * Whether to add to a batch though it could be applied: many small ones cost more than one. Where
   * the stream is late by a second and more, some hundredths of one do not matter.
   */
  private boolean isGathering() {
    return isLate
        && requireFilling().byteCount() < GATHERED_BYTES
        && System.nanoTime() - openedNanos < GATHERING_NANOS;
  }

  private void receive() throws SQLException, InterruptedException {
    byte code = stream.bytes()[stream.offset()];
    if (code == MessageKind.RELATION.code()) {
      chores.relationComes();
    }
    if (!isInSection) {
      if (code == MessageKind.MESSAGE.code()) {
        return;
      }
      beginSection();
    }
    Batch batch = requireFilling();
    batch.append(stream.bytes(), stream.offset(), stream.length());
    endSection(code, batch);
    // The rest of a large transaction takes no others with it: they would fill the batch, end it in
    // their midst, and so put off the commit for as long as there is a backlog.
    boolean isLastPiece = batch.isContinuation() && !isInSection;
    if (exchange.isFull(batch) || isLastPiece) {
      stream.forget();
      long xid = batch.xid();
      handOver(batch);
      filling = null;
      if (isInSection) {
        filling = exchange.open(xid);
        if (xid == 0) {
          filling.continueTransaction();
        }
      }
    }
  }

  /** A transaction, or a piece or the end of one in progress, goes into the batch of its kind. */
  private void beginSection() throws SQLException, InterruptedException {
    MessageKind kind = wrap();
    switch (kind) {
      case BEGIN -> openFor(0).begin(decoder.begin().commitTimeUnixMicros());
      case STREAM_START -> openFor(decoder.streamStart().xid()).hasChangeAt(stream.lsn());
      case STREAM_COMMIT ->
          openFor(decoder.streamCommit().xid())
              .begin(decoder.streamCommit().commitTimeUnixMicros());
      case STREAM_ABORT -> openFor(decoder.streamAbort().xid());
      default ->
          throw new SQLException(
              "message " + kind + " came outside a transaction; report it", "08P01");
    }
    isInSection = true;
  }

  private Batch openFor(long xid) throws SQLException, InterruptedException {
    Batch batch = filling;
    if (batch != null && batch.xid() != xid) {
      handOver(batch);
      batch = null;
    }
    if (batch == null) {
      batch = exchange.open(xid);
      filling = batch;
      openedNanos = System.nanoTime();
    }
    return batch;
  }

  private void endSection(byte code, Batch batch) {
    if (code == MessageKind.COMMIT.code()) {
      wrap();
      commit(batch, decoder.commit().endLsn());
      isLate = stream.sentMicros() - decoder.commit().commitTimeUnixMicros() > LATE_MICROS;
    } else if (code == MessageKind.STREAM_STOP.code()) {
      wrap(); // so that the decoder knows
    } else if (code == MessageKind.STREAM_COMMIT.code()) {
      commit(batch, decoder.streamCommit().endLsn());
    } else if (code == MessageKind.STREAM_ABORT.code()) {
      if (decoder.streamAbort().subxid() == batch.xid()) {
        batch.rollBack();
      }
    } else {
      return;
    }
    isInSection = false;
  }

  private void commit(Batch batch, long endLsn) {
    lastPosition = new Lsn(endLsn);
    batch.commit(lastPosition);
    progress.received(lastPosition);
  }

  private MessageKind wrap() {
    return decoder.wrap(stream.bytes(), stream.offset(), stream.length());
  }

  /** Waits for room, and keeps the connection alive meanwhile. */
  private void handOver(Batch batch) throws SQLException, InterruptedException {
    while (!exchange.offer(batch, KEEP_ALIVE_MILLIS)) {
      keepAlive();
    }
    // What run() offers is never full, and so does not take the room of what follows.
    while (!exchange.awaitRoom(KEEP_ALIVE_MILLIS)) {
      keepAlive();
    }
  }

  private void keepAlive() throws SQLException {
    acknowledge();
    stream.keepAlive();
  }

  /**
   * Where nothing of interest happens, the position moves on all the same: as soon as somebody
   * waits for it, the source's server among them when it shuts down, else now and then, so that the
   * source need not keep its log.
   */
  private void passOver() throws InterruptedException {
    Lsn passed = stream.passedOver();
    if (!passed.isAfter(lastPosition)) {
      return;
    }
    Lsn wanted = progress.wanted();
    boolean isWanted = wanted.isAfter(lastPosition) && !passed.isBefore(wanted);
    if (isWanted
        || stream.isReplyWanted()
        || System.nanoTime() - lastAdvanceNanos > IDLE_ADVANCE_NANOS) {
      Batch empty = exchange.open(0);
      empty.passOver(passed);
      if (exchange.offer(empty, 0)) {
        lastPosition = passed;
        lastAdvanceNanos = System.nanoTime();
      }
    }
  }

  private Batch requireFilling() {
    Batch batch = filling;
    if (batch == null) {
      throw new IllegalStateException("no batch is open");
    }
    return batch;
  }
}
