package io.bunnydb.internal.apply;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.TableMapping;
import io.bunnydb.TableState;
import io.bunnydb.TableStatus;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class CopyEstimateTest {
  private static final Duration TEN_SECONDS = Duration.ofSeconds(10);

  @Test
  void rowsThatHaveComeTellTheirSize() {
    assertThat(CopyEstimate.bytes(1000, 80_000, 0, 0)).isEqualTo(80_000);
    assertThat(CopyEstimate.bytes(1000, 80_000, 100, 5000)).isEqualTo(50_000);
    assertThat(CopyEstimate.bytes(1000, 80_000, 2000, 90_000)).isEqualTo(90_000);
  }

  @Test
  void withoutAnEstimateOfTheRowsTheDiskTells() {
    assertThat(CopyEstimate.bytes(0, 80_000, 100, 5000)).isEqualTo(80_000);
    assertThat(CopyEstimate.bytes(0, 80_000, 100, 90_000)).isEqualTo(90_000);
    assertThat(CopyEstimate.remaining(0, 80_000, 100, 20_000, TEN_SECONDS))
        .isEqualTo(Duration.ofSeconds(30));
  }

  @Test
  void paceSoFarGivesTheRest() {
    assertThat(CopyEstimate.remaining(1000, 0, 250, 9, TEN_SECONDS))
        .isEqualTo(Duration.ofSeconds(30));
    assertThat(CopyEstimate.remaining(1000, 0, 1500, 9, TEN_SECONDS)).isEqualTo(Duration.ZERO);
    assertThat(CopyEstimate.remaining(1000, 80_000, 0, 0, TEN_SECONDS)).isNull();
  }

  @Test
  void statusFollowsTheCopy() {
    TableProgress progress = new TableProgress(TableMapping.from("s.t"), TableState.COPYING);
    assertThat(progress.status().remainingCopyTime()).isNull();
    progress.copyBegins(1000, 80_000);
    assertThat(progress.status().bytesToCopy()).isEqualTo(80_000);
    progress.copied(100, 5000);
    TableStatus status = progress.status();
    assertThat(status.bytesToCopy()).isEqualTo(50_000);
    assertThat(status.bytesCopied()).isEqualTo(5000);
    assertThat(status.remainingCopyTime()).isNotNull();
    progress.copyStops();
    assertThat(progress.status().remainingCopyTime()).isNull();
    progress.copyBegins(1000, 80_000);
    assertThat(progress.status().bytesCopied()).isZero();
    progress.copied(900, 45_000);
    progress.moveTo(TableState.COPIED);
    assertThat(progress.status().bytesToCopy()).isEqualTo(45_000);
    assertThat(progress.status().remainingCopyTime()).isNull();
  }

  @Test
  void rowsThatWereKeptCountButSayNothingOfThePace() {
    TableProgress progress = new TableProgress(TableMapping.from("s.t"), TableState.COPYING);
    progress.copyBegins(1000, 80_000);
    progress.kept(600, 30_000);
    assertThat(progress.status().rowsCopied()).isEqualTo(600);
    assertThat(progress.status().bytesToCopy()).isEqualTo(50_000);
    assertThat(progress.status().remainingCopyTime()).isNull();
    progress.copied(100, 5000);
    assertThat(progress.status().rowsCopied()).isEqualTo(700);
    assertThat(progress.status().remainingCopyTime()).isNotNull();
    progress.copyBegins(1000, 80_000);
    assertThat(progress.status().rowsCopied()).isZero();
  }
}
