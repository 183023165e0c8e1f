package io.bunnydb.internal.verify;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class SnapshotTest {

  @Test
  void isOverWhenEachTransactionThatWroteHasEnded() {
    Snapshot then = Snapshot.parse("10:20:10,14");
    assertThat(then.isOver(Snapshot.parse("14:25:14,22"))).isFalse();
    assertThat(then.isOver(Snapshot.parse("16:25:16,22"))).isTrue();
    assertThat(then.isOver(then)).isFalse();
  }

  /** So the text does not tell that nobody writes: 20 may, and ended is 19. */
  @Test
  void listsNoneThatIsYoungerThanTheLastThatHasEnded() {
    assertThat(Snapshot.parse("20:20:").running()).isEmpty();
    assertThat(Snapshot.parse("20:22:20").running()).containsExactly("20");
  }
}
