package io.bunnydb.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class DecoderBenchmarkTest {
  private static final int ROWS = 1_003;

  private final DecoderBenchmark benchmark = new DecoderBenchmark();

  @BeforeEach
  void writeTheStream() {
    benchmark.setUp(ROWS);
  }

  @Test
  void allDecodersSeeTheSame() {
    long checksum = benchmark.flyweights();
    assertThat(benchmark.flyweightsToStrings()).isEqualTo(checksum);
    assertThat(benchmark.stringPerColumn()).isEqualTo(checksum);
  }

  @Test
  void theChecksumTellsStreamsApart() {
    long checksum = benchmark.flyweights();
    benchmark.setUp(ROWS + 1);
    assertThat(benchmark.flyweights()).isNotEqualTo(checksum);
  }

  @Test
  void thePassReadsEveryByte() {
    ByteBuffer bytes = ByteBuffer.wrap(MessageStream.of(ROWS).bytes());
    bytes.order(ByteOrder.nativeOrder());
    long sum = 0;
    while (bytes.remaining() >= Long.BYTES) {
      sum += bytes.getLong();
    }
    assertThat(benchmark.passOverBytes()).isEqualTo(sum);
  }
}
