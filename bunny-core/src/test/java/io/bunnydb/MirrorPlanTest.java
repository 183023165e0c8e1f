package io.bunnydb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a plan makes of its findings. */
final class MirrorPlanTest {
  private static final Finding NOTE = new Finding(Severity.NOTE, null, "it goes on", "");
  private static final Finding WARNING =
      new Finding(Severity.WARNING, TableName.parse("s.t"), "it is slow", "add a key");
  private static final Finding ERROR =
      new Finding(Severity.ERROR, TableName.parse("s.t"), "it is gone", "bring it back");

  private static MirrorPlan plan(Finding... findings) {
    return new MirrorPlan("m", true, List.of(findings), List.of(), List.of(), 0, 0);
  }

  @Test
  void errorsAloneMakeItImpossible() {
    MirrorPlan plan = plan(NOTE, ERROR, WARNING, NOTE);
    assertThat(plan.isPossible()).isFalse();
    assertThat(plan.errors()).containsExactly(ERROR);
    assertThat(plan.warnings()).containsExactly(WARNING);
    assertThat(plan.notes()).containsExactly(NOTE, NOTE);
    assertThat(plan(NOTE, WARNING).isPossible()).isTrue();
  }

  @Test
  void listsAreItsOwn() {
    List<Finding> findings = new ArrayList<>(List.of(NOTE));
    MirrorPlan plan = new MirrorPlan("m", true, findings, List.of(), List.of(), 0, 0);
    findings.add(ERROR);
    assertThat(plan.findings()).containsExactly(NOTE);
  }

  @Test
  void readsFromTheWorstDown() {
    MirrorPlan plan =
        new MirrorPlan(
            "m",
            false,
            List.of(NOTE, WARNING, ERROR),
            List.of("SELECT 1"),
            List.of("CREATE TABLE a (\n  n int)", "SELECT 2"),
            1_234_567,
            3_565_158);
    assertThat(plan)
        .hasToString(
            """
            mirror 'm', known: not possible
              ERROR   it is gone
                      -> bring it back
              WARNING it is slow
                      -> add a key
              NOTE    it goes on
              to copy: about 1,234,567 rows, 3.4 MB
              on the source:
                SELECT 1;
              on the destination:
                CREATE TABLE a (
                  n int);
                SELECT 2;
            """);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0 bytes",
    "1023, 1023 bytes",
    "1024, 1.0 kB",
    "1048576, 1.0 MB",
    "9223372036854775807, 8.0 EB"
  })
  void sizesAreReadable(long bytes, String text) {
    assertThat(new MirrorPlan("m", true, List.of(), List.of(), List.of(), 0, bytes))
        .hasToString("mirror 'm', new: possible\n  to copy: about 0 rows, " + text + "\n");
  }

  @Test
  void findingTellsItsCure() {
    assertThat(ERROR).hasToString("it is gone; bring it back");
    assertThat(NOTE).hasToString("it goes on");
  }

  @Test
  void findingWithoutCureIsANote() {
    for (Severity severity : List.of(Severity.ERROR, Severity.WARNING)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new Finding(severity, null, "it is gone", " "))
          .withMessageContaining("it is gone");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Finding(Severity.NOTE, null, " ", ""));
  }
}
