package io.bunnydb.pgoutput;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class TupleTest {

  private final PgOutputDecoder decoder = new PgOutputDecoder(1);

  @Test
  void walksEachKindOfColumn() {
    Tuple tuple =
        wrap(
            columns(5)
                .nullColumn()
                .unchangedColumn()
                .textColumn("größe")
                .binaryColumn((byte) 1, (byte) -1)
                .textColumn(""));

    assertThat(tuple.columnCount()).isEqualTo(5);
    assertThat(tuple.index()).isEqualTo(-1);
    assertThat(tuple.next()).isTrue();
    assertThat(tuple.index()).isZero();
    assertThat(tuple.kind()).isEqualTo(ValueKind.NULL);
    assertThat(tuple.hasValue()).isFalse();
    assertThat(tuple.next()).isTrue();
    assertThat(tuple.kind()).isEqualTo(ValueKind.UNCHANGED);
    assertThat(tuple.hasValue()).isFalse();
    assertThat(tuple.next()).isTrue();
    assertThat(tuple.kind()).isEqualTo(ValueKind.TEXT);
    assertThat(tuple.hasValue()).isTrue();
    assertThat(tuple.string()).isEqualTo("größe");
    assertThat(tuple.next()).isTrue();
    assertThat(tuple.kind()).isEqualTo(ValueKind.BINARY);
    assertThat(tuple.length()).isEqualTo(2);
    assertThat(tuple.bytes()[tuple.valueOffset() + 1]).isEqualTo((byte) -1);
    assertThat(tuple.next()).isTrue();
    assertThat(tuple.index()).isEqualTo(4);
    assertThat(tuple.hasValue()).isTrue();
    assertThat(tuple.length()).isZero();
    assertThat(tuple.string()).isEmpty();
    assertThat(tuple.next()).isFalse();
    assertThat(tuple.next()).isFalse();
    assertThat(tuple.index()).isEqualTo(5);
  }

  @Test
  void givesTheValueInFourForms() {
    Tuple tuple = wrap(columns(1).textColumn("bunny"));
    assertThat(tuple.next()).isTrue();
    byte[] copy = new byte[7];

    assertThat(tuple.length()).isEqualTo(5);
    assertThat(tuple.copy(copy, 1)).isEqualTo(5);
    assertThat(copy).isEqualTo("\0bunny\0".getBytes(StandardCharsets.UTF_8));
    assertThat(new String(tuple.bytes(), tuple.valueOffset(), 5, StandardCharsets.UTF_8))
        .isEqualTo("bunny");
    assertThat(tuple.string()).isEqualTo("bunny");
    assertThatThrownBy(() -> tuple.copy(copy, 3)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void rewindsFromAnywhere() {
    Tuple tuple = wrap(columns(2).textColumn("a").textColumn("b"));

    for (int steps = 0; steps < 4; steps++) {
      for (int i = 0; i < steps; i++) {
        tuple.next();
      }
      tuple.rewind();
      assertThat(tuple.index()).isEqualTo(-1);
      assertThat(tuple.next()).isTrue();
      assertThat(tuple.string()).isEqualTo("a");
      tuple.rewind();
    }
  }

  @Test
  void standsInFrontOfTheFirstColumnAfterEachWrap() {
    Tuple tuple = wrap(columns(1).textColumn("a"));
    tuple.next();
    wrap(columns(1).textColumn("b"));

    assertThat(tuple.index()).isEqualTo(-1);
    assertThat(tuple.hasValue()).isFalse();
    tuple.next();
    assertThat(tuple.string()).isEqualTo("b");
  }

  @Test
  void hasNoColumns() {
    assertThat(wrap(columns(0)).next()).isFalse();
  }

  @Test
  void refusesTheValueOfAColumnWithoutOne() {
    Tuple tuple = wrap(columns(2).nullColumn().unchangedColumn());

    tuple.next();
    assertThatThrownBy(tuple::length)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("column 0 is NULL and has no value");
    tuple.next();
    assertThatThrownBy(tuple::string)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("column 1 is UNCHANGED and has no value");
    assertThatThrownBy(tuple::valueOffset).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> tuple.copy(new byte[9], 0)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void refusesToReadNoColumn() {
    Tuple tuple = wrap(columns(1).textColumn("a"));

    assertThatThrownBy(tuple::kind)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the cursor stands on no column: next() was not called");
    tuple.next();
    tuple.next();
    assertThatThrownBy(tuple::string)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the cursor stands on no column: next() returned false");
  }

  @Test
  void refusesTextThatIsNotUtf8() {
    Tuple tuple = wrap(columns(1).int8('t').int32(3).int8('a').int8(0xFF).int8('b'));
    tuple.next();

    assertThat(tuple.length()).isEqualTo(3);
    assertThatThrownBy(tuple::string)
        .isInstanceOf(PgOutputException.class)
        .hasMessage("expected UTF-8, found other bytes in a string of 3 bytes at offset 13");
  }

  @Test
  void refusesAnUnknownColumnKind() {
    assertRefused(
        columns(2).nullColumn().int8('x'),
        "Insert: expected column kind 'n', 'u', 't' or 'b', found 0x78 'x' at offset 9");
  }

  @Test
  void refusesWrongLengthsAndCounts() {
    assertRefused(columns(-1), "Insert: expected column count of at least 0, found -1 at offset 6");
    assertRefused(
        columns(2).nullColumn(), "Insert: expected 1 bytes of column kind, found 0 at offset 9");
    assertRefused(
        columns(1).nullColumn().nullColumn(),
        "Insert: expected the end, found 1 more bytes at offset 9");
    assertRefused(
        columns(1).int8('t').int32(-1),
        "Insert: expected value length of at least 0, found -1 at offset 9");
    assertRefused(
        columns(1).int8('t').int16(0),
        "Insert: expected 4 bytes of value length, found 2 at offset 9");
    assertRefused(
        columns(1).int8('b').int32(Integer.MAX_VALUE).int8(1),
        "Insert: expected 2147483647 bytes of value, found 1 at offset 13");
  }

  @Test
  void readsValuesOfAnyLength() {
    for (int length : new int[] {0, 1, 2, 3, 4, 255, 256, 257, 511, 65_535, 65_536, 1 << 24}) {
      String text = "x".repeat(length);
      Tuple tuple =
          wrap(columns(3).textColumn(text).binaryColumn(new byte[length]).textColumn(text));

      assertThat(tuple.next()).isTrue();
      assertThat(tuple.string()).isEqualTo(text);
      assertThat(tuple.next()).isTrue();
      assertThat(tuple.kind()).isEqualTo(ValueKind.BINARY);
      assertThat(tuple.length()).isEqualTo(length);
      assertThat(tuple.next()).isTrue();
      assertThat(tuple.kind()).isEqualTo(ValueKind.TEXT);
      assertThat(tuple.string()).isEqualTo(text);
      assertThat(tuple.next()).isFalse();
    }
  }

  @Test
  void readsManyColumns() {
    MessageWriter insert = columns(1_600);
    for (int i = 0; i < 1_600; i++) {
      insert.textColumn(Integer.toString(i));
    }
    Tuple tuple = wrap(insert);

    for (int i = 0; i < 1_600; i++) {
      assertThat(tuple.next()).isTrue();
      assertThat(tuple.string()).isEqualTo(Integer.toString(i));
    }
    assertThat(tuple.next()).isFalse();
  }

  @Test
  void refusesValuesThatReachIntoTheNextMessage() {
    byte[] whole = columns(2).textColumn("one").textColumn("two").toBytes();
    byte[] followed = Arrays.copyOf(whole, whole.length + 300);
    for (int length = whole.length - 1; length > 8; length--) {
      int cut = length;
      assertThatThrownBy(() -> decoder.wrap(followed, 0, cut))
          .as("%d of %d bytes", length, whole.length)
          .isInstanceOf(PgOutputException.class)
          .hasMessageMatching("Insert: expected \\d bytes of .*, found \\d+ at offset \\d+");
    }
  }

  private static MessageWriter columns(int count) {
    return MessageWriter.message('I').int32(1).int8('N').int16(count);
  }

  private Tuple wrap(MessageWriter insert) {
    assertThat(insert.wrapWith(decoder)).isEqualTo(MessageKind.INSERT);
    return decoder.insert().newTuple();
  }

  private void assertRefused(MessageWriter message, String why) {
    assertThatThrownBy(() -> message.wrapWith(decoder))
        .isInstanceOf(PgOutputException.class)
        .hasMessage(why);
  }
}
