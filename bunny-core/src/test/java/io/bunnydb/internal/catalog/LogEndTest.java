package io.bunnydb.internal.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.Lsn;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where the log ends, when the insert position lies behind a page's header. */
final class LogEndTest {
  private static final long SEGMENT = 16L << 20;

  @ParameterizedTest
  @CsvSource({
    "0/680E018, 0/680E000",
    // A record of the page before ends here.
    "0/680E028, 0/680E028",
    "0/7000028, 0/7000000",
    "0/680E030, 0/680E030",
    "0/680E000, 0/680E000",
    "5/FF000028, 5/FF000000",
  })
  void isTheStartOfAPageWhoseHeaderAloneIsThere(String inserted, String end) {
    assertThat(Catalog.withoutPageHeader(Lsn.parse(inserted), SEGMENT)).isEqualTo(Lsn.parse(end));
  }
}
