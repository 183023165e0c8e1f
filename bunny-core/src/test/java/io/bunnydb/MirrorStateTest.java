package io.bunnydb;

import static io.bunnydb.MirrorState.CREATED;
import static io.bunnydb.MirrorState.FAILED;
import static io.bunnydb.MirrorState.PAUSED;
import static io.bunnydb.MirrorState.PAUSING;
import static io.bunnydb.MirrorState.RESYNCING;
import static io.bunnydb.MirrorState.RUNNING;
import static io.bunnydb.MirrorState.SETTING_UP;
import static io.bunnydb.MirrorState.SNAPSHOT;
import static io.bunnydb.MirrorState.SYNCING_SCHEMA;
import static io.bunnydb.MirrorState.TERMINATED;
import static io.bunnydb.MirrorState.TERMINATING;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Which state may follow which: every pair, and what all of them owe an operator. */
final class MirrorStateTest {
  private static final Map<MirrorState, Set<MirrorState>> SUCCESSORS =
      Map.ofEntries(
          Map.entry(CREATED, EnumSet.of(SETTING_UP, PAUSED, TERMINATING)),
          Map.entry(
              SETTING_UP,
              EnumSet.of(SNAPSHOT, RUNNING, RESYNCING, PAUSING, PAUSED, FAILED, TERMINATING)),
          Map.entry(
              SNAPSHOT, EnumSet.of(SETTING_UP, RUNNING, RESYNCING, PAUSING, PAUSED, TERMINATING)),
          Map.entry(
              RUNNING,
              EnumSet.of(SNAPSHOT, PAUSING, PAUSED, RESYNCING, SYNCING_SCHEMA, TERMINATING)),
          Map.entry(PAUSING, EnumSet.of(PAUSED, TERMINATING)),
          Map.entry(
              PAUSED,
              EnumSet.of(SETTING_UP, SNAPSHOT, RUNNING, RESYNCING, SYNCING_SCHEMA, TERMINATING)),
          Map.entry(FAILED, EnumSet.of(SETTING_UP, TERMINATING)),
          Map.entry(RESYNCING, EnumSet.of(SNAPSHOT, RUNNING, PAUSING, PAUSED, TERMINATING)),
          Map.entry(SYNCING_SCHEMA, EnumSet.of(RUNNING, PAUSING, PAUSED, TERMINATING)),
          Map.entry(TERMINATING, EnumSet.of(TERMINATED)),
          Map.entry(TERMINATED, EnumSet.noneOf(MirrorState.class)));

  @ParameterizedTest
  @EnumSource
  void isFollowedByTheseAlone(MirrorState state) {
    for (MirrorState next : MirrorState.values()) {
      assertThat(state.successors().contains(next))
          .as("%s to %s", state, next)
          .isEqualTo(SUCCESSORS.get(state).contains(next));
    }
  }

  @ParameterizedTest
  @EnumSource
  void successorsAreTheCallersOwn(MirrorState state) {
    state.successors().clear();
    assertThat(state.successors()).isEqualTo(SUCCESSORS.get(state));
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"TERMINATING", "TERMINATED"})
  void everyLivingStateCanEnd(MirrorState state) {
    assertThat(state.successors()).contains(TERMINATING);
  }

  @Test
  void everyStateIsReachable() {
    Set<MirrorState> reached = EnumSet.of(CREATED);
    Deque<MirrorState> open = new ArrayDeque<>(reached);
    while (!open.isEmpty()) {
      for (MirrorState next : open.pop().successors()) {
        if (reached.add(next)) {
          open.push(next);
        }
      }
    }
    assertThat(reached).containsExactly(MirrorState.values());
  }
}
