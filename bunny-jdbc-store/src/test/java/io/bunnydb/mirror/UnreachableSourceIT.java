package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.inBackground;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.ErrorKind;
import io.bunnydb.EventQuery;
import io.bunnydb.MirrorBuilder;
import io.bunnydb.MirrorEvent;
import io.bunnydb.MirrorEvent.Level;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.PauseAction;
import io.bunnydb.Peer;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A paused mirror whose source cannot be reached. */
final class UnreachableSourceIT {
  private static final Duration BRIEF = Duration.ofMillis(1);

  /** Far less than it takes the driver to give a connection up. */
  private static final Duration PROMPT = Duration.ofSeconds(3);

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  @BeforeEach
  void pauseAMirror() {
    databases.source().execute("CREATE TABLE a (id int PRIMARY KEY)", "INSERT INTO a VALUES (1)");
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      handle.pause();
    }
  }

  /** The same mirror, whose source is said to be at a port of this machine. */
  private static MirrorBuilder withSourceAt(int port) {
    Peer peer = databases.source().peer();
    return mirror(databases, "public.a")
        .source(
            Peer.of(
                "source",
                "jdbc:postgresql://127.0.0.1:" + port + "/nowhere",
                peer.user(),
                peer.password()));
  }

  private static void finish(MirrorHandle handle) {
    handle.awaitState(MirrorState.RUNNING, SOON);
    databases.source().execute("INSERT INTO a VALUES (2)");
    handle.awaitCaughtUp(SOON);
    databases.assertMirrored("public.a");
    handle.drop();
  }

  @Test
  @ExpectsLog("the pause has lasted PT.*which its policy limits; action RESUME")
  @ExpectsLog("could not be resumed as its policy says, which is tried again")
  void policyThatCannotResumeTriesAgainAfterLongerAndLongerWaits() throws IOException {
    int closed;
    try (ServerSocket port = new ServerSocket(0)) {
      closed = port.getLocalPort();
    }
    try (MirrorHandle handle =
        withSourceAt(closed)
            .pausePolicy(BRIEF, Long.MAX_VALUE, PauseAction.RESUME)
            .build()
            .start()) {
      EventQuery refusals = new EventQuery(99, 0, Level.WARN, "could not be resumed");
      List<MirrorEvent> told =
          Await.value(
              SOON,
              "it was tried four times",
              () -> handle.events(refusals).events(),
              events -> events.size() >= 4);
      Instant first = told.get(told.size() - 1).at();
      MirrorEvent fourth = told.get(told.size() - 4);
      // Half of the nominal waits of 100, 200, 400 and 800 ms, less the time of telling.
      assertThat(Duration.between(first, fourth.at())).isGreaterThan(Duration.ofMillis(300));
      assertThat(Instant.parse(requireNonNull(fourth.details().get("nextAttempt"))))
          .isAfter(fourth.at().plusMillis(350));
      assertThat(requireNonNull(handle.status().failure()).kind()).isEqualTo(ErrorKind.CONNECTION);
      assertThat(handle.status().state()).isEqualTo(MirrorState.PAUSED);
    }
    try (MirrorHandle handle =
        mirror(databases, "public.a")
            .pausePolicy(BRIEF, Long.MAX_VALUE, PauseAction.RESUME)
            .build()
            .start()) {
      finish(handle);
    }
  }

  @Test
  void closeDoesNotWaitForASourceThatDoesNotAnswer() throws Exception {
    try (ServerSocket silent = new ServerSocket(0)) {
      try (MirrorHandle handle = withSourceAt(silent.getLocalPort()).build().start();
          // The mirror looks at its slot by itself.
          Socket connected = silent.accept()) {
        assertThat(closeIsPrompt(handle)).isTrue();
        assertThat(connected.isConnected()).isTrue();
      }
      try (MirrorHandle handle = withSourceAt(silent.getLocalPort()).build().start()) {
        CompletableFuture<Void> asked = inBackground(handle::status);
        try (Socket connected = silent.accept()) {
          assertThat(closeIsPrompt(handle)).isTrue();
          assertThat(connected.isConnected()).isTrue();
        }
        asked.get(SOON.toSeconds(), TimeUnit.SECONDS);
      }
    }
    try (MirrorHandle handle = mirror(databases, "public.a").build().start()) {
      handle.resume();
      finish(handle);
    }
  }

  private static boolean closeIsPrompt(MirrorHandle handle) {
    long from = System.nanoTime();
    handle.close();
    return System.nanoTime() - from < PROMPT.toNanos();
  }
}
