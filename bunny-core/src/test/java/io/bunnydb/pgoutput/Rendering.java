package io.bunnydb.pgoutput;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/** The message that a decoder has wrapped as one line of text; it calls every accessor. */
final class Rendering {

  private Rendering() {}

  static String of(PgOutputDecoder decoder, MessageKind kind) {
    return switch (kind) {
      case BEGIN -> {
        Begin m = decoder.begin();
        yield "Begin finalLsn="
            + lsn(m.finalLsn())
            + time(m.commitTimeMicros())
            + " xid="
            + m.xid();
      }
      case COMMIT -> {
        Commit m = decoder.commit();
        yield "Commit" + end(m.commitLsn(), m.endLsn(), m.commitTimeMicros());
      }
      case ORIGIN -> {
        Origin m = decoder.origin();
        yield "Origin commitLsn=" + lsn(m.commitLsn()) + " name=" + quote(m.name());
      }
      case RELATION -> relation(decoder.relation());
      case TYPE -> {
        Type m = decoder.type();
        yield "Type" + xid(m.xid()) + " oid=" + m.oid() + name(m.namespace(), m.name());
      }
      case INSERT -> {
        Insert m = decoder.insert();
        yield "Insert" + xid(m.xid()) + " relation=" + m.relationId() + tuple("new", m.newTuple());
      }
      case UPDATE -> {
        Update m = decoder.update();
        yield "Update"
            + xid(m.xid())
            + " relation="
            + m.relationId()
            + (m.hasOldTuple() ? tuple(old(m.oldKind()), m.oldTuple()) : "")
            + tuple("new", m.newTuple());
      }
      case DELETE -> {
        Delete m = decoder.delete();
        yield "Delete"
            + xid(m.xid())
            + " relation="
            + m.relationId()
            + tuple(old(m.oldKind()), m.oldTuple());
      }
      case TRUNCATE -> truncate(decoder.truncate());
      case MESSAGE -> message(decoder.message());
      case STREAM_START -> {
        StreamStart m = decoder.streamStart();
        yield "StreamStart xid=" + m.xid() + (m.isFirst() ? " first" : "");
      }
      case STREAM_STOP -> "StreamStop";
      case STREAM_COMMIT -> {
        StreamCommit m = decoder.streamCommit();
        yield "StreamCommit xid=" + m.xid() + end(m.commitLsn(), m.endLsn(), m.commitTimeMicros());
      }
      case STREAM_ABORT -> {
        StreamAbort m = decoder.streamAbort();
        yield "StreamAbort xid="
            + m.xid()
            + " subxid="
            + m.subxid()
            + (m.hasAbortInfo()
                ? " abortLsn=" + lsn(m.abortLsn()) + time(m.abortTimeMicros())
                : "");
      }
      case BEGIN_PREPARE -> {
        BeginPrepare m = decoder.beginPrepare();
        yield "BeginPrepare"
            + prepared(m.prepareLsn(), m.endLsn(), m.prepareTimeMicros(), m.xid(), m.gid());
      }
      case PREPARE -> "Prepare" + prepare(decoder.prepare());
      case STREAM_PREPARE -> "StreamPrepare" + prepare(decoder.streamPrepare());
      case COMMIT_PREPARED -> {
        CommitPrepared m = decoder.commitPrepared();
        yield "CommitPrepared"
            + end(m.commitLsn(), m.endLsn(), m.commitTimeMicros())
            + " xid="
            + m.xid()
            + " gid="
            + quote(m.gid());
      }
      case ROLLBACK_PREPARED -> {
        RollbackPrepared m = decoder.rollbackPrepared();
        yield "RollbackPrepared prepareEndLsn="
            + lsn(m.prepareEndLsn())
            + " rollbackEndLsn="
            + lsn(m.rollbackEndLsn())
            + time(m.prepareTimeMicros())
            + time(m.rollbackTimeMicros())
            + " xid="
            + m.xid()
            + " gid="
            + quote(m.gid());
      }
    };
  }

  static String lsn(long lsn) {
    return Long.toHexString(lsn >>> 32) + "/" + Long.toHexString(lsn & 0xFFFF_FFFFL);
  }

  static String time(long micros) {
    return " time=" + micros;
  }

  static String xid(long xid) {
    return xid == 0 ? "" : " xid=" + xid;
  }

  static String end(long commitLsn, long endLsn, long micros) {
    return " commitLsn=" + lsn(commitLsn) + " endLsn=" + lsn(endLsn) + time(micros);
  }

