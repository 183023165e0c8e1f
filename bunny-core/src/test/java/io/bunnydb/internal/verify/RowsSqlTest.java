package io.bunnydb.internal.verify;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RowsSqlTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      quoteCharacter = '`',
      value = {
        "j ? 'a'                # j ?? 'a'",
        "j ?| ARRAY['?', 'it''s ?'] # j ??| ARRAY['?', 'it''s ?']",
        "\"what?\" = E'\\'?' AND j ? 'b' # \"what?\" = E'\\'?' AND j ?? 'b'",
        "t = $q$ ? $$ ? $q$ OR j ? t # t = $q$ ? $$ ? $q$ OR j ?? t",
        "id > 1 /* ? */ AND j ? 'c' # id > 1 /* ? */ AND j ?? 'c'",
        "id > 10                # id > 10"
      })
  void questionMarksOfAFilterAreNoParameters(String filter, String expected) {
    assertThat(RowsSql.withoutParameters(filter)).isEqualTo(expected);
  }
}
