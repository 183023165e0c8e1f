package io.bunnydb.pgoutput;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Damaged bytes are refused by {@link PgOutputException} or are another message; nothing else
 * happens. A seed is set by {@code -Dbunny.test.seed}.
 */
final class MutatedMessagesTest {

  private static final int CASES = 100_000;

  @Test
  void refusesOrReadsDamagedBytes() {
    long seed = Seed.printed("MutatedMessagesTest");
    Random random = new Random(seed);
    int refused = 0;
    for (int i = 0; i < CASES; i++) {
      int version = 1 + i % 4;
      RandomMessages messages = new RandomMessages(random.nextLong(), version);
      PgOutputDecoder decoder = new PgOutputDecoder(version);
      byte[] bytes = messages.next();
      while (version > 1 && random.nextInt(3) > 0) {
        decoder.wrap(bytes, 0, bytes.length);
        bytes = messages.next();
      }
      byte[] damaged = damage(bytes, random);
      try {
        Rendering.of(decoder, decoder.wrap(damaged, 0, damaged.length));
      } catch (PgOutputException e) {
        refused++;
        assertThat(e.offset()).isBetween(0, damaged.length);
        assertThat(e).hasMessageEndingWith(" at offset " + e.offset());
      } catch (RuntimeException | Error e) {
        fail("seed " + seed + ", case " + i + ": " + HexFormat.of().formatHex(damaged), e);
      }
    }
    assertThat(refused).isBetween(CASES / 4, CASES - 1);
  }

  @Test
  void refusesEveryTruncation() {
    Random random = new Random(Seed.printed("MutatedMessagesTest, truncations"));
    for (int i = 0; i < 2_000; i++) {
      int version =
          1 + i % 3; // in version 4 a Stream Abort without its end is another Stream Abort
      RandomMessages messages = new RandomMessages(random.nextLong(), version);
      byte[] bytes = messages.next();
      for (int length = 0; length < bytes.length; length++) {
        PgOutputDecoder decoder = new PgOutputDecoder(version);
        try {
          MessageKind kind = decoder.wrap(bytes, 0, length);
          fail("%s of %d bytes was read from %d", kind, bytes.length, length);
        } catch (PgOutputException e) {
          assertThat(e.offset()).isBetween(0, length);
        }
      }
    }
  }

  private static byte[] damage(byte[] bytes, Random random) {
    byte[] damaged = bytes.clone();
    switch (random.nextInt(4)) {
      case 0 -> damaged = Arrays.copyOf(damaged, random.nextInt(bytes.length));
      case 1 -> damaged = Arrays.copyOf(damaged, bytes.length + 1 + random.nextInt(8));
      case 2 -> damaged[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
      default -> {
        for (int i = 1 + random.nextInt(4); i > 0; i--) {
          damaged[random.nextInt(bytes.length)] = (byte) random.nextInt();
        }
      }
    }
    return damaged;
  }
}
