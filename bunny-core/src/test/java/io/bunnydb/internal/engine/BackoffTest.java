package io.bunnydb.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class BackoffTest {

  @Test
  void waitsGrowToHalfAMinuteWithJitter() {
    Backoff backoff = new Backoff();
    for (long nominal : new long[] {100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600}) {
      assertThat(backoff.next())
          .isBetween(Duration.ofMillis(nominal / 2), Duration.ofMillis(nominal));
    }
    Set<Duration> waits = new HashSet<>();
    for (int i = 0; i < 100; i++) {
      Duration wait = backoff.next();
      assertThat(wait).isBetween(Duration.ofSeconds(15), Duration.ofSeconds(30));
      waits.add(wait);
    }
    assertThat(waits).hasSizeGreaterThan(10);
    backoff.reset();
    assertThat(backoff.next()).isLessThanOrEqualTo(Duration.ofMillis(100));
  }
}
