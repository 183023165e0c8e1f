package io.bunnydb.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.Lsn;
import io.bunnydb.SlotWarning.Danger;
import io.bunnydb.internal.source.LagMonitor.Reading;
import io.bunnydb.internal.source.LagMonitor.SlotHealth;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class SlotGuardTest {

  private static Reading reading(SlotHealth health, @Nullable Duration timeToLoss) {
    return new Reading(new Lsn(100), 10, 1000L, timeToLoss, health, true);
  }

  @Test
  void healthTellsTheDanger() {
    assertThat(SlotGuard.danger(reading(SlotHealth.KEPT, null), true)).isNull();
    assertThat(SlotGuard.danger(reading(SlotHealth.ENDANGERED, null), true))
        .isEqualTo(Danger.IMMINENT);
    assertThat(SlotGuard.danger(reading(SlotHealth.LOST, null), true)).isEqualTo(Danger.LOST);
    assertThat(SlotGuard.danger(reading(SlotHealth.UNKNOWN, null), true)).isNull();
  }

  @Test
  void slotThatIsMissingIsLostOnceItWasMade() {
    assertThat(SlotGuard.danger(reading(SlotHealth.MISSING, null), true)).isEqualTo(Danger.LOST);
    assertThat(SlotGuard.danger(reading(SlotHealth.MISSING, null), false)).isNull();
  }

  @Test
  void timeThatIsLeftTellsTheDanger() {
    assertThat(SlotGuard.danger(reading(SlotHealth.KEPT, Duration.ofMinutes(59)), true))
        .isEqualTo(Danger.APPROACHING);
    assertThat(SlotGuard.danger(reading(SlotHealth.KEPT, Duration.ofHours(1)), true)).isNull();
  }
}
