package io.bunnydb.internal.engine;

import static io.bunnydb.internal.engine.CheckpointsOfTables.checkpoint;
import static io.bunnydb.internal.engine.CheckpointsOfTables.table;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.Lsn;
import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.TableState;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.TableCheckpoint;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

final class SettingAsideTest {

  private static Set<TableName> named(String... names) {
    return Arrays.stream(names).map(n -> TableName.parse("s." + n)).collect(Collectors.toSet());
  }

  @Test
  void pausedTableKeepsThePositionUpToWhichItHasEverything() {
    Checkpoint before =
        checkpoint(
            300,
            table("behind", TableState.LIVE, 50),
            table("ahead", TableState.LIVE, 400),
            table("copied", TableState.COPIED, 350),
            table("copying", TableState.COPYING, 0),
            table("other", TableState.LIVE, 50));
    Checkpoint paused = SettingAside.pause(before, named("behind", "ahead", "copied", "copying"));
    assertThat(paused)
        .isEqualTo(
            checkpoint(
                300,
                table("behind", TableState.PAUSED, 300),
                table("ahead", TableState.PAUSED, 400),
                table("copied", TableState.PAUSED, 350),
                table("copying", TableState.PAUSED, 0),
                table("other", TableState.LIVE, 50)));
    // The stream has gone on meanwhile.
    assertThat(SettingAside.pause(paused.withPosition(new Lsn(900)), named("behind")))
        .isEqualTo(paused.withPosition(new Lsn(900)));
  }

  @Test
  void tableWithAShadowIsPausedWhereItStandsItself() {
    Checkpoint before =
        checkpoint(
            300,
            table("followed", TableState.LIVE, 50, TableState.COPYING, 0),
            table("standing", TableState.LIVE, 200, TableState.LIVE, 100));
    assertThat(SettingAside.pause(before, named("followed", "standing")))
        .isEqualTo(
            checkpoint(
                300,
                table("followed", TableState.PAUSED, 300),
                table("standing", TableState.PAUSED, 200)));
  }

  @Test
  void joinOfAPausedTableLeavesAShadowItsPlace() {
    Checkpoint before =
        checkpoint(
            300,
            table("paused", TableState.PAUSED, 100),
            table("quarantined", TableState.QUARANTINED, 90),
            table("standing", TableState.LIVE, 200, TableState.LIVE, 80),
            table("other", TableState.LIVE, 50));
    assertThat(SettingAside.resume(before, named("paused")))
        .isEqualTo(
            checkpoint(
                100,
                table("paused", TableState.LIVE, 100),
                table("quarantined", TableState.QUARANTINED, 90),
                table("standing", TableState.LIVE, 200, TableState.LIVE, 300),
                table("other", TableState.LIVE, 300)));
  }

  @Test
  void shadowsJoinWithoutTablesThatStandAside() {
    Checkpoint before =
        checkpoint(
            300,
            table("paused", TableState.PAUSED, 100),
            table("a", TableState.LIVE, 50, TableState.COPIED, 250));
    Checkpoint joined = Joining.join(before);
    assertThat(joined)
        .isEqualTo(
            checkpoint(
                250,
                table("paused", TableState.PAUSED, 100),
                table("a", TableState.LIVE, 300, TableState.LIVE, 250)));
    assertThat(Joining.keptFrom(joined)).isEqualTo(new Lsn(100));
    assertThat(Joining.keptFrom(SettingAside.resume(joined, named("paused"))))
        .isEqualTo(new Lsn(300));
    assertThat(SwapRules.position(joined)).isEqualTo(new Lsn(300));
  }

  @Test
  void shadowThatIsFollowedTakesTheStreamNoFurtherBack() {
    Checkpoint before =
        checkpoint(
            300,
            table("a", TableState.LIVE, 200, TableState.LIVE, 80),
            table("b", TableState.LIVE, 50, TableState.COPIED, 250));
    assertThat(Joining.join(before))
        .isEqualTo(
            checkpoint(
                250,
                table("a", TableState.LIVE, 200, TableState.LIVE, 300),
                table("b", TableState.LIVE, 300, TableState.LIVE, 250)));
  }

