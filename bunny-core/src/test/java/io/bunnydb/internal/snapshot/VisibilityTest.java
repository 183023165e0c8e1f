package io.bunnydb.internal.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class VisibilityTest {

  @Test
  void conditionHasNumbersOf32Bits() {
    assertThat(Visibility.parse("10:20:").conditionSql())
        .isEqualTo(
            "(xmin::text::bigint < 3 OR"
                + " ((xmin::text::bigint - 20 + 4294967296) % 4294967296 >= 2147483648))");
    assertThat(Visibility.parse("4294967300:4294967306:4294967301,4294967305").conditionSql())
        .isEqualTo(
            "(xmin::text::bigint < 3 OR"
                + " ((xmin::text::bigint - 10 + 4294967296) % 4294967296 >= 2147483648"
                + " AND xmin::text::bigint NOT IN (5, 9)))");
  }

  @Test
  void reachesToSnapshotsThatAreNotMuchLaterAndToNoEarlierOne() {
    Visibility then = Visibility.parse("10:20:");
    assertThat(then.reachesTo(then)).isTrue();
    assertThat(then.reachesTo(Visibility.parse("19:19:"))).isFalse();
    assertThat(then.reachesTo(Visibility.parse("20:1073741844:"))).isTrue();
    assertThat(then.reachesTo(Visibility.parse("20:1073741845:"))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "10:20", "10:x:", "10:20:1;2"})
  void refusesWhatIsNoSnapshot(String text) {
    assertThatThrownBy(() -> Visibility.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }
}
