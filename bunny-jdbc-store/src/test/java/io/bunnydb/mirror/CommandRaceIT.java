package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.awaitHeldUp;
import static io.bunnydb.mirror.Operated.hold;
import static io.bunnydb.mirror.Operated.inBackground;
import static io.bunnydb.mirror.Operated.mappings;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.returnsSoon;
import static io.bunnydb.mirror.Operated.running;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.MirrorException;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.TableName;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.Workload;
import java.sql.Connection;
import java.sql.Statement;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Commands from several threads at once, and the ways to close: none hangs, none is lost. */
final class CommandRaceIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  @BeforeEach
  void createTable() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id bigserial PRIMARY KEY, t text)",
            "INSERT INTO a (t) SELECT 'row ' || i FROM generate_series(1, 100) i");
  }

  private static void dropAfterCatchingUp(MirrorHandle handle) {
    handle.resume();
    handle.awaitCaughtUp(SOON);
    databases.assertMirrored("public.a");
    handle.drop();
  }

  @Test
  void twoThreadsPauseAtOnce() {
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      for (int i = 0; i < 5; i++) {
        returnsSoon(handle::pause, handle::pause);
        assertThat(handle.status().state()).isEqualTo(MirrorState.PAUSED);
        returnsSoon(handle::resume, handle::resume);
        assertThat(handle.status().state()).isEqualTo(MirrorState.RUNNING);
      }
      dropAfterCatchingUp(handle);
    }
  }

  @Test
  void pausesAndResumesFromManyThreadsLoseNothing() {
    try (MirrorHandle handle = running(mirror(databases, "public.a"));
        Workload writes =
            Workload.start(databases.source(), (connection, random) -> insert(connection))) {
      Runnable operator =
          () -> {
            Random random = new Random();
            for (int i = 0; i < 10; i++) {
              if (random.nextBoolean()) {
                handle.pause();
              } else {
                resumeUnlessOvertaken(handle);
              }
            }
          };
      returnsSoon(operator, operator, operator);
      returnsSoon(handle::pause);
      assertThat(handle.status().state()).isEqualTo(MirrorState.PAUSED);
      assertThat(handle.status().error()).isNull();
      returnsSoon(handle::resume);
      assertThat(handle.status().state()).isEqualTo(MirrorState.RUNNING);
      writes.close();
      dropAfterCatchingUp(handle);
    }
  }

  /** A resume that another thread's pause cuts short says so, and the mirror stays paused. */
  private static void resumeUnlessOvertaken(MirrorHandle handle) {
    try {
      handle.resume();
    } catch (MirrorException overtaken) {
      assertThat(overtaken).hasMessageContaining("overtaken by another command");
    }
  }

  private static void insert(Connection connection) throws Exception {
    try (Statement statement = connection.createStatement()) {
      statement.execute("INSERT INTO a (t) VALUES ('x'), ('y')");
    }
  }

  @Test
  void listsOfTablesAndPausesFromManyThreadsLoseNothing() {
    databases
        .source()
        .execute(
            "CREATE TABLE b (id bigserial PRIMARY KEY, t text)",
            "INSERT INTO b (t) SELECT 'row' FROM generate_series(1, 100) i");
    try (MirrorHandle handle = running(mirror(databases, "public.a"));
        Workload writes =
            Workload.start(databases.source(), (connection, random) -> insert(connection))) {
      Runnable lister =
          () -> {
            for (int i = 0; i < 4; i++) {
              orRefused(() -> handle.updateTables(mappings("public.a", "public.b")));
              orRefused(() -> handle.table("public.b").pause());
              orRefused(() -> handle.resync(TableName.parse("public.b")));
            }
          };
      Runnable pauser =
          () -> {
            for (int i = 0; i < 4; i++) {
              handle.pause();
              resumeUnlessOvertaken(handle);
              orRefused(() -> handle.table("public.a").pause());
              orRefused(() -> handle.table("public.a").resume());
            }
          };
      returnsSoon(lister, pauser);
      handle.resume();
      returnsSoon(() -> handle.updateTables(mappings("public.a", "public.b")));
      handle.resumeTables(TableName.parse("public.a"), TableName.parse("public.b"));
      writes.close();
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.b");
      dropAfterCatchingUp(handle);
    }
  }

  /** A mirror that is just pausing takes no other command, nor is a table known before it came. */
  private static void orRefused(Runnable command) {
    try {
      command.run();
    } catch (IllegalStateException refused) {
      assertThat(refused)
          .hasMessageContaining("needs it to be RUNNING, RESYNCING, SNAPSHOT or PAUSED");
    } catch (IllegalArgumentException unknown) {
      assertThat(unknown).hasMessage("mirror 'operated' has no source table public.b");
    }
  }

  @Test
  void closeEndsCommandsOfOtherThreads() {
    for (int i = 0; i < 5; i++) {
      try (MirrorHandle handle = mirror(databases, "public.a").build().start()) {
        Runnable operator =
            () -> {
              try {
                while (true) {
                  handle.pause();
                  resumeUnlessOvertaken(handle);
                }
              } catch (IllegalStateException closed) {
                assertThat(closed).hasMessageContaining("closed");
              }
            };
        CompletableFuture<Void> first = inBackground(operator);
        CompletableFuture<Void> second = inBackground(operator);
        Await.until(SOON, "commands run", () -> handle.status().state() != MirrorState.CREATED);
        returnsSoon(handle::close, handle::close);
        returnsSoon(first::join, second::join);
        assertThat(handle.status().state()).isEqualTo(MirrorState.TERMINATED);
      }
    }
    try (MirrorHandle handle = mirror(databases, "public.a").build().start()) {
      dropAfterCatchingUp(handle);
    }
  }

  @Test
  void closeDuringTheCopyReturnsSoonAndKeepsTheMirror() throws Exception {
    databases.destination().execute("CREATE TABLE a (id bigint PRIMARY KEY, t text)");
    try (Connection held = hold(databases.destination(), "a");
        MirrorHandle handle = mirror(databases, "public.a").build().start()) {
      awaitHeldUp(databases.destination());
      returnsSoon(handle::close);
      returnsSoon(handle::close);
      assertThat(held.isValid(1)).isTrue();
    }
    assertThat(databases.destination().queryLong("SELECT count(*) FROM a")).isZero();
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      dropAfterCatchingUp(handle);
    }
  }

  @Test
  void closeWakesThoseWhoWait() throws Exception {
    MirrorHandle handle = running(mirror(databases, "public.a"));
    try (Connection held = hold(databases.destination(), "a")) {
      databases.source().execute("INSERT INTO a (t) VALUES ('held up')");
      CompletableFuture<Void> waiting = inBackground(() -> handle.awaitCaughtUp(SOON.plus(SOON)));
      CompletableFuture<Void> forState =
          inBackground(() -> handle.awaitState(MirrorState.PAUSED, SOON.plus(SOON)));
      awaitHeldUp(databases.destination());
      returnsSoon(handle::close);
      assertThat(held.isValid(1)).isTrue();
      assertThatThrownBy(() -> waiting.get(5, TimeUnit.SECONDS))
          .hasCauseInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> forState.get(5, TimeUnit.SECONDS))
          .hasCauseInstanceOf(IllegalStateException.class);
    }
    try (MirrorHandle again = running(mirror(databases, "public.a"))) {
      dropAfterCatchingUp(again);
    }
  }

  @Test
  void commandsAfterCloseAreRefused() {
    MirrorHandle handle = running(mirror(databases, "public.a"));
    handle.close();
    assertThat(handle.status().state()).isEqualTo(MirrorState.TERMINATED);
    for (Runnable command :
        new Runnable[] {
          handle::pause,
          handle::resume,
          handle::retry,
          handle::drop,
          () -> handle.updateTables(mappings("public.a")),
          () -> handle.awaitCaughtUp(SOON),
          () -> handle.awaitState(MirrorState.RUNNING, SOON)
        }) {
      assertThatThrownBy(() -> returnsSoon(command))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("'operated' was closed");
    }
    handle.close();
    try (MirrorHandle again = running(mirror(databases, "public.a"))) {
      dropAfterCatchingUp(again);
    }
  }
}
