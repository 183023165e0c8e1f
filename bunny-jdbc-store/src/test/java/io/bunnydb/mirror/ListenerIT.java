package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.mappings;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.returnsSoon;
import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorListener;
import io.bunnydb.MirrorState;
import io.bunnydb.TableStatus;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Listeners that do what they must not. The story: one that called {@code close()} waited for the
 * thread it ran on, for ever, and one that threw an error or left an interrupt ended that thread.
 */
final class ListenerIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  @BeforeEach
  void createTable() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY)", "INSERT INTO a SELECT generate_series(1, 10)");
  }

  /** Calls every command at every event of which the test has the handle, and keeps what came. */
  private static final class Commanding implements MirrorListener {
    final CompletableFuture<MirrorHandle> handle = new CompletableFuture<>();
    final List<String> events = new CopyOnWriteArrayList<>();
    final List<Throwable> refusals = new CopyOnWriteArrayList<>();

    @Override
    public void onStateChange(String mirror, MirrorState from, MirrorState to) {
      // The first states are told before start() returns.
      if (to != MirrorState.CREATED && to != MirrorState.SETTING_UP) {
        callEverything(to.toString());
      }
    }

    @Override
    public void onCopyProgress(String mirror, TableStatus table) {
      callEverything("copy");
    }

    private void callEverything(String event) {
      MirrorHandle mine = handle.join();
      attempt(mine::pause);
      attempt(mine::drop);
      attempt(mine::close);
      attempt(() -> mine.updateTables(mappings("public.a")));
      events.add(event);
    }

    private void attempt(Runnable command) {
      try {
        command.run();
        refusals.add(new AssertionError("a command returned"));
      } catch (RuntimeException | Error e) {
        refusals.add(e);
      }
    }
  }

  @Test
  void commandsOfAListenerAreRefusedAtOnceAndChangeNothing() {
    Commanding listener = new Commanding();
    try (MirrorHandle handle = mirror(databases, "public.a").listener(listener).build().start()) {
      listener.handle.complete(handle);
      handle.awaitState(MirrorState.RUNNING, SOON);
      Await.until(SOON, "all is told", () -> listener.events.contains("RUNNING"));
      assertThat(handle.status().state()).isEqualTo(MirrorState.RUNNING);
      // PAUSING is told by the thread that calls.
      returnsSoon(handle::pause);
      assertThat(handle.status().state()).isEqualTo(MirrorState.PAUSED);
      returnsSoon(handle::resume);
      databases.source().execute("INSERT INTO a VALUES (11)");
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      returnsSoon(handle::drop);
    }
    assertThat(listener.events).contains("copy", "SNAPSHOT", "RUNNING", "PAUSING", "PAUSED");
    assertThat(listener.refusals)
        .allSatisfy(refusal -> assertThat(refusal).isInstanceOf(IllegalStateException.class));
  }

  @Test
  @ExpectsLog("a listener failed")
  void listenerThatThrowsAnErrorDoesNoHarm() {
    mirrorsWith(
        () -> {
          throw new AssertionError("as the test wants it");
        });
  }

  @Test
  @ExpectsLog("left its thread interrupted")
  void listenerThatLeavesItsThreadInterruptedDoesNoHarm() {
    mirrorsWith(() -> Thread.currentThread().interrupt());
  }

  private static void mirrorsWith(Runnable behaviour) {
    MirrorListener listener =
        new MirrorListener() {
          @Override
          public void onStateChange(String mirror, MirrorState from, MirrorState to) {
            behaviour.run();
          }

          @Override
          public void onCopyProgress(String mirror, TableStatus table) {
            behaviour.run();
          }
        };
    try (MirrorHandle handle = mirror(databases, "public.a").listener(listener).build().start()) {
      handle.awaitState(MirrorState.RUNNING, SOON);
      handle.pause();
      handle.resume();
      databases.source().execute("INSERT INTO a VALUES (11)");
      handle.awaitCaughtUp(SOON);
      assertThat(handle.status().error()).isNull();
      databases.assertMirrored("public.a");
      handle.drop();
    }
  }
}
