package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.mappings;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.ErrorKind;
import io.bunnydb.EventQuery;
import io.bunnydb.Lsn;
import io.bunnydb.MirrorBuilder;
import io.bunnydb.MirrorEvent.Level;
import io.bunnydb.MirrorException;
import io.bunnydb.MirrorFailure;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorListener;
import io.bunnydb.MirrorState;
import io.bunnydb.TableErrorPolicy;
import io.bunnydb.TableHandle;
import io.bunnydb.TableName;
import io.bunnydb.TableState;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A table that an error stops, while the others go on. */
final class QuarantineIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private final List<MirrorException> heard = new CopyOnWriteArrayList<>();

  @BeforeEach
  void createTables() {
    Operated.createTables(databases.source(), "a", "b");
  }

  private MirrorBuilder quarantining(String... tables) {
    return mirror(databases, tables)
        .onTableError(TableErrorPolicy.QUARANTINE)
        .listener(
            new MirrorListener() {
              @Override
              public void onError(String mirror, MirrorException error) {
                heard.add(error);
              }
            });
  }

  private MirrorHandle caughtUp() {
    return Operated.caughtUp(quarantining("public.a", "public.b"));
  }

  /** The destination alone forbids a value. */
  private static void forbid(String table) {
    databases
        .destination()
        .execute("ALTER TABLE " + table + " ADD CONSTRAINT good CHECK (t <> 'bad')");
  }

  private static void permit(String table) {
    databases.destination().execute("ALTER TABLE " + table + " DROP CONSTRAINT good");
  }

  private static void awaitQuarantine(MirrorHandle handle, String table) {
    Await.until(
        SOON,
        table + " is quarantined",
        () -> handle.table(table).status().state() == TableState.QUARANTINED);
  }

  private static void finish(MirrorHandle handle) {
    handle.awaitCaughtUp(SOON);
    assertThat(handle.status().tables())
        .allMatch(table -> table.state() == TableState.LIVE && table.failure() == null);
    databases.assertMirrored("public.a", "public.b");
    handle.drop();
  }

  @Test
  @ExpectsLog("table public.a is quarantined, the others go on")
  void othersGoOnAndACopyBringsItBack() {
    MirrorFailure failure;
    try (MirrorHandle handle = caughtUp()) {
      Lsn before = handle.status().lastLsn();
      forbid("a");
      databases
          .source()
          .execute(
              "BEGIN; INSERT INTO b VALUES (101, 'x'); INSERT INTO a VALUES (101, 'bad');"
                  + " INSERT INTO b VALUES (102, 'x'); COMMIT",
              "INSERT INTO a VALUES (102, 'good')");
      handle.awaitCaughtUp(SOON);
      awaitQuarantine(handle, "public.a");
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.b");
      assertThat(databases.destination().queryLong("SELECT max(id) FROM a")).isEqualTo(100);

      TableHandle a = handle.table("public.a");
      failure = requireNonNull(a.status().failure());
      assertThat(failure.kind()).isEqualTo(ErrorKind.CONSTRAINT);
      assertThat(failure.sqlState()).isEqualTo("23514");
      assertThat(failure.table()).isEqualTo(TableName.parse("public.a"));
      assertThat(failure.lsn()).isGreaterThanOrEqualTo(before);
      assertThat(failure.message()).contains("'operated'", "good", "resync(public.a)");
      assertThat(requireNonNull(a.status().standsAt())).isGreaterThanOrEqualTo(before);
      assertThat(handle.state()).isEqualTo(MirrorState.RUNNING);
      assertThat(handle.status().failure()).isNull();
      assertThat(heard).singleElement().extracting(MirrorException::table).hasToString("public.a");
      assertThat(handle.events(new EventQuery(10, 0, Level.ERROR, null)).events())
          .singleElement()
          .matches(event -> event.message().equals(failure.message()));
      assertThatThrownBy(a::pause)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("QUARANTINED");
      assertThatThrownBy(a::resume)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("resync(public.a)");
      // Nothing of the log is kept for it.
      Await.until(
          SOON,
          "the slot moves on",
          () ->
              SlotWatch.confirmed(databases, "bunny_operated")
                  .isAfter(requireNonNull(failure.lsn())));
    }
    databases
        .source()
        .execute("UPDATE a SET t = 'newer' WHERE id < 20", "DELETE FROM b WHERE id = 5");
    // It is remembered, whatever the policy is now.
    try (MirrorHandle handle = running(mirror(databases, "public.a", "public.b"))) {
      handle.awaitCaughtUp(SOON);
      assertThat(handle.table("public.a").status().state()).isEqualTo(TableState.QUARANTINED);
      assertThat(handle.table("public.a").status().failure()).isEqualTo(failure);
      databases.assertMirrored("public.b");
      permit("a");
      handle.table("public.a").resync();
      finish(handle);
    }
  }

  @Test
  @ExpectsLog("table public.a is quarantined, the others go on")
  void largeTransactionsOtherPartArrives() {
    databases
        .source()
        .execute(
            "ALTER DATABASE "
                + databases.source().name()
                + " SET logical_decoding_work_mem = '64kB'",
            "CREATE TABLE c (id int PRIMARY KEY, a int REFERENCES a)");
    try (MirrorHandle handle = running(quarantining("public.a", "public.b", "public.c"))) {
      handle.awaitCaughtUp(SOON);
      forbid("a");
      databases
          .source()
          .execute(
              "BEGIN; INSERT INTO b SELECT i, repeat('x', 90) FROM generate_series(1000, 4000) i;"
                  + " INSERT INTO a SELECT i, 'good' FROM generate_series(1000, 4000) i;"
                  + " INSERT INTO a VALUES (5000, 'bad'); INSERT INTO c VALUES (1, 5000);"
                  + " INSERT INTO b SELECT i, repeat('x', 90) FROM generate_series(5000, 8000) i;"
                  + " COMMIT");
      awaitQuarantine(handle, "public.a");
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.b", "public.c");
      assertThat(databases.destination().queryLong("SELECT count(*) FROM a")).isEqualTo(100);
      assertThat(requireNonNull(handle.table("public.a").status().failure()).message())
          .contains("foreign keys tie public.c to it");
      permit("a");
      handle.resync(TableName.parse("public.a"));
      finish(handle);
    }
  }

  @Test
  @ExpectsLog("table public.a is quarantined, the others go on")
  @ExpectsLog("it was the last, and the mirror goes on without any")
  void mirrorGoesOnWithoutAnyTable() {
    try (MirrorHandle handle = caughtUp()) {
      forbid("a");
      databases.destination().execute("DROP TABLE b");
      databases
          .source()
          .execute("INSERT INTO a VALUES (101, 'bad')", "INSERT INTO b VALUES (101, 'x')");
      awaitQuarantine(handle, "public.a");
      awaitQuarantine(handle, "public.b");
      assertThat(requireNonNull(handle.table("public.b").status().failure()).kind())
          .isEqualTo(ErrorKind.SCHEMA);
      databases.source().execute("INSERT INTO a VALUES (102, 'x')");
      handle.awaitCaughtUp(SOON);
      assertThat(handle.state()).isEqualTo(MirrorState.RUNNING);
      permit("a");
      handle.resync();
      finish(handle);
    }
  }

  @Test
  @ExpectsLog("table public.a is quarantined, the others go on")
  void tableWhoseCopyIsRefusedIsSetAside() {
    databases
        .destination()
        .execute("CREATE TABLE a (id int PRIMARY KEY, t text CONSTRAINT good CHECK (t <> 'old'))");
    try (MirrorHandle handle = running(quarantining("public.b"))) {
      handle.updateTables(mappings("public.a", "public.b"));
      databases.source().execute("INSERT INTO b VALUES (101, 'x')");
      awaitQuarantine(handle, "public.a");
      assertThat(handle.table("public.a").status().standsAt()).isNull();
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.b");
      permit("a");
      handle.table("public.a").resync();
      finish(handle);
    }
  }

  /** A checkpoint that cannot be written is no table's fault. */
  @Test
  @ExpectsLog("; paused")
  void errorThatIsNoTablesPausesTheMirror() {
    try (MirrorHandle handle = caughtUp()) {
      databases
          .destination()
          .execute(
              "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql"
                  + " AS $$ BEGIN RAISE EXCEPTION 'no position' USING ERRCODE = '23514'; END $$",
              "CREATE TRIGGER refuse BEFORE UPDATE OF position ON bunny.checkpoint"
                  + " FOR EACH ROW WHEN (old.position < new.position AND NOT new.paused)"
                  + " EXECUTE FUNCTION refuse()",
              "ALTER TABLE bunny.checkpoint ENABLE ALWAYS TRIGGER refuse");
      databases.source().execute("INSERT INTO a VALUES (101, 'x')");
      handle.awaitState(MirrorState.PAUSED, SOON);
      assertThat(handle.status().error()).contains("no position");
      assertThat(handle.status().tables()).allMatch(table -> table.state() == TableState.LIVE);
      databases.destination().execute("DROP TRIGGER refuse ON bunny.checkpoint");
      handle.resume();
      finish(handle);
    }
  }
}
