package io.bunnydb.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.Lsn;
import io.bunnydb.internal.apply.Batch;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.junit.jupiter.api.Test;

final class ProgressTest {
  private static final Lsn CHECKPOINT = new Lsn(100);
  private static final Lsn END = new Lsn(500);

  private final Progress progress = new Progress();

  private double lagSeconds() {
    return progress.lagSeconds(END, true);
  }

  /** Lets time pass; the clock that lag is counted by has milliseconds. */
  private void awaitTick() {
    long now = System.currentTimeMillis();
    while (System.currentTimeMillis() == now) {
      Thread.onSpinWait();
    }
  }

  @Test
  void sourceThatStillReadsItsLogIsNotCaughtUp() {
    progress.begins(CHECKPOINT, true);
    progress.streams(END);
    progress.idle(Lsn.ZERO);
    progress.idle(new Lsn(499));
    awaitTick();
    assertThat(lagSeconds()).isPositive();
    progress.idle(END);
    assertThat(lagSeconds()).isZero();
  }

  @Test
  void whatIsReceivedAndNotAppliedIsLag() {
    progress.begins(CHECKPOINT, true);
    progress.streams(CHECKPOINT);
    progress.idle(CHECKPOINT);
    assertThat(lagSeconds()).isZero();
    progress.received(new Lsn(200));
    awaitTick();
    assertThat(lagSeconds()).isPositive();
  }

  @Test
  void batchThatIsAppliedTellsTheAgeOfItsOldestCommit() {
    progress.begins(CHECKPOINT, true);
    Batch batch = new Batch(64);
    Instant commit = Instant.now().minusSeconds(60);
    batch.begin(ChronoUnit.MICROS.between(Instant.EPOCH, commit));
    progress.applying(batch);
    assertThat(lagSeconds()).isBetween(60.0, 70.0);
  }

  @Test
  void tableThatIsStillToJoinIsLag() {
    progress.begins(CHECKPOINT, false);
    progress.streams(CHECKPOINT);
    progress.idle(CHECKPOINT);
    awaitTick();
    assertThat(lagSeconds()).isPositive();
    assertThat(progress.isApplied(CHECKPOINT)).isFalse();
  }
}
