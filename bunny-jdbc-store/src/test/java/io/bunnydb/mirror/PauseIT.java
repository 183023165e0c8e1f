package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.awaitHeldUp;
import static io.bunnydb.mirror.Operated.awaitSlotIsFree;
import static io.bunnydb.mirror.Operated.hold;
import static io.bunnydb.mirror.Operated.inTransaction;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.returnsSoon;
import static io.bunnydb.mirror.Operated.running;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.MirrorException;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorListener;
import io.bunnydb.MirrorState;
import io.bunnydb.MirrorStatus;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import java.sql.Connection;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Pause and resume: what they keep, what they roll back, what they remember. */
final class PauseIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private static void createTable(int rows) {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id bigserial PRIMARY KEY, t text)",
            "INSERT INTO a (t) SELECT 'row ' || i FROM generate_series(1, " + rows + ") i");
  }

  private static void write(int rows) {
    databases
        .source()
        .execute("INSERT INTO a (t) SELECT 'more ' || i FROM generate_series(1, " + rows + ") i");
  }

  private static long rowsThere() {
    return databases.destination().queryLong("SELECT count(*) FROM a");
  }

  private static void assertMirroredAndDrop(MirrorHandle handle) {
    handle.awaitCaughtUp(SOON);
    databases.assertMirrored("public.a");
    handle.drop();
  }

  @Test
  void pauseKeepsTheSlotAndRollsBackWhatIsInFlight() throws Exception {
    createTable(10);
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      try (Connection held = hold(databases.destination(), "a")) {
        write(500);
        awaitHeldUp(databases.destination());
        returnsSoon(handle::pause);
        assertThat(held.isValid(1)).isTrue();
      }
      assertThat(handle.status().state()).isEqualTo(MirrorState.PAUSED);
      assertThat(handle.status().error()).isNull();
      awaitSlotIsFree(databases.source());
      assertThat(rowsThere()).isEqualTo(10);
      handle.resume();
      assertThat(handle.status().state()).isEqualTo(MirrorState.RUNNING);
      assertMirroredAndDrop(handle);
    }
  }

  @Test
  void pauseIsRememberedByANewHandleOfANewMirror() {
    createTable(10);
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      write(1);
      handle.awaitCaughtUp(SOON);
      handle.pause();
      write(2);
    }
    write(3);
    try (MirrorHandle handle = mirror(databases, "public.a").build().start()) {
      assertThat(handle.status().state()).isEqualTo(MirrorState.PAUSED);
      write(4);
      assertThat(rowsThere()).isEqualTo(11);
      handle.resume();
      handle.awaitCaughtUp(SOON);
      assertThat(rowsThere()).isEqualTo(20);
    }
    write(5);
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      assertMirroredAndDrop(handle);
    }
    assertThat(rowsThere()).isEqualTo(25);
  }

  @Test
  void copyThatWasPausedBeginsAgain() throws Exception {
    createTable(20_000);
    databases.destination().execute("CREATE TABLE a (id bigint PRIMARY KEY, t text)");
    try (Connection held = hold(databases.destination(), "a")) {
      try (MirrorHandle handle = mirror(databases, "public.a").build().start()) {
        handle.awaitState(MirrorState.SNAPSHOT, SOON);
        awaitHeldUp(databases.destination());
        returnsSoon(handle::pause);
        assertThat(handle.status().state()).isEqualTo(MirrorState.PAUSED);
      }
      assertThat(held.isValid(1)).isTrue();
    }
    assertThat(rowsThere()).isZero();
    write(10);
    try (MirrorHandle handle = mirror(databases, "public.a").build().start()) {
      assertThat(handle.status().state()).isEqualTo(MirrorState.PAUSED);
      handle.resume();
      write(10);
      assertMirroredAndDrop(handle);
    }
    assertThat(rowsThere()).isEqualTo(20_020);
  }

  @Test
  void pauseDoesNotWaitForTheSourcesTransactionsWhileStarting() throws Exception {
    createTable(10);
    try (MirrorHandle handle = mirror(databases, "public.a").build().start()) {
      handle.pause();
      assertThat(handle.status().state()).isEqualTo(MirrorState.PAUSED);
      // Taking a slot's or snapshot's position waits for this transaction.
      try (Connection open =
          inTransaction(databases.source(), "INSERT INTO a (t) VALUES ('never committed')")) {
        handle.resume();
        Await.until(
            SOON,
            "the mirror waits for the open transaction",
            () ->
                databases
                        .source()
                        .queryLong(
                            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                                + " AND application_name LIKE 'bunny%'")
                    > 0);
        returnsSoon(handle::pause);
        assertThat(handle.status().state()).isEqualTo(MirrorState.PAUSED);
        assertThat(open.isValid(1)).isTrue();
      }
      handle.resume();
      assertMirroredAndDrop(handle);
    }
  }

  @Test
  void pauseRightAfterTheStartIsNotLost() {
    createTable(10);
    for (int i = 0; i < 5; i++) {
      try (MirrorHandle handle = mirror(databases, "public.a").build().start()) {
        returnsSoon(handle::pause);
        assertThat(handle.status().state()).isEqualTo(MirrorState.PAUSED);
        assertThat(handle.status().error()).isNull();
        handle.resume();
      }
    }
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      assertMirroredAndDrop(handle);
    }
  }

  @Test
  void repeatedCommandsDoNothing() {
    createTable(10);
    List<MirrorState> heard = new CopyOnWriteArrayList<>();
    MirrorListener listener =
        new MirrorListener() {
          @Override
          public void onStateChange(String mirror, MirrorState from, MirrorState to) {
            heard.add(to);
          }
        };
    try (MirrorHandle handle = running(mirror(databases, "public.a").listener(listener))) {
      handle.resume();
      handle.pause();
      handle.pause();
      handle.resume();
      handle.resume();
      assertMirroredAndDrop(handle);
    }
    assertThat(heard)
        .containsExactly(
            MirrorState.SETTING_UP,
            MirrorState.SNAPSHOT,
            MirrorState.RUNNING,
            MirrorState.PAUSING,
            MirrorState.PAUSED,
            MirrorState.RUNNING,
            MirrorState.TERMINATING,
            MirrorState.TERMINATED);
  }

  @Test
  void pauseThatCouldNotBeNotedIsNotedByTheNext() {
    createTable(1);
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      databases
          .destination()
          .execute(
              "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
                  + " $$ BEGIN RAISE 'no notes'; END $$",
              "CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON bunny.checkpoint"
                  + " FOR EACH STATEMENT EXECUTE FUNCTION refuse()",
              "ALTER TABLE bunny.checkpoint ENABLE ALWAYS TRIGGER refuse");
      assertThatThrownBy(handle::pause)
          .isInstanceOf(MirrorException.class)
          .hasMessageContaining("no notes");
      assertThat(handle.status().state()).isEqualTo(MirrorState.PAUSED);
      databases.destination().execute("DROP FUNCTION refuse CASCADE");
      handle.pause();
      assertThat(
              databases
                  .destination()
                  .queryLong("SELECT count(*) FROM bunny.checkpoint WHERE paused"))
          .isEqualTo(1);
      handle.resume();
      assertMirroredAndDrop(handle);
    }
  }

  @Test
  @ExpectsLog("a listener failed")
  void listenerThatThrowsDoesNoHarm() {
    createTable(10);
    MirrorListener listener =
        new MirrorListener() {
          @Override
          public void onStateChange(String mirror, MirrorState from, MirrorState to) {
            throw new IllegalArgumentException("from a listener");
          }
        };
    try (MirrorHandle handle = running(mirror(databases, "public.a").listener(listener))) {
      handle.pause();
      write(1);
      handle.resume();
      assertMirroredAndDrop(handle);
    }
  }

  @Test
  void lagAndRetainedLogGrowWhilePausedAndShrinkAfterwards() {
    createTable(10);
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      handle.awaitCaughtUp(SOON);
      handle.pause();
      MirrorStatus before = handle.status();
      write(20_000);
      MirrorStatus after =
          Await.value(
              SOON,
              "lag is seen",
              handle::status,
              s -> s.lagBytes() > before.lagBytes() + 1_000_000 && s.lagSeconds() > 0.5);
      assertThat(after.retainedWalBytes()).isGreaterThan(before.retainedWalBytes() + 1_000_000);
      assertThat(after.lastLsn()).isEqualTo(before.lastLsn());
      Await.value(
          SOON, "lag grows", () -> handle.status().lagSeconds(), l -> l > after.lagSeconds() + 0.5);
      handle.resume();
      handle.awaitCaughtUp(SOON);
      // What the slot needs moves on with it, else not before the server's next look at itself.
      databases.source().execute("CHECKPOINT");
      write(1);
      Await.value(
          SOON,
          "no lag is left",
          handle::status,
          s -> s.lagBytes() < 10_000 && s.lagSeconds() == 0 && s.retainedWalBytes() < 1_000_000);
      assertMirroredAndDrop(handle);
    }
  }
}
