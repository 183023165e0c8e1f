package io.bunnydb.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.Lsn;
import io.bunnydb.internal.apply.Batch;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.junit.jupiter.api.Test;

final class ProgressTest {
  private static final Lsn CHECKPOINT = new Lsn(100);
  private static final Lsn END = new Lsn(500);

  private Instant now = Instant.parse("2026-01-02T03:04:05Z");
  private final Progress progress = new Progress(() -> now);

  private double lagSeconds() {
    return progress.lagSeconds(END, true, true);
  }

  private void pass(long seconds) {
    now = now.plus(Duration.ofSeconds(seconds));
  }

  private static Batch batch(Instant commit, Lsn end) {
    Batch batch = new Batch(64);
    batch.begin(ChronoUnit.MICROS.between(Instant.EPOCH, commit));
    batch.commit(end);
    return batch;
  }

  private void apply(Batch batch) {
    progress.received(batch.position());
    progress.applying(batch);
    progress.applied(batch, batch.transactions());
  }

  @Test
  void sourceThatStillReadsItsLogIsNotCaughtUp() {
    progress.begins(CHECKPOINT, true);
    progress.streams(END);
    progress.idle(Lsn.ZERO);
    progress.idle(new Lsn(499));
    pass(7);
    assertThat(lagSeconds()).isEqualTo(7);
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
    pass(7);
    assertThat(lagSeconds()).isEqualTo(7);
  }

  @Test
  void batchThatIsAppliedTellsTheAgeOfItsOldestCommit() {
    progress.begins(CHECKPOINT, true);
    progress.applying(batch(now.minusSeconds(60), new Lsn(200)));
    assertThat(lagSeconds()).isEqualTo(60);
    pass(5);
    assertThat(lagSeconds()).isEqualTo(65);
  }

  @Test
  void tableThatIsStillToJoinIsLag() {
    progress.begins(CHECKPOINT, false);
    progress.streams(CHECKPOINT);
    progress.idle(CHECKPOINT);
    pass(7);
    assertThat(lagSeconds()).isEqualTo(7);
    assertThat(progress.isApplied(CHECKPOINT)).isFalse();
  }

  /** One that is busy is never quite caught up, be it between two batches or cut off. */
  @Test
  void lastCommitThatIsAppliedBoundsTheLag() {
    progress.begins(CHECKPOINT, true);
    progress.received(END);
    pass(3600);
    apply(batch(now.minusSeconds(2), new Lsn(200)));
    progress.received(END);
    assertThat(lagSeconds()).isEqualTo(2);
    pass(10);
    assertThat(progress.lagSeconds(END, false, false)).isEqualTo(12);
  }

  @Test
  void clockOfTheSourceMayBeAhead() {
    progress.begins(CHECKPOINT, true);
    apply(batch(now.plusSeconds(60), new Lsn(200)));
    progress.received(END);
    pass(7);
    assertThat(lagSeconds()).isEqualTo(7);
  }

  @Test
  void whatIsAtTheEndOfTheLogHasNoLag() {
    progress.begins(END, true);
    pass(3600);
    assertThat(progress.lagSeconds(END, true, false)).isZero();
    // What came after was not outstanding before.
    pass(3);
    assertThat(progress.lagSeconds(new Lsn(600), true, false)).isEqualTo(3);
  }

  @Test
  void endThatIsOutdatedProvesNothing() {
    progress.begins(END, true);
    pass(7);
    assertThat(progress.lagSeconds(END, false, false)).isEqualTo(7);
  }

  @Test
  void batchesThatHoldTransactionsAreCounted() {
    progress.begins(CHECKPOINT, true);
    apply(batch(now, new Lsn(200)));
    Batch empty = new Batch(64);
    empty.passOver(new Lsn(300));
    progress.applied(empty, 0);
    assertThat(progress.batches()).isEqualTo(1);
    assertThat(progress.transactions()).isEqualTo(1);
    assertThat(progress.applied()).isEqualTo(new Lsn(300));
  }
}
