package io.bunnydb.internal.schema;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class ConstraintNoteTest {

  @Test
  void oddNamesComeBackAsTheyWere() {
    ConstraintNote note =
        new ConstraintNote(
            List.of("plain", "made ", "a \"quoted\", made \"one\""), List.of("made", "\"", "x\ny"));
    assertThat(ConstraintNote.parse(note.text())).isEqualTo(note);
    assertThat(note.names()).hasSize(6);
  }

  @Test
  void aNoteOfBeforeHasNoneThatWereMade() {
    assertThat(ConstraintNote.parse("\"a\", \"b\""))
        .isEqualTo(new ConstraintNote(List.of("a", "b"), List.of()));
  }

  @Test
  void whatWasMadeStaysUntilItIsDone() {
    ConstraintNote note = new ConstraintNote(List.of("a", "b", "c"), List.of());
    ConstraintNote made = note.with(List.of("b", "other"), List.of("c"));
    assertThat(made).isEqualTo(new ConstraintNote(List.of("a"), List.of("b")));
    assertThat(made.with(List.of("b"), List.of())).isEqualTo(made);
    assertThat(made.with(List.of(), List.of("a", "b"))).isEqualTo(ConstraintNote.NONE);
  }
}
