package io.bunnydb.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.bunnydb.Finding;
import io.bunnydb.PreflightException;
import io.bunnydb.Severity;
import io.bunnydb.SlotLostException;
import io.bunnydb.TableName;
import java.util.List;
import org.junit.jupiter.api.Test;

final class FindingsTest {
  private static final TableName TABLE = TableName.parse("s.t");

  private final Findings findings = new Findings();

  @Test
  void refusesForEachErrorAndNothingElse() {
    findings.note(null, "known", "");
    findings.warning(TABLE, "slow", "add a key");
    findings.refuse("m");
    assertThat(findings.hasErrors()).isFalse();

    findings.error(TABLE, "gone", "bring it back");
    findings.addAll(List.of(new Finding(Severity.ERROR, null, "full", "drop a slot")));
    assertThat(findings.errorCount()).isEqualTo(2);
    assertThatExceptionOfType(PreflightException.class)
        .isThrownBy(() -> findings.refuse("m"))
        .withMessage(
            "mirror 'm': refused, nothing was created: gone; bring it back; full; drop a slot")
        .extracting(PreflightException::problems)
        .isEqualTo(List.of("gone; bring it back", "full; drop a slot"));
  }

  @Test
  void keepsTheOrder() {
    findings.warning(TABLE, "slow", "add a key");
    findings.error(null, "gone", "bring it back");
    findings.note(TABLE, "known", "");
    assertThat(findings.all())
        .extracting(Finding::severity)
        .containsExactly(Severity.WARNING, Severity.ERROR, Severity.NOTE);
    assertThat(findings.of(Severity.WARNING)).containsExactly("slow; add a key");
  }

  @Test
  void refusalBecomesAnErrorWithItsCure() {
    assertThat(KnownMirror.refusal(new SlotLostException("m", "it is gone; drop(); start", null)))
        .isEqualTo(new Finding(Severity.ERROR, null, "it is gone", "drop(); start"));
    assertThat(KnownMirror.refusal(new SlotLostException("m", "it is gone", null)).what())
        .isEqualTo("it is gone");
  }

  @Test
  void plannedStatementsAreOnceEachAndIndexesLast() {
    PlannedSql sql = new PlannedSql();
    sql.onDestination(List.of("schema", "table a"));
    sql.afterRows(List.of("index a"));
    sql.onDestination(List.of("schema", "table b"));
    sql.afterRows(List.of("index b"));
    sql.onSource("publication");
    assertThat(sql.destination())
        .containsExactly("schema", "table a", "table b", "index a", "index b");
    assertThat(sql.source()).containsExactly("publication");
  }
}
