package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.awaitHeldUp;
import static io.bunnydb.mirror.Operated.hold;
import static io.bunnydb.mirror.Operated.inBackground;
import static io.bunnydb.mirror.Operated.inTransaction;
import static io.bunnydb.mirror.Operated.mappings;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.returnsSoon;
import static io.bunnydb.mirror.Operated.running;
import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorPhase;
import io.bunnydb.MirrorState;
import io.bunnydb.TableState;
import io.bunnydb.TableStatus;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.MirrorDatabases;
import java.sql.Connection;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tables that are added to a mirror that runs, and what the others do meanwhile. */
final class UpdateTablesIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  @BeforeEach
  void createTables() {
    for (String table : new String[] {"a", "b", "c", "d"}) {
      databases
          .source()
          .execute(
              "CREATE TABLE " + table + " (id bigserial PRIMARY KEY, t text)",
              "INSERT INTO " + table + " (t) SELECT 'old' FROM generate_series(1, 500)");
    }
    // It is there already, so that a lock can hold up its copy.
    databases.destination().execute("CREATE TABLE c (id bigint PRIMARY KEY, t text)");
  }

  /** Every kind of change, in a transaction for each table. */
  private static void write(String... tables) {
    for (String table : tables) {
      databases
          .source()
          .execute(
              "BEGIN; INSERT INTO "
                  + table
                  + " (t) VALUES ('new'), ('new');"
                  + " UPDATE "
                  + table
                  + " SET t = t || '+' WHERE id % 7 = 0;"
                  + " DELETE FROM "
                  + table
                  + " WHERE id ="
                  + " (SELECT min(id) FROM "
                  + table
                  + "); COMMIT");
    }
  }

  private static boolean isLatestThere(String table) {
    return databases.destination().queryLong("SELECT coalesce(max(id), 0) FROM " + table)
        == databases.source().queryLong("SELECT max(id) FROM " + table);
  }

  private static TableState stateOf(MirrorHandle handle, String table) {
    return handle.status().tables().stream()
        .filter(t -> t.source().toString().equals("public." + table))
        .map(TableStatus::state)
        .findFirst()
        .orElseThrow();
  }

  private static void finish(MirrorHandle handle, String... tables) {
    write(tables);
    handle.awaitCaughtUp(SOON);
    for (String table : tables) {
      databases.assertMirrored("public." + table);
    }
    assertThat(published()).isEqualTo(String.join(",", tables));
    assertThat(handle.status().tables()).allMatch(t -> t.state() == TableState.LIVE);
    assertThat(handle.status().tables()).allMatch(t -> t.rowsMissing() == 0);
    handle.drop();
  }

  private static String published() {
    return String.valueOf(
        databases
            .source()
            .queryString(
                "SELECT string_agg(tablename, ',' ORDER BY tablename) FROM pg_publication_tables"
                    + " WHERE pubname = 'bunny_pub_operated'"));
  }

  @Test
  void othersChangesArriveWhileAnAddedTableIsCopied() throws Exception {
    try (MirrorHandle handle = running(mirror(databases, "public.a", "public.b"))) {
      write("a", "b", "c");
      handle.pause();
      write("a", "b", "c");
      handle.updateTables(mappings("public.a", "public.b", "public.c"));
      write("a", "b", "c");
      try (Connection held = hold(databases.destination(), "c")) {
        handle.resume();
        assertThat(handle.status().state()).isEqualTo(MirrorState.RUNNING);
        awaitHeldUp(databases.destination());
        write("a", "b", "c");
        Await.until(SOON, "others arrive", () -> isLatestThere("a") && isLatestThere("b"));
        assertThat(stateOf(handle, "c")).isEqualTo(TableState.COPYING);
        assertThat(handle.status().phase()).isEqualTo(MirrorPhase.CDC);
        databases
            .source()
            .execute(
                "BEGIN; INSERT INTO a (t) VALUES ('x'); INSERT INTO c (t) VALUES ('x'); COMMIT");
        Await.until(SOON, "the half that can arrive does", () -> isLatestThere("a"));
        assertThat(held.isValid(1)).isTrue();
      }
      finish(handle, "a", "b", "c");
    }
  }

  @Test
  void copyOfAnAddedTableSurvivesPauseAndClose() throws Exception {
    try (Connection held = hold(databases.destination(), "c")) {
      try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
        handle.pause();
        handle.updateTables(mappings("public.a", "public.c"));
        handle.resume();
        awaitHeldUp(databases.destination());
        write("a", "c");
        returnsSoon(handle::pause);
        write("a", "c");
        assertThat(stateOf(handle, "c")).isEqualTo(TableState.COPYING);
        handle.resume();
        awaitHeldUp(databases.destination());
        returnsSoon(handle::close);
      }
      write("a", "c");
      assertThat(held.isValid(1)).isTrue();
    }
    assertThat(databases.destination().queryLong("SELECT count(*) FROM c")).isZero();
    // The list of tables is that of the checkpoint, not the builder's.
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      finish(handle, "a", "c");
    }
  }

  @Test
  void twoTablesAreAddedAtOnce() throws Exception {
    databases.destination().execute("CREATE TABLE d (id bigint PRIMARY KEY, t text)");
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      write("a", "c", "d");
      handle.pause();
      handle.updateTables(mappings("public.c", "public.a", "public.d"));
      try (Connection held = hold(databases.destination(), "d")) {
        handle.resume();
        Await.until(SOON, "c is copied", () -> stateOf(handle, "c") == TableState.COPIED);
        write("a", "c", "d");
        Await.until(SOON, "a arrives", () -> isLatestThere("a"));
        assertThat(stateOf(handle, "d")).isEqualTo(TableState.COPYING);
        returnsSoon(handle::pause);
        write("a", "c", "d");
        assertThat(held.isValid(1)).isTrue();
      }
      handle.resume();
      finish(handle, "a", "c", "d");
    }
  }

  @Test
  void everyTableIsReplaced() {
    try (MirrorHandle handle = running(mirror(databases, "public.b"))) {
      handle.pause();
      handle.updateTables(mappings("public.c", "public.d"));
      write("c", "d");
      handle.resume();
      handle.awaitState(MirrorState.RUNNING, SOON);
      finish(handle, "c", "d");
    }
  }

  @Test
  void addedTableIsTruncatedWhileItIsCopied() throws Exception {
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      handle.pause();
      handle.updateTables(mappings("public.a", "public.c"));
      CompletableFuture<Void> truncating;
      try (Connection held = hold(databases.destination(), "c")) {
        handle.resume();
        awaitHeldUp(databases.destination());
        Connection application = databases.source().connection();
        truncating =
            inBackground(
                () -> {
                  try (var statement = application.createStatement()) {
                    statement.execute("TRUNCATE c; INSERT INTO c (t) VALUES ('after')");
                  } catch (java.sql.SQLException e) {
                    throw new AssertionError(e);
                  }
                });
        write("a");
        Await.until(SOON, "a arrives", () -> isLatestThere("a"));
        assertThat(held.isValid(1)).isTrue();
      }
      truncating.get(SOON.toSeconds(), TimeUnit.SECONDS);
      handle.awaitCaughtUp(SOON);
      assertThat(databases.destination().queryLong("SELECT count(*) FROM c")).isOne();
      finish(handle, "a", "c");
    }
  }

  @Test
  void snapshotWaitsForLongTransactionsAndOthersDoNot() throws Exception {
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      handle.pause();
      handle.updateTables(mappings("public.a", "public.c"));
      Connection open = inTransaction(databases.source(), "INSERT INTO c (t) VALUES ('long')");
      handle.resume();
      awaitHeldUp(databases.source());
      write("a", "c");
      Await.until(SOON, "a arrives", () -> isLatestThere("a"));
      assertThat(stateOf(handle, "c")).isEqualTo(TableState.COPYING);
      returnsSoon(handle::pause);
      assertThat(handle.status().state()).isEqualTo(MirrorState.PAUSED);
      handle.resume();
      awaitHeldUp(databases.source());
      returnsSoon(handle::close);
      try (MirrorHandle again = running(mirror(databases, "public.a"))) {
        awaitHeldUp(databases.source());
        open.commit();
        open.close();
        finish(again, "a", "c");
      }
    }
  }
}
