package io.bunnydb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.SchemaChange.Outcome;
import org.junit.jupiter.api.Test;

/** What a change of the schema has to tell. */
final class SchemaChangeTest {
  private static final TableName TABLE = TableName.parse("public.a");

  @Test
  void tellsOutcomeSqlAndReason() {
    SchemaChange due = new SchemaChange(TABLE, "DROP x", Outcome.DUE, null);
    assertThat(due).hasToString("DUE DROP x");
    assertThat(due.with(Outcome.BY_HAND, "it is in use"))
        .hasToString("BY_HAND DROP x -- it is in use");
  }

  @Test
  void refusesWhatTellsNothing() {
    assertThatThrownBy(() -> new SchemaChange(TABLE, " ", Outcome.DUE, null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("public.a");
    assertThatThrownBy(() -> new SchemaChange(TABLE, "DROP x", Outcome.WAITS, null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("WAITS without a reason: DROP x");
    assertThatThrownBy(() -> new SchemaChange(TABLE, "DROP x", Outcome.BY_HAND, " "))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
