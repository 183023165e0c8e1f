package io.bunnydb.pgoutput;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.junit.jupiter.api.Test;

/** Begin, Commit and Origin. */
final class TransactionMessagesTest {

  private final PgOutputDecoder decoder = new PgOutputDecoder(1);

  @Test
  void readsBegin() {
    MessageKind kind =
        MessageWriter.message('B').int64(-2).int64(5).int32(0xFFFF_FFFEL).wrapWith(decoder);

    assertThat(kind).isEqualTo(MessageKind.BEGIN);
    assertThat(decoder.begin().finalLsn()).isEqualTo(-2);
    assertThat(decoder.begin().commitTimeMicros()).isEqualTo(5);
    assertThat(decoder.begin().xid()).isEqualTo(4_294_967_294L);
  }

  @Test
  void countsTimeFrom2000AndFrom1970() {
    MessageWriter.message('B').int64(1).int64(-1_000_001).int32(3).wrapWith(decoder);

    Instant time = Instant.EPOCH.plus(decoder.begin().commitTimeUnixMicros(), ChronoUnit.MICROS);
    assertThat(time).isEqualTo("1999-12-31T23:59:58.999999Z");
  }

  @Test
  void readsCommit() {
    MessageKind kind =
        MessageWriter.message('C').int8(0).int64(10).int64(20).int64(30).wrapWith(decoder);

    assertThat(kind).isEqualTo(MessageKind.COMMIT);
    assertThat(decoder.commit().commitLsn()).isEqualTo(10);
    assertThat(decoder.commit().endLsn()).isEqualTo(20);
    assertThat(decoder.commit().commitTimeMicros()).isEqualTo(30);
    assertThat(decoder.commit().commitTimeUnixMicros()).isEqualTo(946_684_800_000_030L);
  }

  @Test
  void refusesFlagsInCommit() {
    MessageWriter message = MessageWriter.message('C').int8(4).int64(10).int64(20).int64(30);

    assertThatThrownBy(() -> message.wrapWith(decoder))
        .isInstanceOf(PgOutputException.class)
        .hasMessage("Commit: expected flags within 0x0, found 0x4 at offset 1");
  }

  @Test
  void readsOrigin() {
    MessageKind kind = MessageWriter.message('O').int64(7).string("größer").wrapWith(decoder);

    assertThat(kind).isEqualTo(MessageKind.ORIGIN);
    assertThat(decoder.origin().commitLsn()).isEqualTo(7);
    assertThat(decoder.origin().name()).isEqualTo("größer");
  }

  @Test
  void refusesAStringWithoutEnd() {
    MessageWriter message = MessageWriter.message('O').int64(7).int8('x').int8('y');

    assertThatThrownBy(() -> message.wrapWith(decoder))
        .isInstanceOf(PgOutputException.class)
        .hasMessage(
            "Origin: expected origin name ended by a zero byte, found none in 2 bytes at offset 9");
  }

  @Test
  void refusesANameThatIsNotUtf8WhenItIsAskedFor() {
    MessageWriter.message('O').int64(7).int8('x').int8(0xC3).int8(0).wrapWith(decoder);

    assertThatThrownBy(() -> decoder.origin().name())
        .isInstanceOfSatisfying(PgOutputException.class, e -> assertThat(e.offset()).isEqualTo(9));
  }

  @Test
  void readsAReplacementCharacterThatWasSent() {
    MessageWriter.message('O').int64(7).string("\uFFFD").wrapWith(decoder);

    assertThat(decoder.origin().name()).isEqualTo("\uFFFD");
  }
}
