package io.bunnydb.pgoutput;

import org.jspecify.annotations.Nullable;

/**
 * The kinds of message that pgoutput sends, each with the byte that starts it and the first
 * protocol version that has it ("Logical Replication Message Formats" and "Logical Streaming
 * Replication Parameters" in the PostgreSQL documentation).
 */
public enum MessageKind {
  /** A transaction starts. */
  BEGIN('B', 1, "Begin", Place.OUTSIDE_STREAM),
  /** The transaction that began last is committed. */
  COMMIT('C', 1, "Commit", Place.OUTSIDE_STREAM),
  /** The transaction came to the source by replication from somewhere else. */
  ORIGIN('O', 1, "Origin", Place.ANYWHERE),
  /** What the tuples of a relation look like from here on. */
  RELATION('R', 1, "Relation", Place.ANYWHERE),
  /** The name of a type that is not built in. */
  TYPE('Y', 1, "Type", Place.ANYWHERE),
  /** A new row. */
  INSERT('I', 1, "Insert", Place.ANYWHERE),
  /** A changed row. */
  UPDATE('U', 1, "Update", Place.ANYWHERE),
  /** A row that is gone. */
  DELETE('D', 1, "Delete", Place.ANYWHERE),
  /** Relations that were emptied together. */
  TRUNCATE('T', 1, "Truncate", Place.ANYWHERE),
  /** Bytes written by {@code pg_logical_emit_message}. */
  MESSAGE('M', 1, "Message", Place.ANYWHERE),
  /** A piece of a transaction in progress starts. */
  STREAM_START('S', 2, "Stream Start", Place.OUTSIDE_STREAM),
  /** The piece that started last ends. */
  STREAM_STOP('E', 2, "Stream Stop", Place.INSIDE_STREAM),
  /** A transaction sent in pieces is committed. */
  STREAM_COMMIT('c', 2, "Stream Commit", Place.OUTSIDE_STREAM),
  /** A transaction sent in pieces, or a subtransaction of one, is rolled back. */
  STREAM_ABORT('A', 2, "Stream Abort", Place.OUTSIDE_STREAM),
  /** A transaction that is going to be prepared starts. */
  BEGIN_PREPARE('b', 3, "Begin Prepare", Place.OUTSIDE_STREAM),
  /** The transaction that began last is prepared. */
  PREPARE('P', 3, "Prepare", Place.OUTSIDE_STREAM),
  /** A prepared transaction is committed. */
  COMMIT_PREPARED('K', 3, "Commit Prepared", Place.OUTSIDE_STREAM),
  /** A prepared transaction is rolled back. */
  ROLLBACK_PREPARED('r', 3, "Rollback Prepared", Place.OUTSIDE_STREAM),
  /** A transaction sent in pieces is prepared. */
  STREAM_PREPARE('p', 3, "Stream Prepare", Place.OUTSIDE_STREAM);

  /** Where a message may stand; "in a stream" means between Stream Start and Stream Stop. */
  enum Place {
    OUTSIDE_STREAM,
    INSIDE_STREAM,
    ANYWHERE
  }

  private final byte code;
  private final int sinceVersion;
  private final String title;
  private final Place place;

  MessageKind(char code, int sinceVersion, String title, Place place) {
    this.code = (byte) code;
    this.sinceVersion = sinceVersion;
    this.title = title;
    this.place = place;
  }

  /** The first byte of the message. */
  public byte code() {
    return code;
  }

  /** The first protocol version, 1 to 4, that has this message. */
  public int sinceVersion() {
    return sinceVersion;
  }

  /** The name that the PostgreSQL documentation gives the message, such as {@code Stream Start}. */
  public String title() {
    return title;
  }

  /** The kinds that may come, each at the index that its {@link #code()} is; others are null. */
  static @Nullable MessageKind[] table(int protocolVersion, boolean inStream) {
    @Nullable MessageKind[] table = new MessageKind[256];
    for (MessageKind kind : values()) {
      if (protocolVersion >= kind.sinceVersion && kind.fits(inStream)) {
        table[kind.code] = kind;
      }
    }
    return table;
  }

  /** Whether the message may come now. */
  boolean fits(boolean inStream) {
    return place == Place.ANYWHERE || (place == Place.INSIDE_STREAM) == inStream;
  }

  /** The kind that starts with the byte, or null where there is none. */
  static @Nullable MessageKind of(byte code) {
    return switch (code) {
      case 'I' -> INSERT;
      case 'U' -> UPDATE;
      case 'D' -> DELETE;
      case 'B' -> BEGIN;
      case 'C' -> COMMIT;
      case 'R' -> RELATION;
      case 'O' -> ORIGIN;
      case 'Y' -> TYPE;
      case 'T' -> TRUNCATE;
      case 'M' -> MESSAGE;
      case 'S' -> STREAM_START;
      case 'E' -> STREAM_STOP;
      case 'c' -> STREAM_COMMIT;
      case 'A' -> STREAM_ABORT;
      case 'b' -> BEGIN_PREPARE;
      case 'P' -> PREPARE;
      case 'K' -> COMMIT_PREPARED;
      case 'r' -> ROLLBACK_PREPARED;
      case 'p' -> STREAM_PREPARE;
      default -> null;
    };
  }
}
