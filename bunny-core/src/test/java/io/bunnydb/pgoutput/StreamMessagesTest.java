package io.bunnydb.pgoutput;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** Stream Start, Stop, Commit and Abort, and what they do to the messages between them. */
final class StreamMessagesTest {

  private final PgOutputDecoder decoder = new PgOutputDecoder(4);

  @Test
  void readsStreamStart() {
    MessageWriter.message('S').int32(0xFFFF_FFFFL).int8(1).wrapWith(decoder);
    assertThat(decoder.streamStart().xid()).isEqualTo(4_294_967_295L);
    assertThat(decoder.streamStart().isFirst()).isTrue();
    assertThat(decoder.isInStream()).isTrue();

    assertThat(MessageWriter.message('E').wrapWith(decoder)).isEqualTo(MessageKind.STREAM_STOP);
    assertThat(decoder.isInStream()).isFalse();

    MessageWriter.message('S').int32(7).int8(0).wrapWith(decoder);
    assertThat(decoder.streamStart().isFirst()).isFalse();
  }

  @Test
  void refusesAnUnknownSegmentFlag() {
    assertRefused(
        MessageWriter.message('S').int32(7).int8(2),
        "Stream Start: expected first segment within 0x1, found 0x2 at offset 5");
    assertThat(decoder.isInStream()).isFalse();
  }

  @Test
  void readsTheTransactionIdOfEachChangeWithinAStream() {
    MessageWriter.message('S').int32(7).int8(1).wrapWith(decoder);

    MessageWriter.message('R')
        .int32(8)
        .int32(1)
        .string("public")
        .string("t")
        .int8('d')
        .int16(0)
        .wrapWith(decoder);
    assertThat(decoder.relation().xid()).isEqualTo(8);
    assertThat(decoder.relation().id()).isEqualTo(1);
    MessageWriter.message('Y').int32(9).int32(2).string("").string("x").wrapWith(decoder);
    assertThat(decoder.type().xid()).isEqualTo(9);
    assertThat(decoder.type().oid()).isEqualTo(2);
    MessageWriter.message('I').int32(10).int32(3).int8('N').int16(0).wrapWith(decoder);
    assertThat(decoder.insert().xid()).isEqualTo(10);
    assertThat(decoder.insert().relationId()).isEqualTo(3);
    MessageWriter.message('U').int32(11).int32(4).int8('N').int16(0).wrapWith(decoder);
    assertThat(decoder.update().xid()).isEqualTo(11);
    assertThat(decoder.update().relationId()).isEqualTo(4);
    MessageWriter.message('D').int32(12).int32(5).int8('K').int16(0).wrapWith(decoder);
    assertThat(decoder.delete().xid()).isEqualTo(12);
    assertThat(decoder.delete().relationId()).isEqualTo(5);
    MessageWriter.message('T').int32(13).int32(1).int8(0).int32(6).wrapWith(decoder);
    assertThat(decoder.truncate().xid()).isEqualTo(13);
    assertThat(decoder.truncate().relationId(0)).isEqualTo(6);
    MessageWriter.message('M').int32(14).int8(1).int64(7).string("p").int32(0).wrapWith(decoder);
    assertThat(decoder.message().xid()).isEqualTo(14);
    assertThat(decoder.message().lsn()).isEqualTo(7);
    MessageWriter.message('O').int64(15).string("o").wrapWith(decoder); // carries none
    assertThat(decoder.origin().commitLsn()).isEqualTo(15);

    MessageWriter.message('E').wrapWith(decoder);
    MessageWriter.message('I').int32(3).int8('N').int16(0).wrapWith(decoder);
    assertThat(decoder.insert().xid()).isZero();
    assertThat(decoder.insert().relationId()).isEqualTo(3);
  }

  @Test
  void readsStreamCommit() {
    MessageWriter.message('c').int32(7).int8(0).int64(1).int64(2).int64(3).wrapWith(decoder);

    assertThat(decoder.streamCommit().xid()).isEqualTo(7);
    assertThat(decoder.streamCommit().commitLsn()).isEqualTo(1);
    assertThat(decoder.streamCommit().endLsn()).isEqualTo(2);
    assertThat(decoder.streamCommit().commitTimeMicros()).isEqualTo(3);
    assertThat(decoder.streamCommit().commitTimeUnixMicros()).isEqualTo(946_684_800_000_003L);
  }

  @Test
  void readsStreamAbort() {
    MessageWriter.message('A').int32(7).int32(8).wrapWith(decoder);

    StreamAbort abort = decoder.streamAbort();
    assertThat(abort.xid()).isEqualTo(7);
    assertThat(abort.subxid()).isEqualTo(8);
    assertThat(abort.hasAbortInfo()).isFalse();
    assertThatThrownBy(abort::abortLsn)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the Stream Abort has no LSN and time: see hasAbortInfo()");
    assertThatThrownBy(abort::abortTimeMicros).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(abort::abortTimeUnixMicros).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void readsStreamAbortOfParallelStreaming() {
    MessageWriter.message('A').int32(7).int32(8).int64(9).int64(10).wrapWith(decoder);

    assertThat(decoder.streamAbort().hasAbortInfo()).isTrue();
    assertThat(decoder.streamAbort().abortLsn()).isEqualTo(9);
    assertThat(decoder.streamAbort().abortTimeMicros()).isEqualTo(10);
    assertThat(decoder.streamAbort().abortTimeUnixMicros()).isEqualTo(946_684_800_000_010L);
  }

  @Test
  void refusesStreamAbortOfAnotherLength() {
    assertRefused(
        MessageWriter.message('A').int32(7).int32(8).int64(9),
        "Stream Abort: expected 8 bytes of abort time, found 0 at offset 17");
    PgOutputDecoder version3 = new PgOutputDecoder(3);
    MessageWriter message = MessageWriter.message('A').int32(7).int32(8).int64(9).int64(10);
    assertThatThrownBy(() -> message.wrapWith(version3))
        .isInstanceOf(PgOutputException.class)
        .hasMessage("Stream Abort: expected the end, found 16 more bytes at offset 9");
  }

  @Test
  void refusesMessagesOutOfPlace() {
    assertRefused(
        MessageWriter.message('E'),
        "Stream Stop: expected a stream to be open, found 0x45 'E' at offset 0");
    MessageWriter.message('S').int32(7).int8(1).wrapWith(decoder);
    for (MessageKind kind : MessageKind.values()) {
      if (!kind.fits(true)) {
        assertRefused(
            MessageWriter.message((char) kind.code()),
            kind.title()
                + ": expected a message that may stand in a stream, found 0x"
                + Integer.toHexString(kind.code())
                + " '"
                + (char) kind.code()
                + "' at offset 0");
      }
    }
    assertThat(decoder.isInStream()).isTrue();
  }

  private void assertRefused(MessageWriter message, String why) {
    assertThatThrownBy(() -> message.wrapWith(decoder))
        .isInstanceOf(PgOutputException.class)
        .hasMessage(why);
  }
}
