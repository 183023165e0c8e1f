package io.bunnydb.internal.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.bunnydb.Lsn;
import org.junit.jupiter.api.Test;

final class TimelineHistoryTest {
  @Test
  void tellsWhereEachTimelineEnded() {
    TimelineHistory history =
        TimelineHistory.parse(
            """
            1\t0/3000158\tno recovery target specified

            # a comment
            2\t16/B374D848\tbefore transaction 7 at 2026-02-28 12:00:00+00
            """);
    assertThat(history.endOf(1)).isEqualTo(Lsn.parse("0/3000158"));
    assertThat(history.endOf(2)).isEqualTo(Lsn.parse("16/B374D848"));
    assertThat(history.endOf(3)).isNull();
  }

  @Test
  void refusesWhatIsNoHistory() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TimelineHistory.parse("1"))
        .withMessageContaining("not a line");
    assertThatIllegalArgumentException().isThrownBy(() -> TimelineHistory.parse("1\tx\ty"));
  }
}
