package io.bunnydb.internal.source;

import io.bunnydb.Lsn;
import io.bunnydb.internal.catalog.PeerConnector;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.spi.SourceIdentity;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyDual;

/**
 * The stream of messages of one slot.
 *
 * <p>Frames, big-endian ("Streaming Replication Protocol" in the PostgreSQL documentation):
 *
 * <pre>
 * from the server   'w' | start int64 | end int64 | clock int64 | payload
 *                   'k' | end int64 | clock int64 | reply wanted int8
 * to the server     'r' | written int64 | flushed int64 | applied int64 | clock int64 | reply wanted int8
 * </pre>
 *
 * <p>It works on the driver's copy stream, not on the driver's replication stream: that one hides
 * keepalives, and their position is what moves a slot on while nothing of interest happens. Nothing
 * is acknowledged but what {@link #acknowledge} is told.
 *
 * <p>One thread at a time uses it; {@link #abort} is for any. {@link #close} ends the connection.
 */
public final class ReplicationStream implements AutoCloseable {
  /** The protocol version of pgoutput that is asked for. */
  public static final int PROTOCOL_VERSION = 2;

  private static final int DATA_HEADER = 1 + 8 + 8 + 8;
  private static final byte[] NO_FRAME = new byte[0];
  private static final int COPY_HEADER = 1 + 4;
  private static final int KEEPALIVE = 1 + 8 + 8 + 1;
  static final long POSTGRES_EPOCH_MILLIS = 946_684_800_000L;
  private static final long SILENCE_NANOS = TimeUnit.MINUTES.toNanos(2);

  /** How long to rest between two looks at a socket that does not tell when there is more. */
  private static final int BLIND_REST_MILLIS = 2;

  private final Connection connection;
  private final ReadableSocketFactory.@Nullable ReadableSocket socket;
  private final StopSignal stop;
  private final Acknowledgements acknowledgements = new Acknowledgements();

  private @Nullable CopyDual copy;
  private byte[] frame = NO_FRAME;
  private long passedOver;
  private boolean isReplyWanted;

  // Of the bytes that the driver has read off the socket, how many it has given or done with.
  private long takenBytes = -1;
  private long lastHeardNanos;

  private ReplicationStream(
      Connection connection,
      ReadableSocketFactory.@Nullable ReadableSocket socket,
      StopSignal stop) {
    this.connection = connection;
    this.socket = socket;
    this.stop = stop;
  }

  /**
   * Connects; nothing is streamed yet.
   *
   * @param stop breaks the connection off if it does not end in time
   */
  public static ReplicationStream connect(PeerConnector source, StopSignal stop)
      throws SQLException {
    String token = ReadableSocketFactory.newToken();
    Properties properties = new Properties();
    properties.setProperty("socketFactory", ReadableSocketFactory.class.getName());
    properties.setProperty("socketFactoryArg", token);
    try {
      Connection connection = source.openReplication("stream", properties);
      try {
        stop.guardWithoutCancel(connection);
      } catch (RuntimeException e) {
        connection.close();
        throw e;
      }
      return new ReplicationStream(connection, ReadableSocketFactory.claim(token), stop);
    } finally {
      ReadableSocketFactory.claim(token);
    }
  }

  /** The cluster, history and database that this connection reads. */
  public SourceIdentity identify() throws SQLException {
    try (Statement statement = connection.createStatement();
        var row = statement.executeQuery("IDENTIFY_SYSTEM")) {
      row.next();
      return new SourceIdentity(
          row.getString("systemid"), row.getInt("timeline"), row.getString("dbname"));
    }
  }

  /**
   * Has the server end this session, and so free the slot, when it has had no reply for that long;
   * a shorter {@code wal_sender_timeout} of the server's stays.
   */
  public void limitSilence(int millis) throws SQLException {
    Sql.execute(
        connection,
        "SELECT pg_catalog.set_config('wal_sender_timeout', '"
            + millis
            + "', false) FROM pg_catalog.pg_settings WHERE name = 'wal_sender_timeout'"
            + " AND setting::int NOT BETWEEN 1 AND "
            + millis);
  }

  /**
   * How the server came to a timeline, as {@link TimelineHistory} reads it.
   *
   * @param timeline a timeline of the server other than the first, which has no history
   */
  public String timelineHistory(int timeline) throws SQLException {
    try (Statement statement = connection.createStatement();
        var row = statement.executeQuery("TIMELINE_HISTORY " + timeline)) {
      row.next();
      return row.getString("content");
    }
  }

