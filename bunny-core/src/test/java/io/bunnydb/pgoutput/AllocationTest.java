package io.bunnydb.pgoutput;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A message of any kind costs no allocation, as long as nothing is asked for as a string. */
final class AllocationTest {

  private static final int MESSAGES = 1_000_000;

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private final PgOutputDecoder decoder = new PgOutputDecoder(4);
  private final byte[] copy = new byte[64];
  private final byte[][] messages = new byte[1_000][];
  private boolean asStrings;

  @BeforeEach
  void writeMessages() {
    RandomMessages random = new RandomMessages(1, decoder.protocolVersion());
    for (int i = 0; i < messages.length; i++) {
      messages[i] = random.next();
    }
  }

  @Test
  void wrapsAndWalksWithoutAllocating() {
    // Asking costs some bytes itself; one object per thousand messages would be 16,000.
    assertThat(allocatedByWalking()).isLessThan(MESSAGES / 1_000);
  }

  @Test
  void theMeasureSeesWhatStringsCost() {
    asStrings = true;
    assertThat(allocatedByWalking()).isGreaterThan(MESSAGES);
  }

  private long allocatedByWalking() {
    assertThat(threads.isThreadAllocatedMemoryEnabled()).isTrue();
    walkMessages(); // until it is compiled
    walkMessages();
    long thread = Thread.currentThread().getId();
    threads.getThreadAllocatedBytes(thread);
    long before = threads.getThreadAllocatedBytes(thread);
    long sum = walkMessages();
    long allocated = threads.getThreadAllocatedBytes(thread) - before;
    assertThat(sum).isNotZero();
    return allocated;
  }

  private long walkMessages() {
    long sum = 0;
    for (int i = 0; i < MESSAGES; i++) {
      int next = i % messages.length;
      if (next == 0) {
        decoder.reset();
      }
      byte[] bytes = messages[next];
      sum += walk(decoder.wrap(bytes, 0, bytes.length));
    }
    return sum;
  }

  private long walk(MessageKind kind) {
    return switch (kind) {
      case BEGIN -> decoder.begin().xid();
      case COMMIT -> decoder.commit().endLsn();
      case ORIGIN -> decoder.origin().commitLsn();
      case RELATION -> walk(decoder.relation());
      case TYPE -> decoder.type().oid();
      case INSERT -> walk(decoder.insert().newTuple());
      case UPDATE -> {
        Update update = decoder.update();
        long old = update.hasOldTuple() ? walk(update.oldTuple()) : 0;
        yield old + walk(update.newTuple());
      }
      case DELETE -> walk(decoder.delete().oldTuple());
      case TRUNCATE -> walk(decoder.truncate());
      case MESSAGE -> decoder.message().copy(copy, 0);
      case STREAM_START -> decoder.streamStart().xid();
      case STREAM_STOP -> 1;
      case STREAM_COMMIT -> decoder.streamCommit().commitTimeUnixMicros();
      case STREAM_ABORT -> decoder.streamAbort().subxid();
      case BEGIN_PREPARE -> decoder.beginPrepare().prepareLsn();
      case PREPARE -> decoder.prepare().prepareLsn();
      case COMMIT_PREPARED -> decoder.commitPrepared().endLsn();
      case ROLLBACK_PREPARED -> decoder.rollbackPrepared().rollbackEndLsn();
      case STREAM_PREPARE -> decoder.streamPrepare().endLsn();
    };
  }

  private static long walk(Relation relation) {
    long sum = relation.id() + relation.replicaIdentity().hashCode();
    RelationColumns columns = relation.columns();
    while (columns.next()) {
      sum += columns.isKey() ? columns.typeOid() : columns.typeModifier();
    }
    return sum;
  }

  private static long walk(Truncate truncate) {
    long sum = 0;
    for (int i = 0; i < truncate.relationCount(); i++) {
      sum += truncate.relationId(i);
    }
    return sum;
  }

  private long walk(Tuple tuple) {
    long sum = 0;
    tuple.next();
    tuple.rewind();
    while (tuple.next()) {
      switch (tuple.kind()) {
        case NULL, UNCHANGED -> sum += tuple.hasValue() ? 0 : 1;
        case TEXT -> sum += asStrings ? tuple.string().length() : tuple.copy(copy, 0);
        case BINARY -> sum += tuple.valueOffset() + tuple.length();
      }
    }
    return sum;
  }
}