  static String prepared(long prepareLsn, long endLsn, long micros, long xid, String gid) {
    return " prepareLsn="
        + lsn(prepareLsn)
        + " endLsn="
        + lsn(endLsn)
        + time(micros)
        + " xid="
        + xid
        + " gid="
        + quote(gid);
  }

  static String name(String namespace, String name) {
    return " name=" + quote(namespace) + "." + quote(name);
  }

  static String quote(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < ' ' || c == '"' || c == '\\' || c == 0x7F) {
        quoted.append(String.format("\\%02x", (int) c));
      } else {
        quoted.append(c);
      }
    }
    return quoted.append('"').toString();
  }

  static String text(String value) {
    return "t" + quote(value);
  }

  static String binary(byte[] value) {
    return "b" + HexFormat.of().formatHex(value);
  }

  private static String old(OldTupleKind kind) {
    return switch (kind) {
      case KEY -> "key";
      case FULL -> "old";
      case NONE -> throw new AssertionError("there is an old tuple, its kind is NONE");
    };
  }

  private static String prepare(Prepare m) {
    return prepared(m.prepareLsn(), m.endLsn(), m.prepareTimeMicros(), m.xid(), m.gid());
  }

  private static String relation(Relation m) {
    StringBuilder line = new StringBuilder("Relation").append(xid(m.xid()));
    line.append(" id=").append(m.id()).append(name(m.namespace(), m.name()));
    line.append(" identity=").append(m.replicaIdentity()).append(" columns=(");
    RelationColumns columns = m.columns();
    while (columns.next()) {
      line.append(columns.index() == 0 ? "" : ", ").append(columns.isKey() ? "*" : "");
      line.append(quote(columns.name())).append(' ').append(columns.typeOid());
      line.append(' ').append(columns.typeModifier());
    }
    check(columns.index() == columns.columnCount(), "all columns were walked");
    columns.rewind();
    return line.append(')').toString();
  }

  private static String truncate(Truncate m) {
    StringBuilder line = new StringBuilder("Truncate").append(xid(m.xid())).append(" relations=(");
    for (int i = 0; i < m.relationCount(); i++) {
      line.append(i == 0 ? "" : ", ").append(m.relationId(i));
    }
    line.append(')').append(m.isCascade() ? " cascade" : "");
    return line.append(m.isRestartIdentity() ? " restartIdentity" : "").toString();
  }

  private static String message(LogicalMessage m) {
    byte[] copy = new byte[m.length()];
    check(m.copy(copy, 0) == m.length(), "the copy is as long as the content");
    int offset = m.contentOffset();
    check(Arrays.equals(copy, Arrays.copyOfRange(m.bytes(), offset, offset + m.length())), "view");
    return "Message"
        + xid(m.xid())
        + (m.isTransactional() ? " transactional" : "")
        + " lsn="
        + lsn(m.lsn())
        + " prefix="
        + quote(m.prefix())
        + " content="
        + binary(copy);
  }

  /** Walks a tuple twice, so that rewinding is seen to work. */
  private static String tuple(String title, Tuple tuple) {
    String first = columns(tuple);
    tuple.rewind();
    check(first.equals(columns(tuple)), "a rewound tuple reads the same");
    tuple.rewind();
    return " " + title + "=(" + first + ")";
  }

  private static String columns(Tuple tuple) {
    StringBuilder line = new StringBuilder();
    while (tuple.next()) {
      line.append(tuple.index() == 0 ? "" : ", ").append(column(tuple));
    }
    check(tuple.index() == tuple.columnCount(), "all columns were walked");
    return line.toString();
  }

  private static String column(Tuple tuple) {
    ValueKind kind = tuple.kind();
    check(tuple.hasValue() == (kind == ValueKind.TEXT || kind == ValueKind.BINARY), "hasValue");
    return switch (kind) {
      case NULL -> "n";
      case UNCHANGED -> "u";
      case TEXT -> {
        check(new String(value(tuple), StandardCharsets.UTF_8).equals(tuple.string()), "string");
        yield text(tuple.string());
      }
      case BINARY -> binary(value(tuple));
    };
  }

  private static byte[] value(Tuple tuple) {
    byte[] copy = new byte[tuple.length()];
    check(tuple.copy(copy, 0) == copy.length, "the copy is as long as the value");
    int offset = tuple.valueOffset();
    check(
        Arrays.equals(copy, Arrays.copyOfRange(tuple.bytes(), offset, offset + copy.length)),
        "view");
    return copy;
  }

  private static void check(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }
}
