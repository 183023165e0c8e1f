package io.bunnydb.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.TableName;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class TablesInUseTest {
  private static final TableName A = TableName.parse("public.a");
  private static final TableName B = TableName.parse("public.b");

  private final TablesInUse tables = new TablesInUse();

  @Test
  void waitsGrowForATableThatStaysInUse() {
    long now = 0;
    long stoodStill = 0;
    for (long expected : new long[] {5, 10, 20, 40, 80, 160, 320, 640, 900, 900}) {
      assertThat(tables.add(A, now)).isEqualTo(expected);
      assertThat(tables.add(A, now)).as("several changes of one table").isZero();
      assertThat(tables.untilDue(now)).hasValue(expected);
      assertThat(tables.due(now + expected - 1)).isEmpty();
      now += expected;
      assertThat(tables.due(now)).containsExactly(A);
      stoodStill += 2;
    }
    assertThat(stoodStill * 100).isLessThan(now);
  }

  @Test
  void whatWasAlteredIsForgotten() {
    tables.add(A, 0);
    tables.add(B, 3);
    assertThat(tables.untilDue(4)).hasValue(1);
    Set<TableName> due = tables.due(9);
    assertThat(due).containsExactlyInAnyOrder(A, B);
    tables.add(B, 9);
    tables.remove(due, 9);
    assertThat(tables.has(A)).isFalse();
    assertThat(tables.has(B)).isTrue();
    assertThat(tables.add(A, 9)).isEqualTo(5);
    assertThat(tables.untilDue(9)).hasValue(5);
    tables.clear();
    assertThat(tables.untilDue(9)).isEmpty();
  }
}
