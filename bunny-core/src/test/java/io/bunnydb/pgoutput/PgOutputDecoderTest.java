package io.bunnydb.pgoutput;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class PgOutputDecoderTest {

  @Test
  void refusesOtherProtocolVersions() {
    for (int version : new int[] {-1, 0, 5}) {
      assertThatThrownBy(() -> new PgOutputDecoder(version))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("protocol version is not 1 to 4: " + version);
    }
    assertThat(new PgOutputDecoder(4).protocolVersion()).isEqualTo(4);
  }

  @Test
  void refusesAnEmptyMessage() {
    PgOutputDecoder decoder = new PgOutputDecoder(1);

    assertThatThrownBy(() -> decoder.wrap(new byte[3], 3, 0))
        .isInstanceOf(PgOutputException.class)
        .hasMessage("message: expected 1 bytes of message kind, found 0 at offset 0");
  }

  @Test
  void refusesUnknownMessages() {
    PgOutputDecoder decoder = new PgOutputDecoder(4);
    int refused = 0;
    for (int code = 0; code < 256; code++) {
      byte[] bytes = {(byte) code};
      if (MessageKind.of(bytes[0]) == null) {
        refused++;
        assertThatThrownBy(() -> decoder.wrap(bytes, 0, 1))
            .isInstanceOf(PgOutputException.class)
            .hasMessageStartingWith("message: expected a known message kind, found 0x");
      }
    }
    assertThat(refused).isEqualTo(256 - MessageKind.values().length);
  }

  @Test
  void findsEachKindByItsByte() {
    for (MessageKind kind : MessageKind.values()) {
      assertThat(MessageKind.of(kind.code())).isEqualTo(kind);
    }
  }

  @Test
  void refusesMessagesOfLaterVersions() {
    for (MessageKind kind : MessageKind.values()) {
      for (int version = 1; version < kind.sinceVersion(); version++) {
        PgOutputDecoder decoder = new PgOutputDecoder(version);
        byte[] bytes = {kind.code()};
        assertThatThrownBy(() -> decoder.wrap(bytes, 0, 1))
            .isInstanceOf(PgOutputException.class)
            .hasMessageStartingWith(
                kind.title()
                    + ": expected a message of protocol version "
                    + version
                    + ", not "
                    + kind.sinceVersion());
      }
    }
  }

  @Test
  void refusesPlacesOutsideOfTheArray() {
    PgOutputDecoder decoder = new PgOutputDecoder(1);

    assertThatThrownBy(() -> decoder.wrap(new byte[2], 1, 2))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> decoder.wrap(new byte[2], -1, 1))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void givesOnlyTheFlyweightThatWasWrapped() {
    PgOutputDecoder decoder = new PgOutputDecoder(4);
    Map<MessageKind, Runnable> accessors = accessors(decoder);
    accessors.forEach(
        (kind, accessor) ->
            assertThatThrownBy(accessor::run)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("no message is wrapped, asked for " + kind.title()));

    MessageWriter.message('B').int64(1).int64(2).int32(3).wrapWith(decoder);
    accessors.get(MessageKind.BEGIN).run();
    accessors.remove(MessageKind.BEGIN);
    accessors.forEach(
        (kind, accessor) ->
            assertThatThrownBy(accessor::run)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the wrapped message is Begin, asked for " + kind.title()));
  }

  @Test
  void wrapsNothingAfterARefusal() {
    PgOutputDecoder decoder = new PgOutputDecoder(1);
    MessageWriter.message('B').int64(1).int64(2).int32(3).wrapWith(decoder);
    assertThatThrownBy(() -> MessageWriter.message('B').wrapWith(decoder))
        .isInstanceOf(PgOutputException.class);

    assertThatThrownBy(decoder::begin)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("no message is wrapped, asked for Begin");
  }

  @Test
  void forgetsAnOpenStreamWhenReset() {
    PgOutputDecoder decoder = new PgOutputDecoder(2);
    MessageWriter.message('S').int32(7).int8(1).wrapWith(decoder);

    decoder.reset();

    assertThat(decoder.isInStream()).isFalse();
    assertThatThrownBy(decoder::streamStart).isInstanceOf(IllegalStateException.class);
    MessageWriter.message('I').int32(3).int8('N').int16(0).wrapWith(decoder);
    assertThat(decoder.insert().relationId()).isEqualTo(3);
  }

  private static Map<MessageKind, Runnable> accessors(PgOutputDecoder decoder) {
    Map<MessageKind, Runnable> accessors = new EnumMap<>(MessageKind.class);
    accessors.put(MessageKind.BEGIN, decoder::begin);
    accessors.put(MessageKind.COMMIT, decoder::commit);
    accessors.put(MessageKind.ORIGIN, decoder::origin);
    accessors.put(MessageKind.RELATION, decoder::relation);
    accessors.put(MessageKind.TYPE, decoder::type);
    accessors.put(MessageKind.INSERT, decoder::insert);
    accessors.put(MessageKind.UPDATE, decoder::update);
    accessors.put(MessageKind.DELETE, decoder::delete);
    accessors.put(MessageKind.TRUNCATE, decoder::truncate);
    accessors.put(MessageKind.MESSAGE, decoder::message);
    accessors.put(MessageKind.STREAM_START, decoder::streamStart);
    accessors.put(MessageKind.STREAM_COMMIT, decoder::streamCommit);
    accessors.put(MessageKind.STREAM_ABORT, decoder::streamAbort);
    accessors.put(MessageKind.BEGIN_PREPARE, decoder::beginPrepare);
    accessors.put(MessageKind.PREPARE, decoder::prepare);
    accessors.put(MessageKind.STREAM_PREPARE, decoder::streamPrepare);
    accessors.put(MessageKind.COMMIT_PREPARED, decoder::commitPrepared);
    accessors.put(MessageKind.ROLLBACK_PREPARED, decoder::rollbackPrepared);
    return accessors;
  }
}
