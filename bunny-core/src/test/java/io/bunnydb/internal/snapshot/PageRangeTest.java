package io.bunnydb.internal.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class PageRangeTest {

  @Test
  void smallTableIsOneRangeWithoutCondition() {
    for (long pages : new long[] {0, 1, 10}) {
      assertThat(PageRange.split(pages, 10)).containsExactly(PageRange.WHOLE);
    }
    assertThat(PageRange.WHOLE.conditionSql()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"11, 10, 2", "20, 10, 2", "21, 10, 3", "5, 1, 5", "4294967294, 1000000, 4295"})
  void rangesLieNextToEachOtherAndTheLastIsOpen(long pages, long most, int count) {
    List<PageRange> ranges = PageRange.split(pages, most);
    assertThat(ranges).hasSize(count);
    assertThat(ranges.get(0).first()).isZero();
    for (int i = 1; i < count; i++) {
      assertThat(ranges.get(i).first()).isEqualTo(ranges.get(i - 1).end());
      assertThat(ranges.get(i - 1).end() - ranges.get(i - 1).first()).isBetween(1L, most);
    }
    assertThat(ranges.get(count - 1).end()).isEqualTo(PageRange.OPEN);
    assertThat(pages - ranges.get(count - 1).first()).isBetween(1L, most);
  }

  @Test
  void conditionNamesWhatBoundsTheRange() {
    assertThat(new PageRange(0, 7).conditionSql()).isEqualTo("ctid < '(7,0)'");
    assertThat(new PageRange(7, 9).conditionSql()).isEqualTo("ctid >= '(7,0)' AND ctid < '(9,0)'");
    assertThat(new PageRange(9, PageRange.OPEN).conditionSql()).isEqualTo("ctid >= '(9,0)'");
  }
}
