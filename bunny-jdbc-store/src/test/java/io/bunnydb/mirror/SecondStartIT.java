package io.bunnydb.mirror;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.bunnydb.Mirror;
import io.bunnydb.MirrorBuilder;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorOwnedException;
import io.bunnydb.MirrorState;
import io.bunnydb.Peer;
import io.bunnydb.jdbc.JdbcCheckpointStore;
import io.bunnydb.testing.MirrorDatabases;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A mirror that runs already is refused to whoever starts it again, and goes on unharmed. */
final class SecondStartIT {
  private static final Duration SOON = Duration.ofSeconds(60);

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  @BeforeEach
  void makeTable() {
    databases
        .source()
        .execute("CREATE TABLE a (id int PRIMARY KEY)", "INSERT INTO a VALUES (1), (2)");
  }

  private static MirrorBuilder mirror(Peer destination) {
    return Mirror.builder("only one")
        .source(databases.source().peer())
        .destination(destination)
        .table("public.a")
        .checkpointStore(JdbcCheckpointStore.inDestination());
  }

  /** The same destination as another role reaches it. */
  private static Peer otherRole() {
    databases.destination().execute("CREATE ROLE other LOGIN SUPERUSER PASSWORD 'other-secret'");
    return Peer.of("destination", databases.destination().url(), "other", "other-secret");
  }

  private static MirrorOwnedException refused(Mirror mirror) {
    return catchThrowableOfType(MirrorOwnedException.class, () -> mirror.start().close());
  }

  @Test
  void isRefusedWithTheOwnersName() {
    Mirror mirror = mirror(databases.destination().peer()).build();
    Mirror same = mirror(otherRole()).build();
    try (MirrorHandle first = mirror.start()) {
      first.awaitState(MirrorState.RUNNING, SOON);
      CompletableFuture<MirrorOwnedException> running =
          CompletableFuture.supplyAsync(() -> refused(mirror));
      MirrorOwnedException elsewhere = refused(same);
      for (MirrorOwnedException refusal : List.of(running.join(), elsewhere)) {
        assertThat(refusal)
            .hasMessageContainingAll(
                "mirror 'only one'",
                "runs already",
                "\"bunny only one apply " + ProcessHandle.current().pid() + "@",
                "close that one first");
        assertThat(refusal.mirror()).isEqualTo("only one");
      }
      assertThat(first.status().state()).isEqualTo(MirrorState.RUNNING);
      assertThat(first.status().error()).isNull();
      databases.source().execute("INSERT INTO a VALUES (3)", "DELETE FROM a WHERE id = 1");
      first.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      first.pause();
      assertThat(refused(same)).as("while it is paused").isNotNull();
      first.resume();
      first.awaitState(MirrorState.RUNNING, SOON);
    }
    try (MirrorHandle next = same.start()) {
      next.awaitCaughtUp(SOON);
      next.drop();
    }
  }
}
