package io.bunnydb.pgoutput;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Random messages in an order that a server could send, each as bytes and as the line that {@link
 * Rendering} has to give.
 */
final class RandomMessages {

  private static final List<ReplicaIdentity> IDENTITIES = List.of(ReplicaIdentity.values());

  private final Random random;
  private final int version;
  private final List<MessageKind> outsideStream = new ArrayList<>();
  private final List<MessageKind> insideStream = new ArrayList<>();
  private boolean inStream;
  private MessageKind kind = MessageKind.BEGIN;
  private MessageWriter out = new MessageWriter();
  private StringBuilder line = new StringBuilder();

  RandomMessages(long seed, int version) {
    this.random = new Random(seed);
    this.version = version;
    for (MessageKind kind : MessageKind.values()) {
      if (kind.sinceVersion() <= version) {
        if (kind.fits(false)) {
          outsideStream.add(kind);
        }
        if (kind.fits(true)) {
          insideStream.add(kind);
        }
      }
    }
  }

  boolean isInStream() {
    return inStream;
  }

  /** Makes the next message; {@link #kind()} and {@link #line()} then tell what it is. */
  byte[] next() {
    List<MessageKind> kinds = inStream ? insideStream : outsideStream;
    kind = kinds.get(random.nextInt(kinds.size()));
    out = MessageWriter.message((char) kind.code());
    line = new StringBuilder(kind.title().replace(" ", ""));
    writeFields();
    if (kind == MessageKind.STREAM_START) {
      inStream = true;
    } else if (kind == MessageKind.STREAM_STOP) {
      inStream = false;
    }
    return out.toBytes();
  }

  /** The kind of the message made last. */
  MessageKind kind() {
    return kind;
  }

  /** What {@link Rendering} has to make of the message made last. */
  String line() {
    return line.toString();
  }

  private void writeFields() {
    switch (kind) {
      case BEGIN -> {
        lsn(" finalLsn=");
        time();
        unsigned(" xid=");
      }
      case COMMIT -> {
        out.int8(0);
        lsn(" commitLsn=");
        lsn(" endLsn=");
        time();
      }
      case ORIGIN -> {
        lsn(" commitLsn=");
        string(" name=");
      }
      case RELATION -> relation();
      case TYPE -> {
        streamXid();
        unsigned(" oid=");
        qualifiedName();
      }
      case INSERT -> {
        streamXid();
        unsigned(" relation=");
        tuple('N', " new=");
      }
      case UPDATE -> {
        streamXid();
        unsigned(" relation=");
        int old = random.nextInt(3);
        if (old > 0) {
          tuple(old == 1 ? 'K' : 'O', old == 1 ? " key=" : " old=");
        }
        tuple('N', " new=");
      }
      case DELETE -> {
        streamXid();
        unsigned(" relation=");
        boolean key = random.nextBoolean();
        tuple(key ? 'K' : 'O', key ? " key=" : " old=");
      }
      case TRUNCATE -> truncate();
      case MESSAGE -> message();
      case STREAM_START -> {
        unsigned(" xid=");
        boolean first = random.nextBoolean();
        out.int8(first ? 1 : 0);
        line.append(first ? " first" : "");
      }
      case STREAM_STOP -> {}
      case STREAM_COMMIT -> {
        unsigned(" xid=");
        out.int8(0);
        lsn(" commitLsn=");
        lsn(" endLsn=");
        time();
      }
      case STREAM_ABORT -> {
        unsigned(" xid=");
        unsigned(" subxid=");
        if (version >= 4 && random.nextBoolean()) {
          lsn(" abortLsn=");
          time();
        }
      }
      case BEGIN_PREPARE -> prepared();
      case PREPARE, STREAM_PREPARE -> {
        out.int8(0);
        prepared();
      }
      case COMMIT_PREPARED -> {
        out.int8(0);
        lsn(" commitLsn=");
        lsn(" endLsn=");
        time();
        unsigned(" xid=");
        string(" gid=");
      }
      case ROLLBACK_PREPARED -> {
        out.int8(0);
        lsn(" prepareEndLsn=");
        lsn(" rollbackEndLsn=");
        time();
        time();
        unsigned(" xid=");
        string(" gid=");
      }
    }
  }

