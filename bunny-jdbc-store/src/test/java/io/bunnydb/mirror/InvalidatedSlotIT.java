package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.awaitHeldUp;
import static io.bunnydb.mirror.Operated.awaitSlotIsFree;
import static io.bunnydb.mirror.Operated.hold;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static io.bunnydb.mirror.Operated.slots;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.bunnydb.ErrorKind;
import io.bunnydb.EventQuery;
import io.bunnydb.MirrorEvent;
import io.bunnydb.MirrorFailure;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorListener;
import io.bunnydb.MirrorState;
import io.bunnydb.MirrorStatus;
import io.bunnydb.SlotLostException;
import io.bunnydb.SlotWarning;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A source that keeps little log for slots ({@code max_slot_wal_keep_size}) and invalidates the
 * mirror's: what is missing is told, nothing after it is applied, and the mirror can be dropped.
 */
final class InvalidatedSlotIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  @BeforeEach
  void createTable() {
    // The fixture takes the setting back.
    databases
        .source()
        .execute(
            "ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'",
            "SELECT pg_reload_conf()",
            "CREATE TABLE a (id int PRIMARY KEY)",
            "INSERT INTO a SELECT generate_series(1, 10)");
  }

  /** Writes log, and has it removed, until the slot is invalid. */
  private static void invalidateSlot() {
    TestDatabase source = databases.source();
    Await.until(
        SOON,
        "the slot is invalid",
        () -> {
          source.execute(
              "SELECT pg_logical_emit_message(false, 'filler', 'x')",
              "SELECT pg_switch_wal()",
              "CHECKPOINT");
          return slots(source, "wal_status = 'lost'") == 1;
        });
  }

  private static List<@Nullable String> checkpoint() {
    return databases
        .destination()
        .queryStrings("SELECT c || ' ' || t FROM bunny.checkpoint c, bunny.table_checkpoint t");
  }

  private static void assertRefused(MirrorHandle handle) {
    assertThatThrownBy(handle::resume)
        .isInstanceOf(SlotLostException.class)
        .hasMessageContaining("mirror 'operated'")
        .hasMessageContaining("replication slot bunny_operated is invalid")
        .hasMessageContaining("the source has removed log that the mirror still needs")
        .hasMessageContaining("call recreate()");
    assertThat(handle.status().state()).isEqualTo(MirrorState.PAUSED);
    MirrorFailure failure = requireNonNull(handle.status().failure());
    assertThat(failure.kind()).isEqualTo(ErrorKind.SLOT_LOST);
    assertThat(failure.message()).contains("bunny_operated is invalid");
  }

  private static void dropAndStartAnew(MirrorHandle handle, long rowsThere) {
    handle.drop();
    assertThat(slots(databases.source(), "true")).isZero();
    assertThat(databases.source().queryStrings("SELECT pubname FROM pg_publication")).isEmpty();
    assertThat(databases.destination().queryLong("SELECT count(*) FROM a")).isEqualTo(rowsThere);
    databases.destination().execute("DROP TABLE a");
    try (MirrorHandle anew = running(mirror(databases, "public.a"))) {
      databases.source().execute("INSERT INTO a VALUES (99)");
      anew.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      anew.drop();
    }
  }

  @Test
  @ExpectsLog("replication slot bunny_operated")
  void lossOfThePausedMirrorsSlotIsToldBeforeAnyoneResumes() {
    List<SlotWarning> warnings = new CopyOnWriteArrayList<>();
    MirrorListener listener =
        new MirrorListener() {
          @Override
          public void onSlotWarning(String mirror, SlotWarning warning) {
            warnings.add(warning);
          }
        };
    try (MirrorHandle handle = running(mirror(databases, "public.a").listener(listener))) {
      handle.awaitCaughtUp(SOON);
      handle.pause();
      awaitSlotIsFree(databases.source());
      assertThat(handle.status().safeWalBytes()).isNotNull();
      invalidateSlot();
      Await.until(
          SOON,
          "the loss is told",
          () -> warnings.stream().anyMatch(w -> w.danger() == SlotWarning.Danger.LOST));
      assertThat(warnings).extracting(SlotWarning::danger).isSorted().doesNotHaveDuplicates();
      assertThat(warnings).allMatch(warning -> warning.slot().equals("bunny_operated"));
      assertThat(handle.status().safeWalBytes()).isNull();
      assertThat(handle.events(new EventQuery(9, 0, MirrorEvent.Level.WARN, "invalid")).events())
          .hasSize(1)
          .allMatch(event -> event.details().get("danger").equals("LOST"));
      handle.drop();
    }
  }

  @Test
  @ExpectsLog(value = "replication slot bunny_operated", optional = true)
  void slotThatWasIdleForTooLongIsRefused() {
    assumeTrue(databases.source().server().major() >= 18, "slots time out from PostgreSQL 18 on");
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      handle.awaitCaughtUp(SOON);
      handle.pause();
      databases
          .source()
          .execute(
              "ALTER SYSTEM SET idle_replication_slot_timeout = '1s'", "SELECT pg_reload_conf()");
      Await.until(
          SOON,
          "the slot is invalid",
          () -> {
            databases.source().execute("CHECKPOINT");
            return slots(databases.source(), "wal_status = 'lost'") == 1;
          });
      databases.source().execute("INSERT INTO a VALUES (11)");
      assertThatThrownBy(handle::resume)
          .isInstanceOf(SlotLostException.class)
          .hasMessageContaining("is invalid: the source gave it up, idle_timeout")
          .hasMessageContaining("call recreate()");
      handle.recreate();
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      handle.drop();
    }
  }

  @Test
  @ExpectsLog(value = "replication slot bunny_operated", optional = true)
  void resumeOfAPausedMirrorIsRefused() {
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      databases.source().execute("INSERT INTO a VALUES (11)");
      handle.awaitCaughtUp(SOON);
      handle.pause();
      awaitSlotIsFree(databases.source());
      MirrorStatus before = handle.status();
      List<@Nullable String> known = checkpoint();
      databases.source().execute("INSERT INTO a VALUES (12)");
      invalidateSlot();
      databases.source().execute("INSERT INTO a VALUES (13)");
      assertRefused(handle);
      assertRefused(handle);
      MirrorStatus after = handle.status();
      assertThat(after.lastLsn()).isEqualTo(before.lastLsn());
      assertThat(after.transactionsApplied()).isEqualTo(before.transactionsApplied());
      assertThat(checkpoint()).isEqualTo(known);
    }
    // The slot is kept as a proof of what happened, and so is the pause.
    assertThat(slots(databases.source(), "wal_status = 'lost'")).isEqualTo(1);
    try (MirrorHandle handle = mirror(databases, "public.a").build().start()) {
      assertThat(handle.status().state()).isEqualTo(MirrorState.PAUSED);
      assertRefused(handle);
      assertThat(databases.destination().queryLong("SELECT count(*) FROM a")).isEqualTo(11);
      dropAndStartAnew(handle, 11);
    }
  }

  @Test
  @ExpectsLog("bunny_operated is invalid.*; paused")
  @ExpectsLog(value = "replication slot bunny_operated", optional = true)
  void startOfAMirrorThatWasRunningPauses() {
    running(mirror(databases, "public.a")).close();
    awaitSlotIsFree(databases.source());
    databases.source().execute("INSERT INTO a VALUES (11)");
    invalidateSlot();
    try (MirrorHandle handle = mirror(databases, "public.a").build().start()) {
      assertThatThrownBy(() -> handle.awaitCaughtUp(SOON))
          .isInstanceOf(SlotLostException.class)
          .hasMessageContaining("bunny_operated is invalid");
      assertRefused(handle);
      assertThat(databases.destination().queryLong("SELECT count(*) FROM a")).isEqualTo(10);
      handle.recreate();
      databases.source().execute("INSERT INTO a VALUES (99)");
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      handle.drop();
    }
  }

  @Test
  @ExpectsLog("bunny_operated is invalid.*; paused")
  @ExpectsLog(value = "replication slot bunny_operated", optional = true)
  @ExpectsLog(value = "the next follows in", optional = true)
  void mirrorThatLagsTooFarBehindPauses() throws SQLException {
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      handle.awaitCaughtUp(SOON);
      Connection held = hold(databases.destination(), "a");
      databases.source().execute("INSERT INTO a VALUES (11)");
      awaitHeldUp(databases.destination());
      // The server ends the session that streams from the slot.
      invalidateSlot();
      databases.source().execute("INSERT INTO a VALUES (12)");
      held.close();
      assertThatThrownBy(() -> handle.awaitCaughtUp(SOON))
          .isInstanceOf(SlotLostException.class)
          .hasMessageContaining("bunny_operated is invalid");
      assertRefused(handle);
      // What had arrived may have been applied, nothing that came after the gap.
      long rows = databases.destination().queryLong("SELECT max(id) FROM a");
      assertThat(rows).isBetween(10L, 11L);
      dropAndStartAnew(handle, rows);
    }
  }
}
