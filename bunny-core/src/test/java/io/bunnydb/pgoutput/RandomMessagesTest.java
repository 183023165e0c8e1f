package io.bunnydb.pgoutput;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever is encoded comes back, wherever it stands in its array. A seed is set by {@code
 * -Dbunny.test.seed}.
 */
final class RandomMessagesTest {

  private static final int MESSAGES = 50_000;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void readsBackWhatWasWritten(int version) {
    long seed = Seed.printed("RandomMessagesTest, version " + version);
    RandomMessages messages = new RandomMessages(seed, version);
    PgOutputDecoder decoder = new PgOutputDecoder(version);
    Set<MessageKind> seen = EnumSet.noneOf(MessageKind.class);
    for (int i = 0; i < MESSAGES; i++) {
      byte[] message = messages.next();
      int offset = i % 7;
      byte[] bytes = new byte[offset + message.length + i % 5];
      System.arraycopy(message, 0, bytes, offset, message.length);

      MessageKind kind = decoder.wrap(bytes, offset, message.length);

      assertThat(kind).isEqualTo(messages.kind());
      assertThat(Rendering.of(decoder, kind)).isEqualTo(messages.line());
      assertThat(decoder.isInStream()).isEqualTo(messages.isInStream());
      seen.add(kind);
    }
    Set<MessageKind> expected = EnumSet.allOf(MessageKind.class);
    expected.removeIf(kind -> kind.sinceVersion() > version);
    assertThat(seen).isEqualTo(expected);
  }
}