  @Test
  void tableThatStandsAsideIsCopiedInItsPlaceInsteadOfBesideIt() {
    TableCheckpoint quarantined = table("a", TableState.QUARANTINED, 90).withError("why");
    assertThat(SwapRules.begin(quarantined)).isEqualTo(copying("a"));
    assertThat(SwapRules.begin(table("a", TableState.PAUSED, 90))).isEqualTo(copying("a"));
  }

  private static TableCheckpoint copying(String name) {
    return new TableCheckpoint(TableMapping.from("s." + name), TableState.COPYING, Lsn.ZERO);
  }

  @Test
  void resumedTableJoinsTheStreamWhichGoesBackForIt() {
    Checkpoint before =
        checkpoint(
            300,
            table("a", TableState.PAUSED, 100),
            table("later", TableState.PAUSED, 200),
            table("uncopied", TableState.PAUSED, 0),
            table("other", TableState.PAUSED, 50),
            table("copied", TableState.COPIED, 250),
            table("copying", TableState.COPYING, 0),
            table("live", TableState.LIVE, 50));
    assertThat(SettingAside.resume(before, named("a", "later", "uncopied", "live")))
        .isEqualTo(
            checkpoint(
                100,
                table("a", TableState.LIVE, 100),
                table("later", TableState.LIVE, 200),
                table("uncopied", TableState.COPYING, 0),
                table("other", TableState.PAUSED, 50),
                table("copied", TableState.COPIED, 250),
                table("copying", TableState.COPYING, 0),
                table("live", TableState.LIVE, 300)));
    assertThat(SettingAside.resume(before, named("live"))).isEqualTo(before);
  }

  @Test
  void tablesThatAllStoodStillGoOnWhereTheOldestOfThemStands() {
    Checkpoint before =
        checkpoint(300, table("a", TableState.PAUSED, 100), table("b", TableState.PAUSED, 200));
    assertThat(SettingAside.resume(before, named("b")))
        .isEqualTo(
            checkpoint(200, table("a", TableState.PAUSED, 100), table("b", TableState.LIVE, 200)));
  }

  @Test
  void quarantinedTableKeepsItsErrorAndComesBackByACopyAlone() {
    Checkpoint before =
        checkpoint(300, table("a", TableState.LIVE, 50), table("b", TableState.COPYING, 0));
    Checkpoint quarantined = SettingAside.quarantine(before, TableName.parse("s.a"), "why");
    assertThat(quarantined)
        .isEqualTo(
            checkpoint(
                300,
                table("a", TableState.QUARANTINED, 300).withError("why"),
                table("b", TableState.COPYING, 0)));
    assertThat(SettingAside.quarantine(before, TableName.parse("s.b"), "why").tables().get(1))
        .isEqualTo(table("b", TableState.QUARANTINED, 0).withError("why"));
    assertThatThrownBy(() -> SettingAside.pause(quarantined, named("a")))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("'m' is QUARANTINED")
        .hasMessageContaining("resync(s.a)");
    assertThatThrownBy(() -> SettingAside.resume(quarantined, named("b", "a")))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("table s.a");
    assertThat(TableUpdate.anew(quarantined, named("a")).result().tables().get(0).error()).isNull();
  }

  @Test
  void refusesTablesOfOthersAndAMirrorWithoutPosition() {
    Checkpoint checkpoint = checkpoint(300, table("a", TableState.LIVE, 50));
    assertThatThrownBy(() -> SettingAside.pause(checkpoint, named("a", "x")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("mirror 'm' has no source table s.x");
    assertThatThrownBy(() -> SettingAside.pause(checkpoint.withPosition(Lsn.ZERO), named("a")))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("not complete");
  }
}
