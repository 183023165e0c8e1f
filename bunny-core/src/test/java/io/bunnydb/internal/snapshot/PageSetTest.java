package io.bunnydb.internal.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PageSetTest {
  private static final int PAGES = 40;

  @Test
  void neighboursBecomeOneRange() {
    PageSet pages = PageSet.parse("0-5,9-12");
    assertThat(pages.plus(new PageRange(5, 9))).hasToString("0-12");
    assertThat(pages.plus(new PageRange(20, PageRange.OPEN))).hasToString("0-5,9-12,20-");
    assertThat(pages.plus(new PageRange(12, PageRange.OPEN))).hasToString("0-5,9-");
    assertThat(pages.plus(PageRange.WHOLE)).hasToString("0-");
  }

  @Test
  void openRangesReachAsFarAsTheTableDoes() {
    PageSet pages = PageSet.parse("3-");
    assertThat(pages.minus(new PageRange(5, 7))).hasToString("3-5,7-");
    assertThat(pages.minus(new PageRange(5, PageRange.OPEN))).hasToString("3-5");
    assertThat(pages.minus(PageRange.WHOLE).isEmpty()).isTrue();
    assertThat(pages.within(new PageRange(0, 4))).hasToString("3-4");
    assertThat(pages.within(PageRange.WHOLE)).isEqualTo(pages);
  }

  /** Against a set of single pages; what lies behind the last of them stands for the rest. */
  @Test
  void holdsTheSamePagesAsASetOfSinglePages() {
    Random random = new Random(7);
    PageSet pages = PageSet.NONE;
    BitSet expected = new BitSet();
    for (int i = 0; i < 2000; i++) {
      int first = random.nextInt(PAGES);
      int end = first + 1 + random.nextInt(PAGES - first);
      PageRange range = new PageRange(first, end == PAGES ? PageRange.OPEN : end);
      if (random.nextBoolean()) {
        pages = pages.plus(range);
        expected.set(first, end);
      } else {
        pages = pages.minus(range);
        expected.clear(first, end);
      }
      assertThat(bits(pages)).isEqualTo(expected);
      assertThat(PageSet.parse(pages.toString())).isEqualTo(pages);
      BitSet inside = new BitSet();
      inside.set(first, end);
      inside.and(expected);
      assertThat(bits(pages.within(range))).isEqualTo(inside);
    }
  }

  private static BitSet bits(PageSet pages) {
    BitSet bits = new BitSet();
    long last = -1;
    for (PageRange range : pages.ranges()) {
      assertThat(range.first()).isGreaterThan(last);
      last = range.limit();
      bits.set((int) range.first(), (int) Math.min(PAGES, range.limit()));
    }
    return bits;
  }

  @ParameterizedTest
  @ValueSource(strings = {"7", "a-b", "1-2;3-4", ","})
  void refusesWhatIsNoSet(String text) {
    assertThatThrownBy(() -> PageSet.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }
}
