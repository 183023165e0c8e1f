package io.bunnydb.internal.engine;

import static io.bunnydb.internal.engine.CheckpointsOfTables.checkpoint;
import static io.bunnydb.internal.engine.CheckpointsOfTables.table;
import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.Lsn;
import io.bunnydb.TableState;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.TableCheckpoint;
import org.junit.jupiter.api.Test;

final class JoiningTest {

  @Test
  void waitsForEveryCopy() {
    Checkpoint checkpoint =
        checkpoint(100, table("a", TableState.COPIED, 120), table("b", TableState.COPYING, 0));
    assertThat(Joining.join(checkpoint)).isSameAs(checkpoint);
    assertThat(Joining.isJoined(checkpoint)).isFalse();
    assertThat(Joining.earliestNeeded(checkpoint)).isEqualTo(new Lsn(100));
  }

  @Test
  void goesBackToTheOldestSnapshotAndTheOthersPassOverWhatTheyHave() {
    Checkpoint checkpoint =
        checkpoint(
            300,
            table("live", TableState.LIVE, 50),
            table("later", TableState.COPIED, 200),
            table("sooner", TableState.COPIED, 120));
    assertThat(Joining.earliestNeeded(checkpoint)).isEqualTo(new Lsn(120));
    assertThat(Joining.join(checkpoint))
        .isEqualTo(
            checkpoint(
                120,
                table("live", TableState.LIVE, 300),
                table("later", TableState.LIVE, 200),
                table("sooner", TableState.LIVE, 120)));
  }

  @Test
  void liveTableThatIsStillBehindItsOwnSnapshotKeepsIt() {
    Checkpoint checkpoint =
        checkpoint(300, table("a", TableState.LIVE, 400), table("b", TableState.COPIED, 350));
    assertThat(Joining.join(checkpoint))
        .isEqualTo(
            checkpoint(300, table("a", TableState.LIVE, 400), table("b", TableState.LIVE, 350)));
  }

  @Test
  void firstCopyBeginsAtItsSnapshotHoweverOldTheSlotIs() {
    Checkpoint checkpoint =
        checkpoint(100, table("a", TableState.COPIED, 200), table("b", TableState.COPIED, 220));
    assertThat(Joining.join(checkpoint).position()).isEqualTo(new Lsn(200));
  }

  @Test
  void tableThatIsTakenBackJoinsWhereItStoppedAndOthersThatAreSetAsideStay() {
    Checkpoint checkpoint =
        checkpoint(
            300,
            table("live", TableState.LIVE, 50),
            table("back", TableState.COPIED, 120),
            table("paused", TableState.PAUSED, 200),
            table("quarantined", TableState.QUARANTINED, 60));
    assertThat(Joining.earliestNeeded(checkpoint)).isEqualTo(new Lsn(120));
    assertThat(Joining.join(checkpoint))
        .isEqualTo(
            checkpoint(
                120,
                table("live", TableState.LIVE, 300),
                table("back", TableState.LIVE, 120),
                table("paused", TableState.PAUSED, 200),
                table("quarantined", TableState.QUARANTINED, 60)));
  }

  @Test
  void logIsKeptFromWhereTheOldestPausedTableStands() {
    TableCheckpoint live = table("live", TableState.LIVE, 50);
    TableCheckpoint old = table("old", TableState.PAUSED, 100);
    TableCheckpoint later = table("later", TableState.PAUSED, 200);
    TableCheckpoint uncopied = table("uncopied", TableState.PAUSED, 0);
    TableCheckpoint quarantined = table("quarantined", TableState.QUARANTINED, 60);
    TableCheckpoint copying = table("copying", TableState.COPYING, 0);

    assertThat(Joining.keptFrom(checkpoint(300, live, old, later, uncopied, quarantined)))
        .isEqualTo(new Lsn(100));
    assertThat(Joining.keptFrom(checkpoint(300, live, later))).isEqualTo(new Lsn(200));
    assertThat(Joining.keptFrom(checkpoint(300, live, old, copying))).isEqualTo(Lsn.ZERO);
    assertThat(Joining.keptFrom(checkpoint(300, live, uncopied, quarantined)))
        .isGreaterThan(Lsn.parse("FFFFFFFF/FFFFFFF0"));
    assertThat(Joining.earliestNeeded(checkpoint(300, live, old, uncopied)))
        .isEqualTo(new Lsn(100));
    assertThat(Joining.earliestNeeded(checkpoint(300, live, uncopied, quarantined)))
        .isEqualTo(new Lsn(300));
  }

  @Test
  void nothingOfThePastIsNeededWhereNoTableGoesOnFromIt() {
    TableCheckpoint uncopied = table("uncopied", TableState.PAUSED, 0);
    TableCheckpoint quarantined = table("quarantined", TableState.QUARANTINED, 60);
    assertThat(Joining.needsNoPast(checkpoint(300, uncopied, quarantined))).isTrue();
    assertThat(Joining.needsNoPast(checkpoint(300, quarantined, table("p", TableState.PAUSED, 1))))
        .isFalse();
  }

  @Test
  void nothingChangesWhereEveryTableIsLive() {
    Checkpoint checkpoint = checkpoint(100, table("a", TableState.LIVE, 200));
    assertThat(Joining.join(checkpoint)).isSameAs(checkpoint);
    assertThat(Joining.isJoined(checkpoint)).isTrue();
  }
}
