package io.bunnydb.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.PauseAction;
import io.bunnydb.PauseBand;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class PauseWatchTest {
  private static final Instant BEGIN = Instant.parse("2026-02-28T12:00:00.123456Z");

  private static Instant after(String length) {
    return BEGIN.plus(Duration.parse(length));
  }

  private static PauseWatch paused(@Nullable PausePolicy policy) {
    PauseWatch watch = new PauseWatch(policy);
    watch.begins(BEGIN);
    return watch;
  }

  @Test
  void tellsEachBandOnceAndAtItsTime() {
    PauseWatch watch = paused(null);
    assertThat(watch.untilNext(BEGIN)).isZero();
    assertThat(watch.newBand(BEGIN)).isEqualTo(PauseBand.SHORT);
    assertThat(watch.newBand(after("PT59M59.999S"))).isNull();
    assertThat(watch.untilNext(after("PT59M"))).isEqualTo(Duration.parse("PT1M"));
    assertThat(watch.newBand(after("PT1H"))).isEqualTo(PauseBand.MEDIUM);
    assertThat(watch.newBand(after("PT7H59M59S"))).isNull();
    assertThat(watch.untilNext(after("PT1H"))).isEqualTo(Duration.parse("PT7H"));
    assertThat(watch.newBand(after("PT8H"))).isEqualTo(PauseBand.LONG);
    assertThat(watch.newBand(after("P30D"))).isNull();
    assertThat(watch.length(after("P30D"))).isEqualTo(Duration.parse("P30D"));
  }

  @Test
  void tellsTheBandOfAPauseThatWasBegunLongAgo() {
    PauseWatch watch = paused(null);
    assertThat(watch.newBand(after("PT9H"))).isEqualTo(PauseBand.LONG);
    assertThat(watch.newBand(after("PT10H"))).isNull();
  }

  @Test
  void eachPauseIsToldOfAnew() {
    PauseWatch watch = paused(null);
    assertThat(watch.newBand(after("PT2H"))).isEqualTo(PauseBand.MEDIUM);
    watch.ends();
    assertThat(watch.since()).isNull();
    assertThat(watch.newBand(after("PT3H"))).isNull();
    watch.begins(after("PT3H"));
    assertThat(watch.newBand(after("PT3H"))).isEqualTo(PauseBand.SHORT);
  }

  @Test
  void clockThatWasSetBackMakesNoPauseNegative() {
    PauseWatch watch = paused(null);
    assertThat(watch.length(BEGIN.minusSeconds(60))).isZero();
    assertThat(watch.newBand(BEGIN.minusSeconds(60))).isEqualTo(PauseBand.SHORT);
  }

  @Test
  void passesTheLimitOfTimeOnce() {
    PauseWatch watch =
        paused(new PausePolicy(Duration.ofMinutes(30), Long.MAX_VALUE, PauseAction.ALERT));
    assertThat(watch.newBand(BEGIN)).isEqualTo(PauseBand.SHORT);
    assertThat(watch.untilNext(after("PT10M"))).isEqualTo(Duration.parse("PT20M"));
    assertThat(watch.passedLimit(after("PT29M59S"), Long.MAX_VALUE)).isNull();
    assertThat(watch.passedLimit(after("PT30M0.5S"), 0)).contains("PT30M");
    assertThat(watch.passedLimit(after("PT31M"), 0)).isNotNull();
    watch.limitIsMet();
    assertThat(watch.isPolicyOpen()).isFalse();
    assertThat(watch.passedLimit(after("PT32M"), 0)).isNull();
    assertThat(watch.untilNext(after("PT32M"))).isEqualTo(Duration.parse("PT28M"));
  }

  @Test
  void passesTheLimitOfLog() {
    PauseWatch watch = paused(new PausePolicy(Duration.ofDays(1), 1000, PauseAction.ALERT));
    assertThat(watch.passedLimit(after("PT1S"), 1000)).isNull();
    assertThat(watch.passedLimit(after("PT1S"), 1001)).contains("1001 bytes");
  }

  @Test
  void withoutAPauseNoLimitIsPassed() {
    PauseWatch watch = paused(new PausePolicy(Duration.ofNanos(1), 1, PauseAction.ALERT));
    watch.ends();
    assertThat(watch.passedLimit(after("P1D"), 1000)).isNull();
  }
}
