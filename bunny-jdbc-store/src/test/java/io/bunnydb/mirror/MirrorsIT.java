package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.Mirror;
import io.bunnydb.MirrorBuilder;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorListener;
import io.bunnydb.MirrorState;
import io.bunnydb.Mirrors;
import io.bunnydb.Peer;
import io.bunnydb.PeerConnectionException;
import io.bunnydb.TableMapping;
import io.bunnydb.jdbc.JdbcCheckpointStore;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.SidesDiffer;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Several mirrors of one process: what they share, and what they do not. */
final class MirrorsIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  @BeforeEach
  void createTables() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY)",
            "CREATE TABLE b (id int PRIMARY KEY)",
            "CREATE TABLE c (id int PRIMARY KEY)",
            "INSERT INTO a VALUES (1)",
            "INSERT INTO b VALUES (1)",
            "INSERT INTO c VALUES (1)");
  }

  /** A mirror of the table of its name. */
  private static MirrorBuilder mirror(String name) {
    return Mirror.builder(name)
        .source(databases.source().peer())
        .destination(databases.destination().peer())
        .table("public." + name)
        .checkpointStore(JdbcCheckpointStore.inDestination());
  }

  private static MirrorHandle startRunning(Mirrors mirrors, String name) {
    MirrorHandle handle = mirrors.start(mirror(name).build());
    handle.awaitState(MirrorState.RUNNING, SOON);
    return handle;
  }

  private static Map<String, RuntimeException> startKnown(
      Mirrors mirrors, Function<String, Optional<Mirror>> describe) throws SQLException {
    try (Connection connection = databases.destination().connection()) {
      return mirrors.startKnown(JdbcCheckpointStore.inDestination(), connection, describe);
    }
  }

  private static void dropAll(Mirrors mirrors) {
    mirrors.list().forEach(MirrorHandle::drop);
    assertThat(mirrors.list()).isEmpty();
  }

  @Test
  void findsAndListsWhatItStarted() {
    try (Mirrors mirrors = new Mirrors()) {
      MirrorHandle b = startRunning(mirrors, "b");
      MirrorHandle a = startRunning(mirrors, "a");
      assertThat(mirrors.list()).containsExactly(b, a);
      assertThat(mirrors.find("a")).containsSame(a);
      assertThat(mirrors.find("c")).isEmpty();
      assertThat(a.name()).isEqualTo("a");
      assertThat(a.tables()).containsExactly(TableMapping.from("public.a"));
      dropAll(mirrors);
    }
  }

  @Test
  void aMirrorThatWasClosedLeavesAndItsNameIsFree() {
    try (Mirrors mirrors = new Mirrors()) {
      startRunning(mirrors, "a").close();
      assertThat(mirrors.list()).isEmpty();
      assertThat(mirrors.find("a")).isEmpty();
      MirrorHandle again = startRunning(mirrors, "a");
      assertThatThrownBy(() -> mirrors.start(mirror("a").build()))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("mirror 'a' runs here already");
      assertThat(again.state()).isEqualTo(MirrorState.RUNNING);
      dropAll(mirrors);
    }
  }

  @Test
  void ofTwoStartsAtOnceOneIsRefused() throws Exception {
    try (Mirrors mirrors = new Mirrors()) {
      List<CompletableFuture<Boolean>> starts = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        starts.add(
            CompletableFuture.supplyAsync(
                () -> {
                  try {
                    mirrors.start(mirror("a").build());
                    return true;
                  } catch (IllegalStateException e) {
                    return false;
                  }
                },
                task -> new Thread(task).start()));
      }
      List<Boolean> started = new ArrayList<>();
      for (CompletableFuture<Boolean> start : starts) {
        started.add(start.get(30, TimeUnit.SECONDS));
      }
      assertThat(started).containsExactlyInAnyOrder(true, false);
      mirrors.find("a").orElseThrow().awaitState(MirrorState.RUNNING, SOON);
      dropAll(mirrors);
    }
  }

  @Test
  @ExpectsLog("table public.b, at .* paused")
  @SidesDiffer(value = "the destination refuses a row", tables = "public.b")
  void oneThatStopsTouchesNoOther() {
    try (Mirrors mirrors = new Mirrors()) {
      MirrorHandle a = startRunning(mirrors, "a");
      MirrorHandle b = startRunning(mirrors, "b");
      databases.destination().execute("ALTER TABLE b ADD CHECK (id < 2)");
      databases.source().execute("INSERT INTO b VALUES (2)", "INSERT INTO a VALUES (2)");
      a.awaitCaughtUp(SOON);
      Await.until(SOON, "b is paused", () -> b.state() == MirrorState.PAUSED);
      databases.source().execute("INSERT INTO a VALUES (3)");
      a.awaitCaughtUp(SOON);
      assertThat(a.state()).isEqualTo(MirrorState.RUNNING);
      assertThat(a.status().error()).isNull();
      databases.assertMirrored("public.a");
      dropAll(mirrors);
    }
  }

  @Test
  void aRestartFindsTheMirrorsOfTheStore() throws SQLException {
    try (Mirrors mirrors = new Mirrors()) {
      assertThat(startKnown(mirrors, name -> Optional.of(mirror(name).build()))).isEmpty();
      startRunning(mirrors, "a");
      startRunning(mirrors, "b").pause();
      startRunning(mirrors, "c");
    }
    databases.source().execute("INSERT INTO a VALUES (2)", "INSERT INTO b VALUES (2)");
    try (Mirrors mirrors = new Mirrors()) {
      Map<String, RuntimeException> failures =
          startKnown(
              mirrors,
              name -> name.equals("c") ? Optional.empty() : Optional.of(mirror(name).build()));
      assertThat(failures).isEmpty();
      assertThat(mirrors.list()).extracting(MirrorHandle::name).containsExactly("a", "b");
      mirrors.find("a").orElseThrow().awaitCaughtUp(SOON);
      MirrorHandle b = mirrors.find("b").orElseThrow();
      assertThat(b.state()).isEqualTo(MirrorState.PAUSED);
      b.resume();
      b.awaitCaughtUp(SOON);
      assertThat(startKnown(mirrors, name -> Optional.of(mirror(name).build()))).isEmpty();
      assertThat(mirrors.list()).hasSize(3);
      dropAll(mirrors);
    }
  }

  @Test
  void oneThatCannotBeStartedKeepsNoOtherFromIt() throws SQLException {
    try (Mirrors mirrors = new Mirrors()) {
      startRunning(mirrors, "a");
      startRunning(mirrors, "b");
      startRunning(mirrors, "c");
    }
    try (Mirrors mirrors = new Mirrors()) {
      Map<String, RuntimeException> failures =
          startKnown(
              mirrors,
              name ->
                  switch (name) {
                    case "a" -> throw new IllegalArgumentException("nobody knows it");
                    case "b" -> Optional.of(mirror(name).destination(nowhere()).build());
                    default -> Optional.of(mirror(name).build());
                  });
      assertThat(failures).containsOnlyKeys("a", "b");
      assertThat(failures.get("a")).hasMessage("nobody knows it");
      assertThat(failures.get("b")).isInstanceOf(PeerConnectionException.class);
      assertThat(mirrors.list()).extracting(MirrorHandle::name).containsExactly("c");
      assertThat(startKnown(mirrors, name -> Optional.of(mirror(name).build()))).isEmpty();
      dropAll(mirrors);
    }
  }

  private static Peer nowhere() {
    return Peer.of("nowhere", "jdbc:postgresql://127.0.0.1:1/x", "x", "x");
  }

  @Test
  void closeClosesTheOthersWhereOneRefuses() throws Exception {
    Mirrors mirrors = new Mirrors();
    CountDownLatch closed = new CountDownLatch(1);
    AtomicReference<RuntimeException> thrown = new AtomicReference<>();
    // A listener may not close its own mirror.
    MirrorListener closing =
        new MirrorListener() {
          @Override
          public void onStateChange(String mirror, MirrorState from, MirrorState to) {
            if (to == MirrorState.RUNNING) {
              try {
                mirrors.close();
              } catch (IllegalStateException e) {
                thrown.set(e);
              }
              closed.countDown();
            }
          }
        };
    MirrorHandle a = startRunning(mirrors, "a");
    MirrorHandle b = mirrors.start(mirror("b").listener(closing).build());
    assertThat(closed.await(30, TimeUnit.SECONDS)).isTrue();
    assertThat(thrown.get()).hasMessageContaining("a listener of mirror 'b'");
    assertThat(a.state()).isEqualTo(MirrorState.TERMINATED);
    assertThat(mirrors.list()).containsExactly(b);
    assertThatThrownBy(() -> mirrors.start(mirror("c").build()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
    b.awaitState(MirrorState.RUNNING, SOON);
    mirrors.close();
    assertThat(b.state()).isEqualTo(MirrorState.TERMINATED);
    try (Mirrors again = new Mirrors()) {
      assertThat(startKnown(again, name -> Optional.of(mirror(name).build()))).isEmpty();
      dropAll(again);
    }
  }

  @Test
  void closeWaitsForAStartThatIsUnderWay() throws Exception {
    Mirrors mirrors = new Mirrors();
    CompletableFuture<MirrorHandle> start =
        CompletableFuture.supplyAsync(
            () -> mirrors.start(mirror("a").build()), task -> new Thread(task).start());
    Await.until(
        SOON,
        "the mirror connects",
        () ->
            start.isDone()
                || databases
                        .destination()
                        .queryLong(
                            "SELECT count(*) FROM pg_stat_activity"
                                + " WHERE application_name LIKE 'bunny a%'")
                    > 0);
    mirrors.close();
    assertThat(start.get(30, TimeUnit.SECONDS).state()).isEqualTo(MirrorState.TERMINATED);
    try (Mirrors again = new Mirrors()) {
      assertThat(startKnown(again, name -> Optional.of(mirror(name).build()))).isEmpty();
      dropAll(again);
    }
  }
}
