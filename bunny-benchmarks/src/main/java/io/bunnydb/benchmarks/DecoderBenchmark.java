package io.bunnydb.benchmarks;

import io.bunnydb.internal.apply.CopyBinary;
import io.bunnydb.internal.apply.CopyRows;
import io.bunnydb.internal.apply.CopyText;
import io.bunnydb.pgoutput.MessageKind;
import io.bunnydb.pgoutput.PgOutputDecoder;
import io.bunnydb.pgoutput.Tuple;
import io.bunnydb.pgoutput.ValueKind;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does it cost to read a row out of pgoutput's messages, in time and in garbage, and how much
 * of that do flyweights save over an object for each column? And what does it cost to make of each
 * row one of a {@code COPY}?
 *
 * <pre>
 *   mvn -q package -DskipTests -pl bunny-benchmarks -am
 *   java -jar bunny-benchmarks/target/benchmarks.jar DecoderBenchmark -prof gc \
 *       -prof io.bunnydb.benchmarks.CpuTimeProfiler
 * </pre>
 *
 * <p>An operation is one row of eight columns with its share of Begin and Commit: time and {@code
 * cpu.norm} are in nanoseconds per row, {@code gc.alloc.rate.norm} in bytes per row. {@link
 * #passOverBytes} is what no decoder can beat that reads every byte, {@link #stringPerColumn} the
 * usual way. The walks look at the length, the first and the last byte of each value and come to
 * the same checksum. The serial collector does the least for garbage, so that those who make it
 * fare rather too well.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(DecoderBenchmark.ROWS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 2)
@Fork(
    value = 3,
    jvmArgsAppend = {"-Xmx1g", "-XX:+UseSerialGC"})
public class DecoderBenchmark {
  static final int ROWS = 1_000_000;

  private static final VarHandle INT64 =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
  private static final int NULL = 1;
  private static final int UNCHANGED = 2;

  private final PgOutputDecoder decoder = new PgOutputDecoder(1);
  private final DiscardedCopy discarded = new DiscardedCopy();
  private MessageStream stream = MessageStream.of(0);

  /** Writes the stream. */
  @Setup
  public void setUp() {
    setUp(ROWS);
  }

  /** Writes a stream of so many rows. */
  void setUp(int rows) {
    stream = MessageStream.of(rows);
  }

  /** Reads the bytes, eight at a time, and sees nothing in them. */
  @Benchmark
  public long passOverBytes() {
    byte[] bytes = stream.bytes();
    long sum = 0;
    for (int i = 0; i <= bytes.length - Long.BYTES; i += Long.BYTES) {
      sum += (long) INT64.get(bytes, i);
    }
    return sum;
  }

  /** Bunny: checks each message and walks its values where they lie. */
  @Benchmark
  public long flyweights() {
    return walk(false);
  }

  /** Bunny, when each value is wanted as a string. */
  @Benchmark
  public long flyweightsToStrings() {
    return walk(true);
  }

  /** Bunny, when each row goes into a {@code COPY} in text form. */
  @Benchmark
  public long flyweightsToCopyText() throws SQLException {
    return copy(new CopyText(discarded));
  }

  /**
   * Bunny, when each row goes into a {@code COPY} in binary form, as which the values are taken.
   */
  @Benchmark
  public long flyweightsToCopyBinary() throws SQLException {
    return copy(new CopyBinary(discarded, MessageStream.WIDTH));
  }

  private long copy(CopyRows to) throws SQLException {
    for (int i = 0; i < stream.messages(); i++) {
      switch (decoder.wrap(stream.bytes(), stream.offset(i), stream.length(i))) {
        case INSERT -> copy(decoder.insert().newTuple(), to);
        case UPDATE -> copy(decoder.update().newTuple(), to);
        case DELETE -> copy(decoder.delete().oldTuple(), to);
        default -> {} // no row
      }
    }
    to.end();
    return discarded.bytes();
  }

  private static void copy(Tuple tuple, CopyRows to) throws SQLException {
    to.beginRow();
    while (tuple.next()) {
      if (tuple.hasValue()) {
        to.value(tuple.bytes(), tuple.valueOffset(), tuple.length());
      } else {
        to.nullValue();
      }
    }
    to.endRow();
  }

  /** The usual way: an object for each message and column, a string for each value. */
  @Benchmark
  public long stringPerColumn() {
    StringDecoder strings = new StringDecoder();
    long sum = 0;
    for (int i = 0; i < stream.messages(); i++) {
      ByteBuffer message = ByteBuffer.wrap(stream.bytes(), stream.offset(i), stream.length(i));
      sum = 31 * sum + look(strings.decode(message));
    }
    return sum;
  }

  private long walk(boolean asStrings) {
    long sum = 0;
    for (int i = 0; i < stream.messages(); i++) {
      MessageKind kind = decoder.wrap(stream.bytes(), stream.offset(i), stream.length(i));
      sum = 31 * sum + look(kind, asStrings);
    }
    return sum;
  }

  private long look(MessageKind kind, boolean asStrings) {
    return switch (kind) {
      case BEGIN -> decoder.begin().xid();
      case COMMIT -> decoder.commit().endLsn();
      case RELATION -> decoder.relation().id();
      case INSERT -> look(decoder.insert().newTuple(), asStrings);
      case UPDATE -> look(decoder.update().newTuple(), asStrings);
      case DELETE -> look(decoder.delete().oldTuple(), asStrings);
      case ORIGIN,
          TYPE,
          TRUNCATE,
          MESSAGE,
          STREAM_START,
          STREAM_STOP,
          STREAM_COMMIT,
          STREAM_ABORT,
          BEGIN_PREPARE,
          PREPARE,
          COMMIT_PREPARED,
          ROLLBACK_PREPARED,
          STREAM_PREPARE ->
          throw new IllegalStateException("not in the stream: " + kind);
    };
  }

  private static int look(Tuple tuple, boolean asStrings) {
    int sum = 0;
    while (tuple.next()) {
      int seen =
          tuple.hasValue() ? asStrings ? look(tuple.string()) : look(tuple) : lack(tuple.kind());
      sum += (tuple.index() + 1) * seen;
    }
    return sum;
  }

  private static int lack(ValueKind kind) {
    return kind == ValueKind.UNCHANGED ? UNCHANGED : NULL;
  }

  private static int look(Tuple value) {
    byte[] bytes = value.bytes();
    int offset = value.valueOffset();
    int length = value.length();
    return length + bytes[offset] + bytes[offset + length - 1];
  }

  private static int look(String value) {
    return value.length() + value.charAt(0) + value.charAt(value.length() - 1);
  }

  private static long look(StringDecoder.Message message) {
    if (message instanceof StringDecoder.Change change) {
      return look(change.columns());
    } else if (message instanceof StringDecoder.Begin begin) {
      return begin.xid();
    } else if (message instanceof StringDecoder.Commit commit) {
      return commit.endLsn();
    } else if (message instanceof StringDecoder.Table table) {
      return table.id();
    }
    throw new IllegalStateException("not in the stream: " + message);
  }

  private static int look(List<StringDecoder.Column> columns) {
    int sum = 0;
    int place = 0;
    for (StringDecoder.Column column : columns) {
      String value = column.value();
      sum += ++place * (value == null ? lack(column) : look(value));
    }
    return sum;
  }

  private static int lack(StringDecoder.Column column) {
    return column.unchanged() ? UNCHANGED : NULL;
  }
}
