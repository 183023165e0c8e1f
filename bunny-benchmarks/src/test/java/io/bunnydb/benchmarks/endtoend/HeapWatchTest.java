package io.bunnydb.benchmarks.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.Reference;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class HeapWatchTest {
  private static final int KEPT_MIB = 32;

  @Test
  void tellsTheMostThatCollectionsHaveLeft() throws Exception {
    try (HeapWatch watch = new HeapWatch()) {
      collectWithSomethingKept();
      await(() -> watch.mostMib().orElse(0) >= KEPT_MIB);
      try (HeapWatch later = new HeapWatch()) {
        System.gc(); // by now nothing is kept
        await(() -> later.mostMib().isPresent());

        assertThat(later.mostMib().orElseThrow()).isPositive();
        assertThat(watch.mostMib().orElseThrow() - later.mostMib().orElseThrow())
            .isGreaterThan(KEPT_MIB / 2.0);
      }
    }
  }

  @Test
  void tellsNothingOfCollectionsBefore() throws Exception {
    try (HeapWatch before = new HeapWatch()) {
      collectWithSomethingKept();
      try (HeapWatch watch = new HeapWatch()) {
        await(() -> before.mostMib().orElse(0) >= KEPT_MIB); // so both have been told
        assertThat(watch.mostMib().orElse(0)).isLessThan(KEPT_MIB);
      }
    }
  }

  private static void await(Pause.Condition condition) throws SQLException {
    Pause.until("the collection is told", Duration.ofSeconds(30), 5, condition);
  }

  private static void collectWithSomethingKept() {
    byte[] kept = new byte[KEPT_MIB << 20];
    try {
      System.gc();
    } finally {
      Reference.reachabilityFence(kept);
    }
  }
}
