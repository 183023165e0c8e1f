package io.bunnydb.internal.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class WireTypeTest {

  /** An infinite interval of 17 is a finite one of 16, which 14 cannot even show. */
  @ParameterizedTest
  @CsvSource({
    "14, 14, true",
    "14, 15, false",
    "15, 16, true",
    "16, 17, false",
    "17, 18, true",
    "18, 14, false"
  })
  void tellsVersionsApartThatReadIntervalsDifferently(int one, int other, boolean areAlike) {
    assertThat(WireType.areIntervalsAlike(one, other)).isEqualTo(areAlike);
  }
}
