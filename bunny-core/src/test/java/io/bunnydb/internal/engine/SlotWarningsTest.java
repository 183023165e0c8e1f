package io.bunnydb.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.EventQuery;
import io.bunnydb.Lsn;
import io.bunnydb.MirrorListener;
import io.bunnydb.SlotLostException;
import io.bunnydb.SlotWarning;
import io.bunnydb.SlotWarning.Danger;
import io.bunnydb.internal.source.LagMonitor.Reading;
import io.bunnydb.internal.source.ReplicationSlot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class SlotWarningsTest {

  private final List<Danger> heard = new ArrayList<>();
  private final EventLog events = new EventLog();
  private final Lifecycle lifecycle =
      new Lifecycle(
          "m",
          List.of(
              new MirrorListener() {
                @Override
                public void onSlotWarning(String mirror, SlotWarning warning) {
                  heard.add(warning.danger());
                }
              }),
          events);
  private final SlotWarnings warnings = new SlotWarnings("m", "s", events, lifecycle);

  private void tell(@Nullable Danger... dangers) {
    for (Danger danger : dangers) {
      warnings.tell(danger, reading(slot(false, null), null), null);
    }
  }

  private List<String> toldDangers() {
    return events.page(EventQuery.newest(9)).events().stream()
        .map(event -> String.valueOf(event.details().get("danger")))
        .toList();
  }

  private static ReplicationSlot slot(boolean isEndangered, @Nullable String invalidation) {
    Lsn start = new Lsn(90);
    return new ReplicationSlot(
        "s", "pgoutput", "db", false, start, start, 1000L, isEndangered, invalidation);
  }

  private static Reading reading(@Nullable ReplicationSlot slot, @Nullable Duration timeToLoss) {
    return new Reading(new Lsn(100), slot, timeToLoss, 1, true);
  }

  private static @Nullable Danger danger(
      @Nullable ReplicationSlot slot, @Nullable Duration timeToLoss) {
    return SlotWarnings.danger(reading(slot, timeToLoss), true);
  }

  @Test
  void healthTellsTheDanger() {
    assertThat(danger(slot(false, null), null)).isNull();
    assertThat(danger(slot(true, null), null)).isEqualTo(Danger.IMMINENT);
    assertThat(danger(slot(false, "wal_removed"), null)).isEqualTo(Danger.LOST);
  }

  @Test
  void slotThatIsMissingIsLostOnceItWasMade() {
    assertThat(SlotWarnings.danger(reading(null, null), true)).isEqualTo(Danger.LOST);
    assertThat(SlotWarnings.danger(reading(null, null), false)).isNull();
  }

  @Test
  void timeThatIsLeftTellsTheDanger() {
    assertThat(danger(slot(false, null), Duration.ofMinutes(59))).isEqualTo(Danger.APPROACHING);
    assertThat(danger(slot(false, null), Duration.ofHours(1))).isNull();
  }

  @Test
  void dangerIsToldOnceAndAgainWhenItGetsWorseOrComesBack() {
    tell(Danger.IMMINENT, Danger.IMMINENT, Danger.APPROACHING, Danger.LOST, Danger.LOST);
    assertThat(heard).containsExactly(Danger.IMMINENT, Danger.LOST);
    tell(null, Danger.IMMINENT);
    assertThat(heard).containsExactly(Danger.IMMINENT, Danger.LOST, Danger.IMMINENT);
    assertThat(toldDangers()).containsExactly("IMMINENT", "LOST", "IMMINENT");
  }

  @Test
  void lossThatTheErrorTellsIsNoEventOfItsOwn() {
    lifecycle.error(new SlotLostException("m", "as the test wants it", null));
    tell(Danger.IMMINENT, Danger.LOST);
    assertThat(heard).containsExactly(Danger.IMMINENT, Danger.LOST);
    assertThat(toldDangers()).containsExactly("IMMINENT");
  }

  @Test
  void readingTellsWhatTheSlotRetains() {
    assertThat(reading(slot(false, null), null).retainedBytes()).isEqualTo(10);
    assertThat(reading(slot(false, null), null).safeBytes()).isEqualTo(1000);
    assertThat(reading(null, null).retainedBytes()).isZero();
    assertThat(reading(null, null).safeBytes()).isNull();
  }
}
