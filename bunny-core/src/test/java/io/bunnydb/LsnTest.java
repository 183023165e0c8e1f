package io.bunnydb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Positions are unsigned 64-bit numbers, written as PostgreSQL writes them. */
final class LsnTest {
  private static final Lsn LAST = new Lsn(-1);

  @Test
  void readsAndWritesPostgresForm() {
    assertThat(Lsn.parse("16/B374D848")).isEqualTo(new Lsn(0x16_B374D848L));
    assertThat(Lsn.parse("16/b374d848")).hasToString("16/B374D848");
    assertThat(Lsn.parse("00000001/00000002")).hasToString("1/2");
    assertThat(Lsn.parse("0/0")).isEqualTo(Lsn.ZERO).hasToString("0/0");
    assertThat(Lsn.parse("FFFFFFFF/FFFFFFFF")).isEqualTo(LAST).hasToString("FFFFFFFF/FFFFFFFF");
    assertThat(Lsn.parse("0/FFFFFFFF")).isEqualTo(new Lsn(0xFFFF_FFFFL));
    assertThat(Lsn.parse("80000000/0")).isEqualTo(new Lsn(Long.MIN_VALUE));
  }

  @Test
  void everyPositionReadsBack() {
    Random random = new Random(4711);
    for (int i = 0; i < 10_000; i++) {
      Lsn lsn = new Lsn(random.nextLong() >>> random.nextInt(64));
      assertThat(Lsn.parse(lsn.toString())).isEqualTo(lsn);
    }
  }

  @ParameterizedTest(name = "{index}")
  @ValueSource(
      strings = {
        "",
        "/",
        "1",
        "1/",
        "/1",
        "G/0",
        "1/2/3",
        "123456789/0",
        "0/123456789",
        " 0/1",
        "0/1 ",
        "-1/0",
        "+1/0",
        "0x1/2",
        "1/2\n",
        "١/٢"
      })
  void refusesOtherText(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Lsn.parse(text))
        .withMessageContaining("16/B374D848")
        .withMessageEndingWith(text);
  }

  @Test
  void ordersUnsigned() {
    Lsn middle = new Lsn(Long.MAX_VALUE);
    Lsn beyond = new Lsn(Long.MIN_VALUE);
    assertThat(List.of(LAST, beyond, Lsn.ZERO, middle).stream().sorted())
        .containsExactly(Lsn.ZERO, middle, beyond, LAST);
    assertThat(middle.isBefore(beyond)).isTrue();
    assertThat(beyond.isBefore(middle)).isFalse();
    assertThat(beyond.isAfter(middle)).isTrue();
    assertThat(middle.isBefore(middle)).isFalse();
    assertThat(middle.isAfter(middle)).isFalse();
    assertThat(Lsn.min(beyond, middle)).isEqualTo(Lsn.min(middle, beyond)).isEqualTo(middle);
    assertThat(Lsn.max(beyond, middle)).isEqualTo(Lsn.max(middle, beyond)).isEqualTo(beyond);
  }

  @Test
  void countsBytesForwardsAlone() {
    assertThat(new Lsn(110).bytesSince(new Lsn(100))).isEqualTo(10);
    assertThat(new Lsn(100).bytesSince(new Lsn(110))).isZero();
    assertThat(new Lsn(100).bytesSince(new Lsn(100))).isZero();
    assertThat(new Lsn(Long.MIN_VALUE).bytesSince(new Lsn(Long.MAX_VALUE))).isEqualTo(1);
  }
}
