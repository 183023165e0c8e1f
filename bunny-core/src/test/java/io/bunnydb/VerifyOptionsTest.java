package io.bunnydb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.TableVerification.Outcome;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class VerifyOptionsTest {

  @Test
  void changesOneOptionAtATime() {
    assertThat(
            VerifyOptions.defaults()
                .rowsPerRange(200)
                .workShare(0.1)
                .listedRows(5)
                .patience(Duration.ofSeconds(1))
                .deletesAdditional(false))
        .isEqualTo(new VerifyOptions(200, 0.1, 5, Duration.ofSeconds(1), false));
  }

  @Test
  void refusesWhatCannotBe() {
    VerifyOptions options = VerifyOptions.defaults();
    assertThatThrownBy(() -> options.rowsPerRange(99)).hasMessageContaining("not 99");
    assertThatThrownBy(() -> options.workShare(0)).hasMessageContaining("not 0.0");
    assertThatThrownBy(() -> options.workShare(Double.NaN)).hasMessageContaining("not NaN");
    assertThatThrownBy(() -> options.listedRows(-1)).hasMessageContaining("not -1");
    assertThatThrownBy(() -> options.patience(Duration.ofMillis(-1)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void reportTellsTheTableInOneLine() {
    TableName name = TableName.parse("public.a");
    TableVerification table =
        new TableVerification(
            name,
            name,
            Outcome.DIFFERENT,
            10,
            9,
            1,
            2,
            1,
            0,
            0,
            0,
            List.of(new RowDifference(RowDifference.Kind.MISSING, Map.of("id", "5"))),
            Lsn.ZERO,
            Duration.ZERO,
            "resync it");
    assertThat(table)
        .hasToString("public.a: DIFFERENT, rows 10 / 9, 2 missing, 1 additional; resync it");
    assertThat(table.rows().get(0)).hasToString("MISSING {id=5}");
    assertThat(new VerifyReport(List.of(table)).matches()).isFalse();
    assertThatThrownBy(() -> new VerifyReport(List.of(table)).table(TableName.parse("public.b")))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
