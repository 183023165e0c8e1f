package io.bunnydb.internal.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The time to a slot's loss, from readings at given times. */
final class WalHeadroomTest {
  private static final long MIB = 1 << 20;

  private final WalHeadroom headroom = new WalHeadroom();

  private void add(double seconds, long bytes) {
    headroom.add(-TimeUnit.HOURS.toNanos(1) + (long) (seconds * 1e9), bytes);
  }

  private static void assertNear(Duration actual, long seconds, double tolerance) {
    assertThat((double) actual.toSeconds())
        .isBetween(seconds * (1 - tolerance), seconds * (1 + tolerance));
  }

  private Duration timeLeft(long bytes) {
    Duration left = headroom.timeLeft(bytes);
    assertThat(left).isNotNull();
    return Objects.requireNonNull(left);
  }

  @Test
  void steadyPaceGivesTheTime() {
    for (int i = 0; i <= 60; i++) {
      add(i, 1000 * MIB - i * MIB);
    }
    assertNear(timeLeft(940 * MIB), 940, 0.01);
  }

  @Test
  void fewSecondsTellNothing() {
    add(0, 1000 * MIB);
    add(2, 990 * MIB);
    add(4, 980 * MIB);
    assertThat(headroom.timeLeft(980 * MIB)).isNull();
    add(6, 970 * MIB);
    assertNear(timeLeft(970 * MIB), 194, 0.01);
  }

  @Test
  void whatDoesNotFallIsNotLost() {
    for (int i = 0; i <= 30; i++) {
      add(2 * i, 1000 * MIB);
    }
    assertThat(headroom.timeLeft(1000 * MIB)).isNull();
    for (int i = 31; i <= 120; i++) {
      add(2 * i, 1000 * MIB + i * MIB);
    }
    assertThat(headroom.timeLeft(1000 * MIB)).isNull();
  }

  @Test
  void burstsAndLateReadingsDoNotTurnItOver() {
    Random random = new Random(5);
    long left = 4000 * MIB;
    double at = 0;
    for (int i = 0; i < 100; i++) {
      double pause = 2 + random.nextDouble();
      at += pause;
      left -= (long) (pause * MIB);
      // Now and then a burst, which is read too early or too late.
      long jitter = i % 10 == 0 ? (random.nextBoolean() ? 200 : -200) * MIB : 0;
      add(at, left + jitter);
    }
    assertNear(timeLeft(1000 * MIB), 1000, 0.15);
  }

  @Test
  void oldReadingsAreForgotten() {
    for (int i = 0; i < 120; i++) {
      add(2 * i, 10_000 * MIB - 20L * i * MIB);
    }
    for (int i = 0; i <= 150; i++) {
      add(240 + 2 * i, 7000 * MIB - 2L * i * MIB);
    }
    assertNear(timeLeft(6700 * MIB), 6700, 0.01);
  }

  @Test
  void nothingLeftIsNoTime() {
    for (int i = 0; i <= 10; i++) {
      add(2 * i, 10 * MIB - 2L * i * MIB);
    }
    assertThat(headroom.timeLeft(-10 * MIB)).isEqualTo(Duration.ZERO);
  }

  @Test
  void clearedItKnowsNothing() {
    for (int i = 0; i <= 10; i++) {
      add(2 * i, 1000 * MIB - i * MIB);
    }
    headroom.clear();
    assertThat(headroom.timeLeft(MIB)).isNull();
    add(30, 900 * MIB);
    assertThat(headroom.timeLeft(MIB)).isNull();
  }
}