  /**
   * Whether the server says of each transaction that it sends in progress how it ends. Before 14.7
   * and 15.2 it does not of one that a crash of its own has ended.
   */
  public static boolean tellsOfRollbacks(Connection source) throws SQLException {
    int major = source.getMetaData().getDatabaseMajorVersion();
    int minor = source.getMetaData().getDatabaseMinorVersion();
    return major > 15 || (major == 15 && minor >= 2) || (major == 14 && minor >= 7);
  }

  /**
   * Whether a stream that runs sends everything of a table that joins its publication meanwhile. Of
   * older minor versions a transaction that was writing to the table then can leave the server with
   * the belief that it is not published: what an {@code ALTER PUBLICATION} changes in the catalog
   * is told to transactions beside it only since 2025.
   */
  public static boolean sendsTablesThatJoin(Connection source) throws SQLException {
    int minor = source.getMetaData().getDatabaseMinorVersion();
    return switch (source.getMetaData().getDatabaseMajorVersion()) {
      case 14 -> minor >= 19;
      case 15 -> minor >= 14;
      case 16 -> minor >= 10;
      case 17 -> minor >= 6;
      default -> true;
    };
  }

  /**
   * What a stream may hold.
   *
   * @param hasInProgress whether the server may send large transactions before they commit
   * @param isBinary whether values come in their types' binary form, where they have one
   */
  public record Content(boolean hasInProgress, boolean isBinary) {

    /** Without transactions in progress. */
    public Content whenCommitted() {
      return new Content(false, isBinary);
    }

    /** With values as text. */
    public Content asText() {
      return new Content(hasInProgress, false);
    }
  }

  /**
   * Begins to stream every transaction that committed at the position or later, and if asked those
   * that are in progress.
   *
   * @param slot the slot, which must reach back to the position
   * @param publication the publication, which must have been there when the slot was made
   * @param from the position to begin at; it does not count as acknowledged
   * @param content what the server may send
   */
  public void start(String slot, String publication, Lsn from, Content content)
      throws SQLException {
    copy =
        connection
            .unwrap(PGConnection.class)
            .getCopyAPI()
            .copyDual(
                "START_REPLICATION SLOT "
                    + Sql.identifier(slot)
                    + " LOGICAL "
                    + from
                    + " (proto_version '"
                    + PROTOCOL_VERSION
                    + (content.hasInProgress ? "', streaming 'on" : "")
                    + (content.isBinary ? "', binary 'true" : "")
                    + "', publication_names "
                    + Sql.literal(Sql.identifier(publication))
                    + ")");
    // The rest of a message may never come on a connection that is half open.
    connection.setNetworkTimeout(Runnable::run, (int) TimeUnit.NANOSECONDS.toMillis(SILENCE_NANOS));
    lastHeardNanos = System.nanoTime();
    acknowledgements.send(stream(), false);
  }

  /**
   * Begins to stream as {@link #start} does, from a copy of the slot, which goes with this
   * connection; the slot itself may be in use. Refused where the source has no room for another
   * slot.
   */
  public void startFromCopy(String slot, String publication, Lsn from, Content content)
      throws SQLException {
    String name = ReplicationSlot.temporaryName();
    Sql.execute(
        connection,
        "SELECT pg_catalog.pg_copy_logical_replication_slot("
            + Sql.literal(slot)
            + ", "
            + Sql.literal(name)
            + ", true)");
    start(name, publication, from, content);
  }

  /**
   * Waits for the next message.
   *
   * @param timeoutMillis how long to wait at most; positive
   * @return whether there is a message, in {@link #bytes} from {@link #offset} on; false also after
   *     a keepalive, which may have moved {@link #passedOver}
   */
  public boolean poll(int timeoutMillis) throws SQLException {
    CopyDual stream = stream();
    acknowledgements.sendWhenDue(stream);
    byte[] received = hasDriverReadAll() ? null : lookIntoDriver(stream);
    if (received == null && awaitReadable(timeoutMillis)) {
      received = stream.readFromCopy(true);
    }
    if (received == null) {
      if (!stream.isActive()) {
        throw new SQLException("the server ended the stream", "08006");
      }
      if (System.nanoTime() - lastHeardNanos > SILENCE_NANOS) {
        throw new SQLException("the server has been silent for two minutes", "08006");
      }
      return false;
    }
    lastHeardNanos = System.nanoTime();
    takenBytes += COPY_HEADER + received.length;
    if (received[0] == 'w' && received.length >= DATA_HEADER) {
      frame = received;
      return true;
    }
    if (received[0] == 'k' && received.length == KEEPALIVE) {
      ByteBuffer keepalive = ByteBuffer.wrap(received);
      passedOver = keepalive.getLong(1);
      isReplyWanted = received[KEEPALIVE - 1] != 0;
      if (isReplyWanted) {
        acknowledgements.send(stream, false);
      }
      return false;
    }
    throw new SQLException(
        "unexpected replication frame: type " + received[0] + ", " + received.length + " bytes",
        "08P01");
  }

