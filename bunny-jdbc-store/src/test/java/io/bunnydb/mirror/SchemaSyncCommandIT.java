package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.awaitHeldUp;
import static io.bunnydb.mirror.Operated.hold;
import static io.bunnydb.mirror.Operated.inBackground;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.returnsSoon;
import static io.bunnydb.mirror.Operated.running;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.SchemaChange;
import io.bunnydb.SchemaChange.Outcome;
import io.bunnydb.TableName;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import java.sql.Connection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A sync of the schema that meets a refusal, other commands, or the end of its connection. */
final class SchemaSyncCommandIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  @BeforeEach
  void createTables() {
    for (String table : new String[] {"a", "b"}) {
      databases
          .source()
          .execute(
              "CREATE TABLE " + table + " (id int PRIMARY KEY, t varchar(9))",
              "INSERT INTO " + table + " SELECT i, 'old' FROM generate_series(1, 9) i");
    }
  }

  /** Both tables' columns are added on the source; nobody writes to them meanwhile. */
  private static MirrorHandle runningBehindNewColumns() {
    MirrorHandle handle = running(mirror(databases, "public.a", "public.b"));
    handle.awaitCaughtUp(SOON);
    databases
        .source()
        .execute("ALTER TABLE a ADD c int DEFAULT 1", "ALTER TABLE b ADD c int DEFAULT 2");
    return handle;
  }

  private static List<Outcome> outcomes(List<SchemaChange> changes) {
    return changes.stream().map(SchemaChange::outcome).toList();
  }

  private static void assertGoesOn(MirrorHandle handle) {
    databases.source().execute("UPDATE a SET c = 7 WHERE id = 7", "INSERT INTO b VALUES (70)");
    handle.awaitCaughtUp(SOON);
    databases.assertMirrored("a", "b");
    handle.drop();
  }

  @Test
  void whatTheDestinationRefusesIsToldAndTheRestIsDone() {
    try (MirrorHandle handle = runningBehindNewColumns()) {
      databases
          .source()
          .execute("ALTER TABLE a ALTER t TYPE text", "ALTER TABLE b ALTER c SET NOT NULL");
      databases
          .destination()
          .execute("CREATE VIEW words AS SELECT t FROM a", "CREATE TABLE rows_of_b (r b)");
      List<SchemaChange> done = handle.syncSchema();
      assertThat(outcomes(done))
          .containsExactly(Outcome.APPLIED, Outcome.BY_HAND, Outcome.BY_HAND, Outcome.WAITS);
      assertThat(done.get(1).reason()).contains("used by a view");
      assertThat(done.get(2).reason()).contains("uses its row type");
      assertThat(done.get(3).reason()).contains("its column could not be added");
      databases.destination().execute("DROP VIEW words", "DROP TABLE rows_of_b");
      assertThat(outcomes(handle.syncSchema())).hasSize(3).containsOnly(Outcome.APPLIED);
      assertGoesOn(handle);
    }
  }

  @Test
  void aRowThatDoesNotSuitItIsNotTouched() {
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      handle.awaitCaughtUp(SOON);
      databases.source().execute("ALTER TABLE a ALTER t SET NOT NULL");
      databases.destination().execute("UPDATE a SET t = NULL WHERE id = 3");
      List<SchemaChange> done = handle.syncSchema();
      assertThat(outcomes(done)).containsExactly(Outcome.BY_HAND);
      assertThat(done.get(0).reason()).contains("contains null values", "23502");
      assertThat(handle.state()).isEqualTo(MirrorState.RUNNING);
      databases.destination().execute("UPDATE a SET t = 'old' WHERE id = 3");
      handle.drop();
    }
  }

  @Test
  void aPauseBreaksItOff() throws Exception {
    try (MirrorHandle handle = runningBehindNewColumns()) {
      AtomicReference<List<SchemaChange>> done = new AtomicReference<>();
      CompletableFuture<Void> sync;
      try (Connection held = hold(databases.destination(), "b")) {
        sync = inBackground(() -> done.set(handle.syncSchema()));
        awaitHeldUp(databases.destination());
        assertThat(handle.state()).isEqualTo(MirrorState.SYNCING_SCHEMA);
        returnsSoon(handle::pause);
        sync.get(SOON.toSeconds(), TimeUnit.SECONDS);
        assertThat(held.isValid(1)).isTrue();
      }
      assertThat(handle.state()).isEqualTo(MirrorState.PAUSED);
      assertThat(outcomes(done.get())).containsExactly(Outcome.APPLIED, Outcome.DUE);
      assertThat(done.get().get(1).reason()).contains("another command came first");
      assertThat(outcomes(handle.syncSchema())).containsExactly(Outcome.APPLIED);
      handle.resume();
      assertGoesOn(handle);
    }
  }

  @Test
  void aResumeFollowsIt() throws Exception {
    try (MirrorHandle handle = runningBehindNewColumns()) {
      handle.pause();
      AtomicReference<List<SchemaChange>> done = new AtomicReference<>();
      CompletableFuture<Void> sync;
      CompletableFuture<Void> resume;
      try (Connection held = hold(databases.destination(), "b")) {
        sync = inBackground(() -> done.set(handle.syncSchema()));
        awaitHeldUp(databases.destination());
        resume = inBackground(handle::resume);
        assertThat(held.isValid(1)).isTrue();
      }
      sync.get(SOON.toSeconds(), TimeUnit.SECONDS);
      resume.get(SOON.toSeconds(), TimeUnit.SECONDS);
      assertThat(outcomes(done.get())).containsOnly(Outcome.APPLIED);
      assertThat(handle.state()).isEqualTo(MirrorState.RUNNING);
      assertGoesOn(handle);
    }
  }

  @Test
  void aCloseBreaksItOffAndAnotherHandleGoesOn() throws Exception {
    MirrorHandle closed = runningBehindNewColumns();
    AtomicReference<List<SchemaChange>> done = new AtomicReference<>();
    try (Connection held = hold(databases.destination(), "b")) {
      CompletableFuture<Void> sync = inBackground(() -> done.set(closed.syncSchema()));
      awaitHeldUp(databases.destination());
      returnsSoon(closed::close);
      sync.get(SOON.toSeconds(), TimeUnit.SECONDS);
      assertThat(held.isValid(1)).isTrue();
    }
    assertThat(outcomes(done.get())).containsExactly(Outcome.APPLIED, Outcome.DUE);
    try (MirrorHandle handle = running(mirror(databases, "public.a", "public.b"))) {
      assertThat(outcomes(handle.syncSchema())).containsExactly(Outcome.APPLIED);
      assertGoesOn(handle);
    }
  }

  @Test
  @ExpectsLog(value = "the next follows in", optional = true)
  void itsConnectionEndsBetweenTwoTables() throws Exception {
    try (MirrorHandle handle = runningBehindNewColumns()) {
      try (Connection held = hold(databases.destination(), "b")) {
        CompletableFuture<Void> sync = inBackground(handle::syncSchema);
        awaitHeldUp(databases.destination());
        databases
            .destination()
            .queryStrings(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    + " WHERE wait_event_type = 'Lock' AND application_name LIKE 'bunny%'");
        assertThatThrownBy(() -> sync.get(SOON.toSeconds(), TimeUnit.SECONDS))
            .isInstanceOf(ExecutionException.class)
            .hasMessageContaining("'operated'");
        assertThat(held.isValid(1)).isTrue();
      }
      handle.awaitState(MirrorState.RUNNING, SOON);
      assertThat(handle.planSchema()).hasSize(1);
      assertThat(outcomes(handle.syncSchema())).containsExactly(Outcome.APPLIED);
      assertGoesOn(handle);
    }
  }

  @Test
  void tablesThatAreBeingCopiedAreLeftAlone() throws Exception {
    try (MirrorHandle handle = runningBehindNewColumns()) {
      databases.destination().execute("ALTER TABLE a ADD c int DEFAULT 1");
      try (Connection held = hold(databases.destination(), "a")) {
        handle.resync(TableName.parse("public.a"));
        awaitHeldUp(databases.destination());
        List<SchemaChange> told = handle.syncSchema();
        assertThat(outcomes(told)).containsExactly(Outcome.WAITS);
        assertThat(told.get(0).reason()).contains("being copied", "pause first");
        assertThat(held.isValid(1)).isTrue();
      }
      handle.awaitCaughtUp(SOON);
      assertThat(outcomes(handle.syncSchema())).containsExactly(Outcome.APPLIED);
      assertGoesOn(handle);
    }
  }
}
