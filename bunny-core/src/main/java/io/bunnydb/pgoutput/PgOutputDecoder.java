package io.bunnydb.pgoutput;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Turns the bytes of one pgoutput message into a view of it, without allocating.
 *
 * <p>{@link #wrap} checks the whole message and says what it is; the accessor of that name then
 * gives its flyweight, which is valid until the next {@code wrap} and reads from the wrapped array:
 * the caller leaves the array unchanged meanwhile. After {@code wrap} has returned, only the
 * methods that make a string can still find fault with the bytes, when they are not UTF-8.
 *
 * <p>The decoder knows whether a stream is open, since changes then carry a transaction id; so it
 * wants to see every message, in order. A decoder serves one replication connection; {@link #reset}
 * readies it for the next. Not thread-safe.
 */
public final class PgOutputDecoder {

  private final int protocolVersion;
  private final MessageReader reader = new MessageReader();

  private final Begin begin = new Begin();
  private final Commit commit = new Commit();
  private final Origin origin = new Origin();
  private final Relation relation = new Relation();
  private final Type type = new Type();
  private final Insert insert = new Insert();
  private final Update update = new Update();
  private final Delete delete = new Delete();
  private final Truncate truncate = new Truncate();
  private final LogicalMessage message = new LogicalMessage();
  private final StreamStart streamStart = new StreamStart();
  private final StreamCommit streamCommit = new StreamCommit();
  private final StreamAbort streamAbort = new StreamAbort();
  private final BeginPrepare beginPrepare = new BeginPrepare();
  private final Prepare prepare = new Prepare();
  private final CommitPrepared commitPrepared = new CommitPrepared();
  private final RollbackPrepared rollbackPrepared = new RollbackPrepared();

  private final @Nullable MessageKind[] outside; // by code: what may stand outside of a stream
  private final @Nullable MessageKind[] inside; // and what may in one
  private @Nullable MessageKind wrapped;
  private boolean inStream;

  /**
   * Makes a decoder.
   *
   * @param protocolVersion the option {@code proto_version} of the connection: 1 to 4
   * @throws IllegalArgumentException if the version is another
   */
  public PgOutputDecoder(int protocolVersion) {
    if (protocolVersion < 1 || protocolVersion > 4) {
      throw new IllegalArgumentException("protocol version is not 1 to 4: " + protocolVersion);
    }
    this.protocolVersion = protocolVersion;
    outside = MessageKind.table(protocolVersion, false);
    inside = MessageKind.table(protocolVersion, true);
  }

  /** The option {@code proto_version} of the connection. */
  public int protocolVersion() {
    return protocolVersion;
  }

  /** Whether the messages stand between Stream Start and Stream Stop. */
  public boolean isInStream() {
    return inStream;
  }

  /** Forgets what was wrapped and any open stream, as for a new connection. */
  public void reset() {
    reset(false);
  }

  /**
   * Forgets what was wrapped, to read messages again.
   *
   * @param isInStream whether the messages to come stand between Stream Start and Stream Stop
   */
  public void reset(boolean isInStream) {
    wrapped = null;
    inStream = isInStream;
  }

  /**
   * Reads and checks one message; the flyweight of its kind then shows it.
   *
   * @param bytes holds the message; it must not change as long as the flyweight is used
   * @param offset index of the message's first byte
   * @param length of the message in bytes
   * @return what the message is
   * @throws PgOutputException if the bytes are not one whole message of this protocol version, or
   *     one that cannot stand here; nothing is wrapped then, and an open stream stays open
   * @throws IndexOutOfBoundsException if offset and length lie outside of the array
   */
  public MessageKind wrap(byte[] bytes, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, bytes.length);
    wrapped = null;
    reader.wrap(bytes, offset, length);
    byte code = reader.int8("message kind");
    MessageKind kind = (inStream ? inside : outside)[code & 0xFF];
    if (kind == null) {
      throw refuse(code);
    }
    switch (kind) {
      case BEGIN -> begin.wrap(reader);
      case COMMIT -> commit.wrap(reader);
      case ORIGIN -> origin.wrap(reader);
      case RELATION -> relation.wrap(reader, inStream);
      case TYPE -> type.wrap(reader, inStream);
      case INSERT -> insert.wrap(reader, inStream);
      case UPDATE -> update.wrap(reader, inStream);
      case DELETE -> delete.wrap(reader, inStream);
      case TRUNCATE -> truncate.wrap(reader, inStream);
      case MESSAGE -> message.wrap(reader, inStream);
      case STREAM_START -> streamStart.wrap(reader);
      case STREAM_STOP -> {} // one byte, no fields
      case STREAM_COMMIT -> streamCommit.wrap(reader);
      case STREAM_ABORT -> streamAbort.wrap(reader, protocolVersion >= 4);
      case BEGIN_PREPARE -> beginPrepare.wrap(reader);
      case PREPARE, STREAM_PREPARE -> prepare.wrap(reader);
      case COMMIT_PREPARED -> commitPrepared.wrap(reader);
      case ROLLBACK_PREPARED -> rollbackPrepared.wrap(reader);
    }
    reader.end();
    if (kind == MessageKind.STREAM_START) {
      inStream = true;
    } else if (kind == MessageKind.STREAM_STOP) {
      inStream = false;
    }
    wrapped = kind;
    return kind;
  }

  /** The exception for a first byte that may not stand here. */
  private PgOutputException refuse(byte code) {
    MessageKind kind = MessageKind.of(code);
    if (kind == null) {
      return reader.unexpected("a known message kind", code);
    }
    if (protocolVersion < kind.sinceVersion()) {
      return reader.unexpected(
          "a message of protocol version " + protocolVersion + ", not " + kind.sinceVersion(),
          code);
    }
    return reader.unexpected(
        inStream ? "a message that may stand in a stream" : "a stream to be open", code);
  }

  /** The wrapped message; {@link IllegalStateException} if that is not a Begin. */
  public Begin begin() {
    require(MessageKind.BEGIN);
    return begin;
  }

  /** The wrapped message; {@link IllegalStateException} if that is not a Commit. */
  public Commit commit() {
    require(MessageKind.COMMIT);
    return commit;
  }

  /** The wrapped message; {@link IllegalStateException} if that is not an Origin. */
  public Origin origin() {
    require(MessageKind.ORIGIN);
    return origin;
  }

  /** The wrapped message; {@link IllegalStateException} if that is not a Relation. */
  public Relation relation() {
    require(MessageKind.RELATION);
    return relation;
  }

  /** The wrapped message; {@link IllegalStateException} if that is not a Type. */
  public Type type() {
    require(MessageKind.TYPE);
    return type;
  }

  /** The wrapped message; {@link IllegalStateException} if that is not an Insert. */
  public Insert insert() {
    require(MessageKind.INSERT);
    return insert;
  }

  /** The wrapped message; {@link IllegalStateException} if that is not an Update. */
  public Update update() {
    require(MessageKind.UPDATE);
    return update;
  }

  /** The wrapped message; {@link IllegalStateException} if that is not a Delete. */
  public Delete delete() {
    require(MessageKind.DELETE);
    return delete;
  }

  /** The wrapped message; {@link IllegalStateException} if that is not a Truncate. */
  public Truncate truncate() {
    require(MessageKind.TRUNCATE);
    return truncate;
  }

  /** The wrapped message; {@link IllegalStateException} if that is not a (logical) Message. */
  public LogicalMessage message() {
    require(MessageKind.MESSAGE);
    return message;
  }

  /** The wrapped message; {@link IllegalStateException} if that is not a Stream Start. */
  public StreamStart streamStart() {
    require(MessageKind.STREAM_START);
    return streamStart;
  }

  /** The wrapped message; {@link IllegalStateException} if that is not a Stream Commit. */
  public StreamCommit streamCommit() {
    require(MessageKind.STREAM_COMMIT);
    return streamCommit;
  }

  /** The wrapped message; {@link IllegalStateException} if that is not a Stream Abort. */
  public StreamAbort streamAbort() {
    require(MessageKind.STREAM_ABORT);
    return streamAbort;
  }

  /** The wrapped message; {@link IllegalStateException} if that is not a Begin Prepare. */
  public BeginPrepare beginPrepare() {
    require(MessageKind.BEGIN_PREPARE);
    return beginPrepare;
  }

  /** The wrapped message; {@link IllegalStateException} if that is not a Prepare. */
  public Prepare prepare() {
    require(MessageKind.PREPARE);
    return prepare;
  }

  /** The wrapped message; {@link IllegalStateException} if that is not a Stream Prepare. */
  public Prepare streamPrepare() {
    require(MessageKind.STREAM_PREPARE);
    return prepare;
  }

  /** The wrapped message; {@link IllegalStateException} if that is not a Commit Prepared. */
  public CommitPrepared commitPrepared() {
    require(MessageKind.COMMIT_PREPARED);
    return commitPrepared;
  }

  /** The wrapped message; {@link IllegalStateException} if that is not a Rollback Prepared. */
  public RollbackPrepared rollbackPrepared() {
    require(MessageKind.ROLLBACK_PREPARED);
    return rollbackPrepared;
  }

  private void require(MessageKind asked) {
    if (wrapped != asked) {
      throw notWrapped(asked);
    }
  }

  private IllegalStateException notWrapped(MessageKind asked) {
    MessageKind kind = wrapped;
    return new IllegalStateException(
        kind == null
            ? "no message is wrapped, asked for " + asked.title()
            : "the wrapped message is " + kind.title() + ", asked for " + asked.title());
  }
}
