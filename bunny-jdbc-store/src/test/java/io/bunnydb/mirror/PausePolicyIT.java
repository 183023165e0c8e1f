package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.awaitLook;
import static io.bunnydb.mirror.Operated.awaitSlotIsFree;
import static io.bunnydb.mirror.Operated.loseSlot;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static io.bunnydb.mirror.Operated.slots;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.ErrorKind;
import io.bunnydb.EventQuery;
import io.bunnydb.MirrorBuilder;
import io.bunnydb.MirrorEvent;
import io.bunnydb.MirrorEvent.Level;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorListener;
import io.bunnydb.MirrorState;
import io.bunnydb.PauseAction;
import io.bunnydb.PauseBand;
import io.bunnydb.SlotLostException;
import io.bunnydb.SlotWarning;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What becomes of a pause that lasts, by the mirror's policy and without one. */
final class PausePolicyIT {
  private static final Duration BRIEF = Duration.ofMillis(300);
  private static final Duration LONG = Duration.ofDays(1);

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private final Heard heard = new Heard();

  /** What a listener was told of pauses. */
  private static final class Heard implements MirrorListener {
    private final List<PauseBand> bands = new CopyOnWriteArrayList<>();
    private final List<Duration> lengths = new CopyOnWriteArrayList<>();
    private final List<PauseAction> actions = new CopyOnWriteArrayList<>();
    private final List<SlotWarning.Danger> dangers = new CopyOnWriteArrayList<>();

    @Override
    public void onPauseLength(String mirror, PauseBand band, Duration paused) {
      bands.add(band);
      lengths.add(paused);
    }

    @Override
    public void onPauseLimit(String mirror, PauseAction action, String reason) {
      assertThat(reason).isNotBlank();
      actions.add(action);
    }

    @Override
    public void onSlotWarning(String mirror, SlotWarning warning) {
      dangers.add(warning.danger());
    }
  }

  @BeforeEach
  void createTable() {
    databases
        .source()
        .execute("CREATE TABLE a (id int PRIMARY KEY)", "INSERT INTO a VALUES (1), (2)");
  }

  private MirrorBuilder operated() {
    return mirror(databases, "public.a").listener(heard);
  }

  private static void finish(MirrorHandle handle) {
    databases.source().execute("INSERT INTO a VALUES (100)");
    handle.awaitCaughtUp(SOON);
    databases.assertMirrored("public.a");
    handle.drop();
  }

  private static List<MirrorEvent> events(
      MirrorHandle handle, Level level, @Nullable String search) {
    return handle.events(new EventQuery(9, 0, level, search)).events();
  }

  private void awaitAction(PauseAction action) {
    Await.until(SOON, "it is told", () -> heard.actions.equals(List.of(action)));
  }

  @Test
  @ExpectsLog("the pause has lasted PT.*which its policy limits; action RESUME")
  void resumesAfterTheLongestTime() {
    try (MirrorHandle handle =
        running(operated().pausePolicy(BRIEF, Long.MAX_VALUE, PauseAction.RESUME))) {
      handle.pause();
      handle.awaitState(MirrorState.RUNNING, SOON);
      assertThat(heard.actions).containsExactly(PauseAction.RESUME);
      assertThat(heard.bands).containsExactly(PauseBand.SHORT);
      assertThat(events(handle, Level.WARN, "policy"))
          .hasSize(1)
          .allMatch(event -> event.details().get("action").equals("RESUME"));
      finish(handle);
    }
  }

  @Test
  @ExpectsLog("which its policy limits; action ALERT")
  @ExpectsLog("; paused")
  void mirrorThatAnErrorPausedIsNotResumed() {
    try (MirrorHandle handle =
        running(operated().pausePolicy(BRIEF, Long.MAX_VALUE, PauseAction.RESUME))) {
      handle.awaitCaughtUp(SOON);
      databases.destination().execute("INSERT INTO a VALUES (7)");
      databases.source().execute("INSERT INTO a VALUES (7)");
      awaitAction(PauseAction.ALERT);
      assertThat(handle.status().state()).isEqualTo(MirrorState.PAUSED);
      databases.destination().execute("DELETE FROM a WHERE id = 7");
      handle.resume();
      finish(handle);
    }
  }

