package io.bunnydb.pgoutput;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

final class LogicalMessageTest {

  private final PgOutputDecoder decoder = new PgOutputDecoder(1);

  @Test
  void readsATransactionalMessage() {
    MessageWriter.message('M')
        .int8(1)
        .int64(77)
        .string("app")
        .int32(2)
        .int8('h')
        .int8('i')
        .wrapWith(decoder);

    LogicalMessage message = decoder.message();
    assertThat(message.xid()).isZero();
    assertThat(message.isTransactional()).isTrue();
    assertThat(message.lsn()).isEqualTo(77);
    assertThat(message.prefix()).isEqualTo("app");
    byte[] copy = new byte[3];
    assertThat(message.copy(copy, 1)).isEqualTo(2);
    assertThat(copy).containsExactly(0, 'h', 'i');
    assertThat(message.length()).isEqualTo(2);
    assertThat(message.bytes()[message.contentOffset()]).isEqualTo((byte) 'h');
    assertThat(message.string()).isEqualTo("hi");
  }

  @Test
  void readsAMessageOutsideOfTransactions() {
    MessageWriter.message('M').int8(0).int64(77).string("").int32(0).wrapWith(decoder);

    assertThat(decoder.message().isTransactional()).isFalse();
    assertThat(decoder.message().prefix()).isEmpty();
    assertThat(decoder.message().string()).isEmpty();
  }

  @Test
  void refusesAWrongMessage() {
    assertRefused(
        MessageWriter.message('M').int8(2),
        "Message: expected flags within 0x1, found 0x2 at offset 1");
    assertRefused(
        MessageWriter.message('M').int8(0).int64(77).string("a").int32(-5),
        "Message: expected content length of at least 0, found -5 at offset 12");
    assertRefused(
        MessageWriter.message('M').int8(0).int64(77).string("a").int32(3).int16(0),
        "Message: expected 3 bytes of content, found 2 at offset 16");
    assertRefused(
        MessageWriter.message('M').int8(0).int64(77).string("a").int32(0).int8(0),
        "Message: expected the end, found 1 more bytes at offset 16");
  }

  private void assertRefused(MessageWriter message, String why) {
    assertThatThrownBy(() -> message.wrapWith(decoder))
        .isInstanceOf(PgOutputException.class)
        .hasMessage(why);
  }
}
