package io.bunnydb.internal.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class KeptRowsTest {
  private static final Visibility FIRST = Visibility.parse("10:20:11,12");
  private static final Visibility SECOND = Visibility.parse("25:30:");

  @Test
  void rangesGoFromPartToPartAndRowsAddUp() {
    KeptRows kept =
        KeptRows.none("basis")
            .with(FIRST, new PageRange(0, 5), 50, 500)
            .with(FIRST, new PageRange(9, PageRange.OPEN), 10, 100);
    assertThat(kept).hasToString("1 basis 60 600 10:20:11,12=0-5,9-");
    KeptRows moved = kept.reducedTo(55).with(SECOND, new PageRange(3, 9), 7, 70);
    assertThat(moved).hasToString("1 basis 62 620 10:20:11,12=0-3,9- 25:30:=3-9");
    KeptRows all =
        moved
            .with(SECOND, new PageRange(0, 3), 0, 0)
            .with(SECOND, new PageRange(9, PageRange.OPEN), 1, 10);
    assertThat(all).hasToString("1 basis 63 630 25:30:=0-");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"1 b 0 0", "1 b 60 600 10:20:11,12=0-5,9-", "1 b 7 8 10:20:=0-3 25:30:26=3-9"})
  void readsWhatItWrites(String text) {
    assertThat(KeptRows.parse(text)).hasToString(text);
    assertThat(KeptRows.parse(text)).isEqualTo(KeptRows.parse(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "1 b 0", "2 b 0 0", "1 b x 0", "1 b 0 0 10:20:", "1 b 0 0 10=0-5"})
  void refusesWhatIsOfAnotherVersion(String text) {
    assertThatThrownBy(() -> KeptRows.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void missingIsWhatLiesInNoPartOrIsNewerThanIt() {
    KeptRows kept =
        KeptRows.none("basis")
            .with(FIRST, new PageRange(0, 5), 50, 500)
            .with(SECOND, new PageRange(7, PageRange.OPEN), 10, 100);
    assertThat(kept.conditionOfMissing(new PageRange(5, 7)))
        .isEqualTo("ctid >= '(5,0)' AND ctid < '(7,0)'");
    assertThat(kept.conditionOfMissing(new PageRange(4, 8)))
        .isEqualTo(
            "ctid >= '(4,0)' AND ctid < '(8,0)' AND NOT ("
                + "(ctid >= '(4,0)' AND ctid < '(5,0)' AND "
                + FIRST.conditionSql()
                + ") OR (ctid >= '(7,0)' AND ctid < '(8,0)' AND "
                + SECOND.conditionSql()
                + "))");
    assertThat(KeptRows.none("basis").conditionOfMissing(PageRange.WHOLE)).isEmpty();
    assertThat(
            KeptRows.none("basis")
                .with(FIRST, PageRange.WHOLE, 1, 1)
                .conditionOfMissing(PageRange.WHOLE))
        .isEqualTo("NOT ((" + FIRST.conditionSql() + "))");
  }
}
