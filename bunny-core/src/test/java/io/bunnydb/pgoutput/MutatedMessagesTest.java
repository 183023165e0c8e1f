package io.bunnydb.pgoutput;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Damaged bytes are refused by {@link PgOutputException} or are another message; nothing else
 * happens, wherever the bytes stand in their array and whatever stands around them. A seed is set
 * by {@code -Dbunny.test.seed}.
 */
final class MutatedMessagesTest {

  private static final int CASES = 50_000;
  private static final int TRUNCATED = 1_000;
  private static final int STREAM_ABORT_WITHOUT_INFO = 9; // bytes

  @Test
  void refusesOrReadsDamagedBytes() {
    long seed = Seed.printed("MutatedMessagesTest");
    Random random = new Random(seed);
    int refused = 0;
    for (int i = 0; i < CASES; i++) {
      int version = 1 + i % 4;
      RandomMessages messages = new RandomMessages(random.nextLong(), version);
      PgOutputDecoder decoder = new PgOutputDecoder(version);
      PgOutputDecoder other = new PgOutputDecoder(version);
      byte[] bytes = messages.next();
      while (version > 1 && random.nextInt(3) > 0) {
        decoder.wrap(bytes, 0, bytes.length);
        other.wrap(bytes, 0, bytes.length);
        bytes = messages.next();
      }
      byte[] damaged = damage(bytes, random);
      int offset = 1 + random.nextInt(20);
      byte[] surrounded = surround(damaged, offset, random);
      try {
        String outcome = outcome(decoder, damaged, 0, damaged.length);
        assertThat(outcome(other, surrounded, offset, damaged.length)).isEqualTo(outcome);
        refused += outcome.contains(" at offset ") ? 1 : 0;
      } catch (RuntimeException | Error e) {
        fail("seed " + seed + ", case " + i + ": " + HexFormat.of().formatHex(damaged), e);
      }
    }
    assertThat(refused).isBetween(CASES / 4, CASES - 1);
  }

  /** The message as text, or why it is refused. */
  private static String outcome(PgOutputDecoder decoder, byte[] bytes, int offset, int length) {
    try {
      return Rendering.of(decoder, decoder.wrap(bytes, offset, length));
    } catch (PgOutputException e) {
      return refusal(e, length);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void refusesEveryTruncation(int version) {
    Random random = new Random(Seed.printed("MutatedMessagesTest, truncations, " + version));
    RandomMessages messages = new RandomMessages(random.nextLong(), version);
    PgOutputDecoder decoder = new PgOutputDecoder(version);
    Set<MessageKind> inside = EnumSet.noneOf(MessageKind.class);
    Set<MessageKind> outside = EnumSet.noneOf(MessageKind.class);
    for (int i = 0; i < TRUNCATED; i++) {
      boolean inStream = messages.isInStream();
      byte[] bytes = messages.next();
      int offset = random.nextInt(20);
      // The rest of the message follows what is said to be all of it.
      byte[] surrounded = surround(bytes, offset, random);
      for (int length = 0; length < bytes.length; length++) {
        if (messages.kind() == MessageKind.STREAM_ABORT
            && version >= 4
            && length == STREAM_ABORT_WITHOUT_INFO) {
          continue; // without its end it is another Stream Abort
        }
        refuses(decoder, surrounded, offset, length);
      }
      assertThat(decoder.isInStream()).isEqualTo(inStream);
      (inStream ? inside : outside).add(messages.kind());
      decoder.wrap(surrounded, offset, bytes.length);
      assertThat(Rendering.of(decoder, messages.kind())).isEqualTo(messages.line());
    }
    assertThat(outside).isEqualTo(kinds(version, false));
    assertThat(inside).isEqualTo(version == 1 ? Set.of() : kinds(version, true));
  }

  private static void refuses(PgOutputDecoder decoder, byte[] bytes, int offset, int length) {
    try {
      MessageKind kind = decoder.wrap(bytes, offset, length);
      fail("%s was read from the first %d bytes of a message", kind, length);
    } catch (PgOutputException e) {
      refusal(e, length);
    }
  }

  private static String refusal(PgOutputException e, int length) {
    String message = String.valueOf(e.getMessage());
    if (e.offset() < 0 || e.offset() > length || !message.endsWith(" at offset " + e.offset())) {
      fail("an offset outside of " + length + " bytes, or not told", e);
    }
    return message;
  }

  private static Set<MessageKind> kinds(int version, boolean inStream) {
    Set<MessageKind> kinds = EnumSet.allOf(MessageKind.class);
    kinds.removeIf(kind -> kind.sinceVersion() > version || !kind.fits(inStream));
    return kinds;
  }

  /** The bytes at an offset of a larger array, which holds anything else around them. */
  private static byte[] surround(byte[] bytes, int offset, Random random) {
    byte[] surrounded = new byte[offset + bytes.length + random.nextInt(20)];
    random.nextBytes(surrounded);
    System.arraycopy(bytes, 0, surrounded, offset, bytes.length);
    return surrounded;
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
