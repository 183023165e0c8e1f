package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.awaitHeldUp;
import static io.bunnydb.mirror.Operated.createTables;
import static io.bunnydb.mirror.Operated.hold;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.Mirror;
import io.bunnydb.MirrorBuilder;
import io.bunnydb.MirrorFailure;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.PreflightException;
import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.TableState;
import io.bunnydb.jdbc.JdbcCheckpointStore;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.Workload;
import java.sql.Connection;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tables that are copied again, of a mirror that runs and of one that is paused. */
final class ResyncIT {
  private static final TableName A = TableName.parse("public.a");

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  /** What nobody but a user has done: rows that are gone, other ones, and one too many. */
  private static void spoil(String table) {
    databases
        .destination()
        .execute(
            "DELETE FROM " + table + " WHERE id < 10",
            "UPDATE " + table + " SET t = 'spoiled' WHERE id < 20",
            "INSERT INTO " + table + " VALUES (1000, 'spoiled')");
  }

  private static TableState stateOf(MirrorHandle handle, TableName table) {
    return handle.status().tables().stream()
        .filter(t -> t.source().equals(table))
        .findFirst()
        .orElseThrow()
        .state();
  }

  @Test
  void tableOfARunningMirrorIsCopiedWhileOthersFlow() throws Exception {
    createTables(databases.source(), "a", "b");
    try (MirrorHandle handle = running(mirror(databases, "public.a", "public.b"))) {
      handle.awaitCaughtUp(SOON);
      spoil("a");
      try (Connection held = hold(databases.destination(), "a")) {
        handle.resync(A);
        awaitHeldUp(databases.destination());
        databases
            .source()
            .execute("UPDATE a SET t = 'new' WHERE id = 50", "INSERT INTO b VALUES (101, 'new')");
        Await.until(
            SOON,
            "the other table's change arrives",
            () -> databases.destination().queryLong("SELECT count(*) FROM b") == 101);
        assertThat(handle.status().state()).isEqualTo(MirrorState.RUNNING);
        assertThat(stateOf(handle, A)).isEqualTo(TableState.COPYING);
        assertThat(stateOf(handle, TableName.parse("public.b"))).isEqualTo(TableState.LIVE);
        assertThat(held.isValid(1)).isTrue();
      }
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a", "public.b");
      databases.source().execute("UPDATE a SET t = 'newer' WHERE id = 51");
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      handle.drop();
    }
  }

  @Test
  void tablesOfAPausedMirrorAreCopiedOnResume() {
    createTables(databases.source(), "a", "b");
    try (MirrorHandle handle = running(mirror(databases, "public.a", "public.b"))) {
      handle.awaitCaughtUp(SOON);
      handle.pause();
      spoil("a");
      spoil("b");
      databases.source().execute("DELETE FROM a WHERE id > 90");
      handle.resync();
      assertThat(handle.status().state()).isEqualTo(MirrorState.PAUSED);
      assertThat(databases.destination().queryLong("SELECT count(*) FROM a WHERE id = 1000"))
          .isOne();
    }
    // It is remembered.
    try (MirrorHandle handle = mirror(databases, "public.a", "public.b").build().start()) {
      assertThat(handle.status().tables()).allMatch(t -> t.state() == TableState.COPYING);
      handle.resume();
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a", "public.b");
      handle.drop();
    }
  }

  @Test
  void otherTablesAndNoneAreRefused() {
    createTables(databases.source(), "a", "b");
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      handle.awaitCaughtUp(SOON);
      assertThatThrownBy(() -> handle.resync(A, TableName.parse("public.b")))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("mirror 'operated' has no source table public.b");
      assertThatThrownBy(() -> handle.resync(new TableName[0]))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("resync() for all");
      assertThat(stateOf(handle, A)).isEqualTo(TableState.LIVE);
      handle.drop();
    }
  }

  /** Changes that flow beside it say nothing of the copy. */
  @Test
  @ExpectsLog("the next follows in")
  void copyThatKeepsFailingIsTriedLessAndLessOften() {
    createTables(databases.source(), "a", "b");
    try (MirrorHandle handle = running(mirror(databases, "public.a", "public.b"))) {
      handle.awaitCaughtUp(SOON);
      databases
          .destination()
          .execute(
              "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
                  + " $$ BEGIN RAISE EXCEPTION 'not yet' USING ERRCODE = '40001'; END $$",
              "CREATE TRIGGER refuse BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION refuse()",
              "ALTER TABLE a ENABLE ALWAYS TRIGGER refuse");
      handle.resync(A);
      AtomicInteger id = new AtomicInteger(100);
      MirrorFailure failure =
          Await.value(
                  SOON,
                  "it has failed some times",
                  () -> {
                    databases
                        .source()
                        .execute("INSERT INTO b VALUES (" + id.incrementAndGet() + ", 'new')");
                    return Optional.ofNullable(handle.status().failure());
                  },
                  found -> found.map(MirrorFailure::attempts).orElse(0) >= 5)
              .orElseThrow();
      assertThat(failure.message()).contains("public.a", "not yet");
      assertThat(databases.destination().queryLong("SELECT max(id) FROM b")).isGreaterThan(100);
      databases.destination().execute("DROP TRIGGER refuse ON a");
      handle.awaitCaughtUp(SOON);
      assertThat(handle.status().failure()).isNull();
      databases.assertMirrored("public.a", "public.b");
      handle.drop();
    }
  }

  @Test
  void tableThatAnotherMirrorFillsTooIsNotEmptied() {
    createTables(databases.source(), "a", "b");
    try (MirrorHandle handle = running(mirror(databases, "public.a"));
        MirrorHandle other = running(intoTheSameTable())) {
      handle.awaitCaughtUp(SOON);
      databases.source().execute("INSERT INTO b VALUES (2000, 'of the other')");
      other.awaitCaughtUp(SOON);
      assertThatThrownBy(() -> handle.resync(A))
          .isInstanceOf(PreflightException.class)
          .hasMessageContaining("destination table public.a is written by mirror 'other' too");
      handle.pause();
      assertThatThrownBy(handle::recreate)
          .isInstanceOf(PreflightException.class)
          .hasMessageContaining("mirror 'other'");
      assertThat(databases.destination().queryLong("SELECT count(*) FROM a")).isEqualTo(101);
      other.drop();
      handle.recreate();
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      handle.drop();
    }
  }

  private static MirrorBuilder intoTheSameTable() {
    return Mirror.builder("other")
        .source(databases.source().peer())
        .destination(databases.destination().peer())
        .table(TableMapping.from("public.b").to("public.a"))
        .initialSnapshot(false)
        .checkpointStore(JdbcCheckpointStore.inDestination());
  }

  @Test
  void everyKindOfChangeSurvivesIt() {
    MixedLoad load = MixedLoad.create(databases.source(), 20_000, 2);
    String[] tables = MixedLoad.TABLES.toArray(String[]::new);
    try (Workload writes = Workload.start(databases.source(), load);
        MirrorHandle handle = running(mirror(databases, tables))) {
      for (String table : tables) {
        handle.resync(TableName.parse(table));
        Await.until(
            SOON,
            table + " is copied again",
            () -> stateOf(handle, TableName.parse(table)) == TableState.LIVE);
      }
      handle.resync();
      writes.close();
      handle.awaitCaughtUp(SOON);
      assertThat(handle.status().tables()).allMatch(t -> t.rowsMissing() == 0);
      databases.assertMirrored(tables);
      handle.drop();
    }
  }
}
