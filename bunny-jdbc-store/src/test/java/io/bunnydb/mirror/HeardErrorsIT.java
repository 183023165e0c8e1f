package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.awaitSlotIsFree;
import static io.bunnydb.mirror.Operated.loseSlot;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.bunnydb.ApplyException;
import io.bunnydb.CopyException;
import io.bunnydb.MirrorException;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorListener;
import io.bunnydb.MirrorState;
import io.bunnydb.SlotLostException;
import io.bunnydb.TableName;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.SidesDiffer;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a listener hears of errors: each once, whether the mirror stops for it or tries again. */
@ExpectsLog(value = "; paused", optional = true)
final class HeardErrorsIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  /** Keeps the errors that it hears. */
  private static final class Heard implements MirrorListener {
    private final List<MirrorException> errors = new CopyOnWriteArrayList<>();

    @Override
    public void onError(String mirror, MirrorException error) {
      assertThat(mirror).isEqualTo("operated");
      errors.add(error);
    }

    /** The only error so far. */
    MirrorException only() {
      return Await.value(SOON, "one error is heard", () -> errors, e -> e.size() == 1).get(0);
    }
  }

  @BeforeEach
  void createTable() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY)", "INSERT INTO a SELECT generate_series(1, 10)");
  }

  private static void failToApply(MirrorHandle handle) {
    databases.destination().execute("INSERT INTO a VALUES (11)");
    databases.source().execute("INSERT INTO a VALUES (11)");
    Await.until(SOON, "it is paused", () -> handle.status().state() == MirrorState.PAUSED);
  }

  private static void goesOnOnceCured(MirrorHandle handle) {
    databases.destination().execute("DELETE FROM a WHERE id = 11");
    handle.resume();
    handle.awaitCaughtUp(SOON);
    databases.assertMirrored("a");
    handle.drop();
  }

  @Test
  void changeThatCannotBeAppliedIsHeard() {
    Heard heard = new Heard();
    try (MirrorHandle handle = running(mirror(databases, "public.a").listener(heard))) {
      failToApply(handle);
      MirrorException error = heard.only();
      assertThat(error).isInstanceOf(ApplyException.class);
      assertThat(error.mirror()).isEqualTo("operated");
      assertThat(error.table()).isEqualTo(TableName.parse("public.a"));
      assertThat(error.lsn()).isNotNull();
      assertThat(error.sqlState()).isEqualTo("23505");
      assertThat(handle.status().error()).isEqualTo(error.getMessage());
      assertThat(catchThrowable(() -> handle.awaitCaughtUp(SOON))).isSameAs(error);
      goesOnOnceCured(handle);
      assertThat(heard.errors).containsExactly(error);
    }
  }

  @Test
  void errorThatPausedIsHeardAgainByWhoStartsAnew() {
    Heard heard = new Heard();
    try (MirrorHandle handle = running(mirror(databases, "public.a").listener(heard))) {
      failToApply(handle);
    }
    Heard later = new Heard();
    try (MirrorHandle handle = mirror(databases, "public.a").listener(later).build().start()) {
      assertThat(later.only())
          .hasMessageContaining("paused by an error before this start")
          .hasMessageContaining("23505");
      assertThat(heard.errors).hasSize(1);
      goesOnOnceCured(handle);
      assertThat(later.errors).hasSize(1);
    }
  }

  @Test
  void copyThatFailsIsHeard() {
    databases.destination().execute("CREATE TABLE a (id int PRIMARY KEY CHECK (id < 10))");
    Heard heard = new Heard();
    try (MirrorHandle handle = mirror(databases, "public.a").listener(heard).build().start()) {
      MirrorException error = heard.only();
      assertThat(error).isInstanceOf(CopyException.class);
      assertThat(error.table()).isEqualTo(TableName.parse("public.a"));
      assertThat(error.sqlState()).isEqualTo("23514");
      assertThatThrownBy(() -> handle.awaitState(MirrorState.RUNNING, SOON)).isSameAs(error);
      databases.destination().execute("ALTER TABLE a DROP CONSTRAINT a_id_check");
      goesOnOnceCured(handle);
      assertThat(heard.errors).containsExactly(error);
    }
  }

  @Test
  @ExpectsLog("attempt 1 failed, the next follows in")
  void errorThatPassesIsHeard() {
    Heard heard = new Heard();
    try (MirrorHandle handle = running(mirror(databases, "public.a").listener(heard))) {
      handle.awaitCaughtUp(SOON);
      assertThat(heard.errors).isEmpty();
      Await.until(
          SOON,
          "the stream is there, and ends",
          () ->
              databases
                      .source()
                      .queryLong(
                          "SELECT count(pg_terminate_backend(active_pid)) FROM pg_replication_slots"
                              + " WHERE slot_name = 'bunny_operated'")
                  == 1);
      Await.until(SOON, "an error is heard", () -> !heard.errors.isEmpty());
      databases.source().execute("INSERT INTO a VALUES (11)");
      handle.awaitCaughtUp(SOON);
      assertThat(handle.status().state()).isEqualTo(MirrorState.RUNNING);
      assertThat(handle.status().error()).isNull();
      assertThat(heard.errors).allMatch(error -> error.sqlState() != null);
      databases.assertMirrored("a");
      handle.drop();
    }
  }

  @Test
  @SidesDiffer("the slot is lost")
  @ExpectsLog(value = "replication slot bunny_operated", optional = true)
  void refusedResumeIsHeard() {
    Heard heard = new Heard();
    try (MirrorHandle handle = running(mirror(databases, "public.a").listener(heard))) {
      handle.pause();
      awaitSlotIsFree(databases.source());
      loseSlot(databases.source());
      Throwable refusal = catchThrowable(handle::resume);
      assertThat(refusal).isInstanceOf(SlotLostException.class);
      assertThat(heard.only()).isSameAs(refusal);
      handle.drop();
    }
  }

  @Test
  @ExpectsLog("a listener failed")
  void listenerThatThrowsAtAnErrorDoesNoHarm() {
    MirrorListener listener =
        new MirrorListener() {
          @Override
          public void onError(String mirror, MirrorException error) {
            throw new AssertionError("as the test wants it");
          }
        };
    Heard heard = new Heard();
    try (MirrorHandle handle =
        running(mirror(databases, "public.a").listener(listener).listener(heard))) {
      failToApply(handle);
      assertThat(heard.only()).isInstanceOf(ApplyException.class);
      goesOnOnceCured(handle);
    }
  }
}
