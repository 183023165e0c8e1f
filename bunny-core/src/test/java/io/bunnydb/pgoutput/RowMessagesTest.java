package io.bunnydb.pgoutput;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** Insert, Update and Delete. */
final class RowMessagesTest {

  private final PgOutputDecoder decoder = new PgOutputDecoder(1);

  @Test
  void readsInsert() {
    one(MessageWriter.message('I').int32(0xFFFF_FFFFL).int8('N'), "a").wrapWith(decoder);

    assertThat(decoder.insert().xid()).isZero();
    assertThat(decoder.insert().relationId()).isEqualTo(4_294_967_295L);
    assertHolds(decoder.insert().newTuple(), "a");
  }

  @Test
  void readsUpdateWithoutOldTuple() {
    one(MessageWriter.message('U').int32(5).int8('N'), "a").wrapWith(decoder);

    Update update = decoder.update();
    assertThat(update.relationId()).isEqualTo(5);
    assertThat(update.hasOldTuple()).isFalse();
    assertThat(update.oldKind()).isEqualTo(OldTupleKind.NONE);
    assertThatThrownBy(update::oldTuple)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the Update has no old tuple: see hasOldTuple()");
    assertHolds(update.newTuple(), "a");
  }

  @Test
  void readsUpdateWithOldKey() {
    one(one(MessageWriter.message('U').int32(5).int8('K'), "k").int8('N'), "a").wrapWith(decoder);

    assertThat(decoder.update().hasOldTuple()).isTrue();
    assertThat(decoder.update().oldKind()).isEqualTo(OldTupleKind.KEY);
    assertHolds(decoder.update().oldTuple(), "k");
    assertHolds(decoder.update().newTuple(), "a");
  }

  @Test
  void readsUpdateWithOldTuple() {
    one(one(MessageWriter.message('U').int32(5).int8('O'), "o").int8('N'), "a").wrapWith(decoder);

    assertThat(decoder.update().oldKind()).isEqualTo(OldTupleKind.FULL);
    assertHolds(decoder.update().oldTuple(), "o");
  }

  @Test
  void forgetsTheOldTupleOfTheUpdateBefore() {
    one(one(MessageWriter.message('U').int32(5).int8('O'), "o").int8('N'), "a").wrapWith(decoder);
    one(MessageWriter.message('U').int32(5).int8('N'), "b").wrapWith(decoder);

    assertThat(decoder.update().hasOldTuple()).isFalse();
  }

  @Test
  void readsDelete() {
    one(MessageWriter.message('D').int32(5).int8('K'), "k").wrapWith(decoder);
    assertThat(decoder.delete().relationId()).isEqualTo(5);
    assertThat(decoder.delete().oldKind()).isEqualTo(OldTupleKind.KEY);
    assertHolds(decoder.delete().oldTuple(), "k");

    one(MessageWriter.message('D').int32(5).int8('O'), "o").wrapWith(decoder);
    assertThat(decoder.delete().oldKind()).isEqualTo(OldTupleKind.FULL);
    assertHolds(decoder.delete().oldTuple(), "o");
  }

  @Test
  void refusesUnknownTupleMarkers() {
    assertRefused(
        one(MessageWriter.message('I').int32(5).int8('K'), "a"),
        "Insert: expected new tuple 'N', found 0x4b 'K' at offset 5");
    assertRefused(
        one(MessageWriter.message('U').int32(5).int8(0), "a"),
        "Update: expected old key 'K', old tuple 'O' or new tuple 'N', found 0x0 at offset 5");
    assertRefused(
        one(one(MessageWriter.message('U').int32(5).int8('K'), "k").int8('K'), "a"),
        "Update: expected new tuple 'N', found 0x4b 'K' at offset 14");
    assertRefused(
        one(MessageWriter.message('D').int32(5).int8('N'), "a"),
        "Delete: expected old key 'K' or old tuple 'O', found 0x4e 'N' at offset 5");
  }

  @Test
  void refusesAnUpdateWithoutNewTuple() {
    assertRefused(
        one(MessageWriter.message('U').int32(5).int8('K'), "k"),
        "Update: expected 1 bytes of tuple marker, found 0 at offset 14");
  }

  private static MessageWriter one(MessageWriter message, String value) {
    return message.int16(1).textColumn(value);
  }

  private static void assertHolds(Tuple tuple, String value) {
    assertThat(tuple.columnCount()).isEqualTo(1);
    assertThat(tuple.next()).isTrue();
    assertThat(tuple.string()).isEqualTo(value);
    assertThat(tuple.next()).isFalse();
  }

  private void assertRefused(MessageWriter message, String why) {
    assertThatThrownBy(() -> message.wrapWith(decoder))
        .isInstanceOf(PgOutputException.class)
        .hasMessage(why);
  }
}