  private void prepared() {
    lsn(" prepareLsn=");
    lsn(" endLsn=");
    time();
    unsigned(" xid=");
    string(" gid=");
  }

  private void relation() {
    streamXid();
    unsigned(" id=");
    qualifiedName();
    int identity = random.nextInt(4);
    out.int8("dnfi".charAt(identity));
    line.append(" identity=").append(IDENTITIES.get(identity)).append(" columns=(");
    int count = random.nextInt(6);
    out.int16(count);
    for (int i = 0; i < count; i++) {
      boolean key = random.nextBoolean();
      out.int8(key ? 1 : 0);
      string((i == 0 ? "" : ", ") + (key ? "*" : ""));
      unsigned(" ");
      int modifier = random.nextInt();
      out.int32(modifier);
      line.append(' ').append(modifier);
    }
    line.append(')');
  }

  private void truncate() {
    streamXid();
    int count = random.nextInt(5);
    int options = random.nextInt(4);
    out.int32(count).int8(options);
    line.append(" relations=(");
    for (int i = 0; i < count; i++) {
      unsigned(i == 0 ? "" : ", ");
    }
    line.append(')').append((options & 1) != 0 ? " cascade" : "");
    line.append((options & 2) != 0 ? " restartIdentity" : "");
  }

  private void message() {
    streamXid();
    boolean transactional = random.nextBoolean();
    out.int8(transactional ? 1 : 0);
    line.append(transactional ? " transactional" : "");
    lsn(" lsn=");
    string(" prefix=");
    byte[] content = randomBytes();
    out.int32(content.length).bytes(content);
    line.append(" content=").append(Rendering.binary(content));
  }

  private void tuple(char marker, String title) {
    int count = random.nextInt(8);
    out.int8(marker).int16(count);
    line.append(title).append('(');
    for (int i = 0; i < count; i++) {
      line.append(i == 0 ? "" : ", ");
      switch (random.nextInt(4)) {
        case 0 -> {
          out.nullColumn();
          line.append('n');
        }
        case 1 -> {
          out.unchangedColumn();
          line.append('u');
        }
        case 2 -> {
          String value = randomText();
          out.textColumn(value);
          line.append(Rendering.text(value));
        }
        default -> {
          byte[] value = randomBytes();
          out.binaryColumn(value);
          line.append(Rendering.binary(value));
        }
      }
    }
    line.append(')');
  }

  private void qualifiedName() {
    boolean catalog = random.nextInt(4) == 0;
    String namespace = catalog ? "" : "n" + randomText();
    String name = randomText();
    out.string(namespace).string(name);
    line.append(Rendering.name(catalog ? "pg_catalog" : namespace, name));
  }

  private void streamXid() {
    if (inStream) {
      long xid = 1 + random.nextInt(Integer.MAX_VALUE) * 2L;
      out.int32(xid);
      line.append(" xid=").append(xid);
    }
  }

  private void unsigned(String title) {
    long value = random.nextInt() & 0xFFFF_FFFFL;
    out.int32(value);
    line.append(title).append(value);
  }

  private void lsn(String title) {
    long value = random.nextLong();
    out.int64(value);
    line.append(title).append(Rendering.lsn(value));
  }

  private void time() {
    long micros = random.nextLong();
    out.int64(micros);
    line.append(Rendering.time(micros));
  }

  private void string(String title) {
    String value = randomText();
    out.string(value);
    line.append(title).append(Rendering.quote(value));
  }

  private byte[] randomBytes() {
    byte[] value = new byte[random.nextInt(20)];
    random.nextBytes(value);
    return value;
  }

  /** Any characters but the zero byte, of one to four bytes. */
  private String randomText() {
    int[] letters = {'a', 'Z', '"', '\\', '\n', 'é', '\uFFFD', '漢', 0x1F407};
    StringBuilder text = new StringBuilder();
    int length = random.nextInt(10);
    for (int i = 0; i < length; i++) {
      text.appendCodePoint(letters[random.nextInt(letters.length)]);
    }
    return text.toString();
  }
}