  @Test
  @ExpectsLog("the slot retains \\d+ bytes.*which its policy limits; action DROP_SLOT")
  void dropsTheSlotThatRetainsTooMuch() {
    try (MirrorHandle handle =
        running(operated().pausePolicy(LONG, 16 << 20, PauseAction.DROP_SLOT))) {
      handle.pause();
      awaitSlotIsFree(databases.source());
      databases
          .source()
          .execute("SELECT pg_logical_emit_message(true, 'filler', repeat('x', 20000000))");
      Await.until(SOON, "the slot is dropped", () -> slots(databases.source(), "true") == 0);
      awaitAction(PauseAction.DROP_SLOT);
      Await.until(SOON, "the error is told", () -> handle.status().error() != null);
      assertThat(events(handle, Level.WARN, "DROP_SLOT")).hasSize(1);
      assertThat(handle.status().state()).isEqualTo(MirrorState.PAUSED);
      assertThatThrownBy(handle::resume)
          .isInstanceOf(SlotLostException.class)
          .hasMessageContaining("call recreate()");
    }
    try (MirrorHandle handle = operated().build().start()) {
      assertThat(handle.status().state()).isEqualTo(MirrorState.PAUSED);
      assertThat(handle.status().error())
          .contains("its policy had replication slot bunny_operated dropped; call recreate()");
      assertThat(requireNonNull(handle.status().failure()).kind()).isEqualTo(ErrorKind.SLOT_LOST);
      handle.recreate();
      finish(handle);
    }
  }

  @Test
  void tellsTheBandOfAPauseThatBeganInAnEarlierProcess() {
    try (MirrorHandle handle = running(operated())) {
      handle.pause();
      Await.until(SOON, "it is told", () -> heard.bands.equals(List.of(PauseBand.SHORT)));
    }
    databases
        .destination()
        .execute("UPDATE bunny.checkpoint SET paused_since = paused_since - interval '9 hours'");
    try (MirrorHandle handle = operated().build().start()) {
      Await.until(
          SOON, "it is told", () -> heard.bands.equals(List.of(PauseBand.SHORT, PauseBand.LONG)));
      assertThat(heard.lengths.get(1)).isBetween(Duration.ofHours(9), Duration.ofHours(10));
      handle.resume();
      handle.pause();
      Await.until(SOON, "it is told", () -> heard.bands.size() == 3);
      assertThat(heard.bands.get(2)).isEqualTo(PauseBand.SHORT);
      handle.resume();
      finish(handle);
    }
  }

  @Test
  @ExpectsLog("bunny_operated was not found")
  void slotThatIsLostWhileItIsPausedIsToldOnce() {
    try (MirrorHandle handle = running(operated())) {
      handle.pause();
      awaitSlotIsFree(databases.source());
      loseSlot(databases.source());
      Await.until(SOON, "it is noticed", () -> handle.status().error() != null);
      assertThat(handle.status().error()).contains("bunny_operated was not found", "recreate()");
      assertThat(handle.status().state()).isEqualTo(MirrorState.PAUSED);
      handle.recreate();
      assertThat(handle.status().error()).isNull();
      awaitLook(databases.source());
      assertThat(handle.status().error()).isNull();
      assertThat(heard.dangers).containsExactly(SlotWarning.Danger.LOST);
      assertThat(events(handle, Level.WARN, null))
          .hasSize(1)
          .allMatch(event -> event.details().get("danger").equals("LOST"));
      finish(handle);
    }
  }

  @Test
  @ExpectsLog("bunny_operated was not found")
  void lossIsShownUntilTheSlotIsFoundGoodAgain() {
    try (MirrorHandle handle = running(operated())) {
      handle.pause();
      awaitSlotIsFree(databases.source());
      copySlot("bunny_operated", "bunny_operated_kept");
      loseSlot(databases.source());
      Await.until(SOON, "it is noticed", () -> handle.status().error() != null);
      copySlot("bunny_operated_kept", "bunny_operated");
      databases.source().execute("SELECT pg_drop_replication_slot('bunny_operated_kept')");
      Await.until(SOON, "it is over", () -> handle.status().error() == null);
      assertThat(events(handle, Level.INFO, "reaches back to what the mirror needs again"))
          .hasSize(1);
      handle.resume();
      finish(handle);
    }
  }

  private static void copySlot(String from, String to) {
    databases
        .source()
        .execute("SELECT pg_copy_logical_replication_slot('" + from + "', '" + to + "')");
  }
}
