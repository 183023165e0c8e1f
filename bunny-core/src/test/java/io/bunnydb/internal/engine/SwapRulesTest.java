package io.bunnydb.internal.engine;

import static io.bunnydb.TableState.COPIED;
import static io.bunnydb.TableState.COPYING;
import static io.bunnydb.TableState.LIVE;
import static io.bunnydb.internal.engine.CheckpointsOfTables.checkpoint;
import static io.bunnydb.internal.engine.CheckpointsOfTables.table;
import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.Lsn;
import io.bunnydb.TableState;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.TableCheckpoint;
import io.bunnydb.spi.TableCheckpoint.Shadow;
import org.junit.jupiter.api.Test;

/** How shadows join the stream, and when they take over. */
final class SwapRulesTest {

  private static TableCheckpoint live(String name, long from, TableState shadow, long shadowFrom) {
    return table(name, LIVE, from, shadow, shadowFrom);
  }

  @Test
  void tableIsFollowedWhileItsShadowIsCopied() {
    Checkpoint copying = checkpoint(100, live("a", 50, COPYING, 0), live("b", 50, COPIED, 90));
    assertThat(Joining.join(copying)).isSameAs(copying);
    assertThat(Joining.isJoined(copying)).isTrue();
    assertThat(Joining.keptFrom(copying)).isEqualTo(Lsn.ZERO);
    assertThat(Joining.earliestNeeded(copying)).isEqualTo(new Lsn(90));
    assertThat(SwapRules.position(copying)).isNull();
    assertThat(SwapRules.isDue(copying)).isFalse();
  }

  @Test
  void shadowsJoinTogetherAndTheirTablesStandStillWhereTheyAre() {
    Checkpoint copied =
        checkpoint(
            300, live("a", 50, COPIED, 120), live("b", 50, COPIED, 110), table("c", LIVE, 50));
    Checkpoint joined = Joining.join(copied);
    assertThat(joined)
        .isEqualTo(
            checkpoint(
                110, live("a", 300, LIVE, 120), live("b", 300, LIVE, 110), table("c", LIVE, 300)));
    assertThat(Joining.isJoined(joined)).isFalse();
    assertThat(Joining.earliestNeeded(joined)).isEqualTo(new Lsn(110));
    assertThat(SwapRules.position(joined)).isEqualTo(new Lsn(300));
    assertThat(SwapRules.isDue(joined)).isFalse();
    assertThat(SwapRules.isDue(joined.withPosition(new Lsn(299)))).isFalse();
    assertThat(SwapRules.isDue(joined.withPosition(new Lsn(300)))).isTrue();
    // The table may be made to go on without its shadow as long as it stands still.
    assertThat(Joining.earliestNeeded(joined.withPosition(new Lsn(400)))).isEqualTo(new Lsn(300));
  }

  @Test
  void copyThatBeginsAnewKeepsNothingOfTheLastOne() {
    TableCheckpoint copying = table("a", COPYING, 0).withCopyProgress("some");
    assertThat(SwapRules.begin(copying)).isEqualTo(copying.withCopyProgress(null));
    TableCheckpoint beside = live("a", 50, COPYING, 0).withCopyProgress("some");
    assertThat(SwapRules.begin(beside)).isEqualTo(live("a", 50, COPYING, 0));
    assertThat(SwapRules.giveUp(beside)).isEqualTo(table("a", LIVE, 50));
  }

  @Test
  void joiningOthersLeavesTheCopyOfAShadowWhereItIs() {
    TableCheckpoint beside = live("a", 50, COPYING, 0).withCopyProgress("some");
    Checkpoint joined = Joining.join(checkpoint(100, beside, table("b", COPIED, 90)));
    assertThat(joined.tables().get(0))
        .isEqualTo(live("a", 100, COPYING, 0).withCopyProgress("some"));
  }

  /** The stream may be late, and the copy ahead of it. */
  @Test
  void shadowThatIsAheadOfTheStreamIsWaitedFor() {
    Checkpoint joined = Joining.join(checkpoint(100, live("a", 50, COPIED, 200)));
    assertThat(joined).isEqualTo(checkpoint(100, live("a", 100, LIVE, 200)));
    assertThat(SwapRules.isDue(joined)).isFalse();
    assertThat(SwapRules.isDue(joined.withPosition(new Lsn(200)))).isTrue();
  }

  @Test
  void swappedTableGoesOnFromThePositionOfItsRows() {
    Checkpoint due = checkpoint(400, live("a", 300, LIVE, 120), table("b", LIVE, 300));
    TableCheckpoint swapped = SwapRules.end(due.tables().get(0), due.position());
    assertThat(swapped).isEqualTo(table("a", COPIED, 400));
    // The stream went on beside the swap.
    assertThat(Joining.join(checkpoint(450, swapped, table("b", LIVE, 300))))
        .isEqualTo(checkpoint(400, table("a", LIVE, 400), table("b", LIVE, 450)));
  }

  @Test
  void tableThatStoodStillGoesOnFromThereWithoutItsShadow() {
    assertThat(SwapRules.giveUp(live("a", 300, LIVE, 120))).isEqualTo(table("a", COPIED, 300));
    assertThat(SwapRules.giveUp(live("a", 50, COPIED, 120))).isEqualTo(table("a", LIVE, 50));
    assertThat(SwapRules.giveUp(live("a", 50, COPYING, 0))).isEqualTo(table("a", LIVE, 50));
    assertThat(SwapRules.giveUp(table("a", COPYING, 0))).isEqualTo(table("a", COPYING, 0));
  }

  @Test
  void tableThatIsToBeCopiedNeedsNoShadow() {
    assertThat(SwapRules.begin(table("a", COPYING, 0))).isEqualTo(table("a", COPYING, 0));
    assertThat(SwapRules.begin(table("a", LIVE, 50))).isEqualTo(live("a", 50, COPYING, 0));
  }

  @Test
  void tableWhoseSwapBeginsAnewIsFollowedAtOnce() {
    TableCheckpoint again = SwapRules.begin(live("a", 300, LIVE, 120));
    assertThat(again).isEqualTo(table("a", COPIED, 300).withShadow(new Shadow(COPYING, Lsn.ZERO)));
    assertThat(Joining.join(checkpoint(400, again, table("b", LIVE, 50))))
        .isEqualTo(checkpoint(300, live("a", 300, COPYING, 0), table("b", LIVE, 400)));
  }

  @Test
  void swapWaitsForTablesThatAreCopiedMeanwhile() {
    Checkpoint checkpoint = checkpoint(400, live("a", 300, LIVE, 120), table("b", COPYING, 0));
    assertThat(SwapRules.isDue(checkpoint)).isFalse();
    // And passes over what it has when those join.
    Checkpoint copied = checkpoint(500, live("a", 300, LIVE, 120), table("b", COPIED, 450));
    assertThat(Joining.join(copied))
        .isEqualTo(checkpoint(450, live("a", 300, LIVE, 500), table("b", LIVE, 450)));
  }
}