  /**
   * Whether the driver holds nothing that it has read off the socket. It can be asked itself, but
   * then it waits a while; so what it read and what it gave are counted. Where that does not tell,
   * as with TLS, the answer is false.
   */
  private boolean hasDriverReadAll() throws SQLException {
    return socket != null && readBytes(socket) == takenBytes;
  }

  private byte @Nullable [] lookIntoDriver(CopyDual stream) throws SQLException {
    byte[] received = stream.readFromCopy(false);
    if (received == null && socket != null) {
      takenBytes = readBytes(socket);
    }
    return received;
  }

  private static long readBytes(ReadableSocketFactory.ReadableSocket socket) throws SQLException {
    try {
      return socket.readBytes();
    } catch (IOException e) {
      throw readFailed(e);
    }
  }

  private static SQLException readFailed(IOException e) {
    return new SQLException("reading the replication stream failed", "08006", e);
  }

  private boolean awaitReadable(int timeoutMillis) throws SQLException {
    try {
      if (socket != null) {
        return socket.awaitReadable(timeoutMillis);
      }
      // The URL names a socket factory of its own, whose sockets cannot be waited for.
      Thread.sleep(Math.min(timeoutMillis, BLIND_REST_MILLIS));
      return false;
    } catch (IOException e) {
      throw readFailed(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** The array that holds the last message; a new one for each message. */
  public byte[] bytes() {
    return frame;
  }

  /** Where the last message begins. */
  public int offset() {
    return DATA_HEADER;
  }

  /** The last message's length in bytes. */
  public int length() {
    return frame.length - DATA_HEADER;
  }

  /** The source's clock when it sent the last message, microseconds since 1970. */
  public long sentMicros() {
    return ByteBuffer.wrap(frame).getLong(1 + 8 + 8) + POSTGRES_EPOCH_MILLIS * 1000;
  }

  /** Lets go of the last message, which may be large. */
  public void forget() {
    frame = NO_FRAME;
  }

  /** Where the log has what the last message tells of. */
  public Lsn lsn() {
    return new Lsn(ByteBuffer.wrap(frame).getLong(1));
  }

  /**
   * The position of the last keepalive: the server has sent every transaction that committed before
   * it. {@link Lsn#ZERO} before the first.
   */
  public Lsn passedOver() {
    return new Lsn(passedOver);
  }

  /**
   * Whether the last keepalive asked for a reply. A server that shuts down asks, and waits until
   * {@link #passedOver} is durable here.
   */
  public boolean isReplyWanted() {
    return isReplyWanted;
  }

  /**
   * Tells the server, soon, how far the destination has come, and up to where the server may
   * recycle its log. Neither position is ever smaller than before.
   *
   * @param reached everything that committed before it is durable on the destination
   * @param recyclable the log before it is not needed any more; not beyond the other
   */
  public void acknowledge(Lsn reached, Lsn recyclable) throws SQLException {
    acknowledgements.note(reached, recyclable);
    acknowledgements.sendWhenDue(stream());
  }

  /**
   * Keeps the connection alive while nothing is read from it, the server's requests for a reply
   * included; to be called every second or so.
   */
  public void keepAlive() throws SQLException {
    lastHeardNanos = System.nanoTime();
    acknowledgements.send(stream(), false);
  }

  private CopyDual stream() {
    CopyDual started = copy;
    if (started == null) {
      throw new IllegalStateException("the stream has not been started");
    }
    return started;
  }

  /** Ends the connection from another thread, though the first may be waiting for it. */
  public void abort() throws SQLException {
    connection.abort(Runnable::run);
  }

  /** Acknowledges what is outstanding and ends the connection. */
  @Override
  public void close() throws SQLException {
    stop.release(connection);
    try (connection) {
      CopyDual started = copy;
      if (started != null && started.isActive() && acknowledgements.areOutstanding()) {
        acknowledgements.send(started, false);
      }
    }
  }
}
