package io.bunnydb.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Waiting ends with the condition or with a failure that says what was awaited. */
final class AwaitTest {

  private static final Duration SHORT = Duration.ofMillis(30);

  @Test
  void returnsTheAcceptedValue() {
    AtomicInteger calls = new AtomicInteger();

    int value = Await.value(Duration.ofSeconds(5), "three", calls::incrementAndGet, n -> n == 3);

    assertThat(value).isEqualTo(3);
  }

  @Test
  void failsWithTheLastState() {
    assertThatThrownBy(() -> Await.value(SHORT, "the end comes", () -> 42, n -> n > 42))
        .isInstanceOf(AssertionError.class)
        .hasMessage("not within PT0.03S: the end comes; last state: 42");
  }

  @Test
  void takesAFailedProbeAsNotYet() {
    AtomicInteger calls = new AtomicInteger();

    Await.until(
        Duration.ofSeconds(5),
        "the second call",
        () -> {
          if (calls.incrementAndGet() < 2) {
            throw new AssertionError("not yet");
          }
          return true;
        });

    assertThat(calls).hasValue(2);
  }

  @Test
  void failsWithTheProbesLastFailureAsCause() {
    assertThatThrownBy(
            () ->
                Await.until(
                    SHORT,
                    "the server answers",
                    () -> {
                      throw new IOException("refused");
                    }))
        .hasMessageContaining("refused")
        .hasCauseInstanceOf(IOException.class);
  }

  @Test
  void triesOnceWithoutTime() {
    Await.until(Duration.ZERO, "true", () -> true);
  }

  @Test
  void checksUntilTheConditionHolds() throws Exception {
    AtomicInteger checks = new AtomicInteger();

    Await.checkingUntil(
        Duration.ofSeconds(5), "three checks", checks::incrementAndGet, () -> checks.get() == 3);

    assertThat(checks).hasValue(3);
  }

  @Test
  void aCheckThatFailsEndsTheWait() {
    assertThatThrownBy(
            () ->
                Await.checkingUntil(
                    Duration.ofSeconds(5),
                    "the end comes",
                    () -> {
                      throw new IOException("broken");
                    },
                    () -> false))
        .isInstanceOf(IOException.class);
  }

  @Test
  void checkingHasADeadline() {
    assertThatThrownBy(() -> Await.checkingUntil(SHORT, "the end comes", () -> {}, () -> false))
        .isInstanceOf(AssertionError.class)
        .hasMessage("not within PT0.03S: the end comes");
  }
}
