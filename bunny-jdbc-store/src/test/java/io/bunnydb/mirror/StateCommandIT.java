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
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.EventQuery;
import io.bunnydb.Mirror;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorListener;
import io.bunnydb.MirrorState;
import io.bunnydb.ResyncStrategy;
import io.bunnydb.TableName;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.SidesDiffer;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What each command does in each state that a handle can be seen in. Those that leave it there
 * follow one another, and so do those that lead on to a state of the same list. A handle is never
 * seen CREATED.
 */
@SidesDiffer("some commands stop the mirror")
@ExpectsLog(value = "; paused", optional = true)
@ExpectsLog(value = "no tables", optional = true)
@ExpectsLog(value = "the next follows in", optional = true)
final class StateCommandIT {
  private static final TableName A = TableName.parse("public.a");

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  /** A mirror in a state, and how to let go of what keeps it there. */
  private record Held(MirrorHandle handle, AutoCloseable hold) {}

  /** How a handle is brought into a state. */
  private enum Start {
    SETTING_UP,
    SNAPSHOT,
    RUNNING,
    BACKING_OFF,
    PAUSED,
    PAUSED_BY_ERROR,
    PAUSING,
    RESYNCING,
    SYNCING_SCHEMA,
    TERMINATING,
    FAILED;

    MirrorState state() {
      return switch (this) {
        case SETTING_UP -> MirrorState.SETTING_UP;
        case SNAPSHOT -> MirrorState.SNAPSHOT;
        case RUNNING, BACKING_OFF -> MirrorState.RUNNING;
        case PAUSED, PAUSED_BY_ERROR -> MirrorState.PAUSED;
        case PAUSING -> MirrorState.PAUSING;
        case RESYNCING -> MirrorState.RESYNCING;
        case SYNCING_SCHEMA -> MirrorState.SYNCING_SCHEMA;
        case TERMINATING -> MirrorState.TERMINATING;
        case FAILED -> MirrorState.FAILED;
      };
    }
  }

  @BeforeEach
  void createTables() {
    databases
        .source()
        .execute("CREATE TABLE a (id int PRIMARY KEY)", "CREATE TABLE b (id int PRIMARY KEY)");
    databases.destination().execute("CREATE TABLE a (id int PRIMARY KEY)");
  }

  private static Held held(Start start) throws SQLException {
    Mirror mirror = mirror(databases, "public.a").build();
    switch (start) {
      case SETTING_UP -> {
        Connection open = inTransaction(databases.source(), "INSERT INTO b VALUES (1)");
        MirrorHandle handle = mirror.start();
        awaitHeldUp(databases.source());
        return new Held(handle, open);
      }
      case SNAPSHOT -> {
        Connection open = hold(databases.destination(), "a");
        databases.source().execute("INSERT INTO a VALUES (1)");
        MirrorHandle handle = mirror.start();
        awaitHeldUp(databases.destination());
        return new Held(handle, open);
      }
      case FAILED -> {
        return failed(mirror);
      }
      case PAUSING -> {
        return pausing();
      }
      case RESYNCING -> {
        MirrorHandle handle = running(mirror(databases, "public.a"));
        Connection open = inTransaction(databases.source(), "INSERT INTO b VALUES (1)");
        handle.resync(ResyncStrategy.SWAP);
        return new Held(handle, open);
      }
      case SYNCING_SCHEMA -> {
        return syncingSchema();
      }
      case TERMINATING -> {
        return terminating();
      }
      case RUNNING, BACKING_OFF, PAUSED, PAUSED_BY_ERROR -> {
        MirrorHandle handle = running(mirror(databases, "public.a"));
        return new Held(handle, stop(start, handle));
      }
    }
    throw new AssertionError(start);
  }

  /** The destination's table cannot be made any more once the set-up has begun. */
  private static Held failed(Mirror mirror) throws SQLException {
    databases.destination().execute("DROP TABLE a");
    Connection open = inTransaction(databases.source(), "INSERT INTO b VALUES (1)");
    MirrorHandle handle = mirror.start();
    awaitHeldUp(databases.source());
    databases
        .destination()
        .execute(
            "CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql"
                + " AS 'BEGIN RAISE EXCEPTION ''no tables''; END'",
            "CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('CREATE TABLE')"
                + " EXECUTE FUNCTION refuse()",
            "ALTER EVENT TRIGGER refuse ENABLE ALWAYS");
    open.commit();
    handle.awaitState(MirrorState.FAILED, SOON);
    assertThat(handle.status().error()).contains("'operated'", "no tables");
    assertNothingIsLeft();
    databases.destination().execute("DROP EVENT TRIGGER refuse");
    // A set-up that begins anew stays where a test can see it.
    return new Held(handle, inTransaction(databases.source(), "INSERT INTO b VALUES (2)"));
  }

  /** A listener takes long over being told of the pause. */
  private static Held pausing() {
    CompletableFuture<Void> release = new CompletableFuture<>();
    MirrorListener slow =
        new MirrorListener() {
          @Override
          public void onStateChange(String mirror, MirrorState from, MirrorState to) {
            if (to == MirrorState.PAUSING) {
              release.join();
            }
          }
        };
    MirrorHandle handle = running(mirror(databases, "public.a").listener(slow));
    CompletableFuture<Void> pause = inBackground(handle::pause);
    handle.awaitState(MirrorState.PAUSING, SOON);
    return new Held(
        handle,
        () -> {
          release.complete(null);
          pause.get(SOON.toSeconds(), TimeUnit.SECONDS);
        });
  }

  /** The table whose comment is to follow cannot be had. */
  private static Held syncingSchema() {
    MirrorHandle handle = running(mirror(databases, "public.a"));
    databases.source().execute("COMMENT ON TABLE a IS 'a comment'");
    Connection open = hold(databases.destination(), "a");
    CompletableFuture<Void> sync = inBackground(handle::syncSchema);
    handle.awaitState(MirrorState.SYNCING_SCHEMA, SOON);
    return new Held(
        handle,
        () -> {
          open.close();
          sync.handle((done, failure) -> null).get(SOON.toSeconds(), TimeUnit.SECONDS);
        });
  }

  /** The publication cannot be dropped, and so neither can the mirror. */
  private static Held terminating() {
    MirrorHandle handle = running(mirror(databases, "public.a"));
    databases
        .source()
        .execute(
            "CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql"
                + " AS 'BEGIN RAISE EXCEPTION ''it stays''; END'",
            "CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('DROP PUBLICATION')"
                + " EXECUTE FUNCTION refuse()");
    assertThatThrownBy(handle::drop).hasMessageContaining("it stays");
    return new Held(
        handle, () -> databases.source().execute("DROP EVENT TRIGGER IF EXISTS refuse"));
  }

  private static AutoCloseable stop(Start start, MirrorHandle handle) {
    switch (start) {
      case BACKING_OFF -> {
        // Each attempt to open the stream is ended until the error shows.
        Await.until(
            SOON,
            "the mirror is backing off",
            () -> {
              databases
                  .source()
                  .queryStrings(
                      "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots"
                          + " WHERE slot_name = 'bunny_operated' AND active");
              return handle.status().error() != null;
            });
      }
      case PAUSED -> handle.pause();
      case PAUSED_BY_ERROR -> {
        databases.destination().execute("INSERT INTO a VALUES (7)");
        databases.source().execute("INSERT INTO a VALUES (7)");
        handle.awaitState(MirrorState.PAUSED, SOON);
        databases.destination().execute("DELETE FROM a WHERE id = 7");
      }
      case SETTING_UP,
          SNAPSHOT,
          RUNNING,
          PAUSING,
          RESYNCING,
          SYNCING_SCHEMA,
          TERMINATING,
          FAILED -> {}
    }
    return () -> {};
  }

  private static Runnable command(String name, Held held) {
    MirrorHandle handle = held.handle();
    return switch (name) {
      case "release" ->
          () -> {
            try {
              held.hold().close();
            } catch (Exception e) {
              throw new AssertionError(e);
            }
          };
      case "pause" -> handle::pause;
      case "resume" -> handle::resume;
      case "retry" -> handle::retry;
      case "updateTables" -> () -> handle.updateTables(mappings("public.a", "public.b"));
      case "pauseTables" -> () -> handle.pauseTables(A);
      case "resumeTables" -> () -> handle.resumeTables(A);
      case "resync" -> () -> handle.resync();
      case "resyncBySwap" -> () -> handle.resync(ResyncStrategy.SWAP);
      case "recreate" -> handle::recreate;
      case "drop" -> handle::drop;
      case "close" -> handle::close;
      case "status" -> handle::status;
      case "events" -> () -> handle.events(EventQuery.newest(1));
      case "planSchema" -> handle::planSchema;
      case "syncSchema" -> handle::syncSchema;
      case "syncSequences" -> () -> handle.syncSequences(0);
      case "awaitState" -> () -> handle.awaitState(handle.status().state(), SOON);
      default -> throw new AssertionError(name);
    };
  }

  /** Each command with what comes of it: the state that it leads to, or refused. */
  @ParameterizedTest(name = "{0} {1}")
  @CsvSource({
    "SETTING_UP,resume=SETTING_UP retry=SETTING_UP updateTables=refused pauseTables=refused resumeTables=refused status=SETTING_UP"
        + " events=SETTING_UP planSchema=refused syncSchema=refused resync=refused recreate=refused syncSequences=SETTING_UP awaitState=SETTING_UP close=TERMINATED",
    "SETTING_UP,pause=PAUSED",
    "SETTING_UP,drop=TERMINATED",
    "SNAPSHOT,resume=SNAPSHOT retry=SNAPSHOT status=SNAPSHOT pauseTables=RUNNING resumeTables=SNAPSHOT updateTables=SNAPSHOT"
        + " events=SNAPSHOT planSchema=refused syncSchema=refused recreate=refused resync=SNAPSHOT syncSequences=SNAPSHOT awaitState=SNAPSHOT close=TERMINATED",
    "SNAPSHOT,pause=PAUSED",
    "SNAPSHOT,drop=TERMINATED",
    "RUNNING,resume=RUNNING retry=RUNNING pauseTables=RUNNING resumeTables=RUNNING updateTables=RUNNING status=RUNNING"
        + " events=RUNNING planSchema=RUNNING syncSchema=RUNNING syncSequences=RUNNING"
        + " awaitState=RUNNING"
        + " recreate=refused pause=PAUSED pause=PAUSED retry=PAUSED status=PAUSED events=PAUSED"
        + " syncSequences=PAUSED planSchema=PAUSED syncSchema=PAUSED awaitState=PAUSED"
        + " resume=RUNNING"
        + " close=TERMINATED pause=refused resume=refused retry=refused updateTables=refused pauseTables=refused resumeTables=refused"
        + " planSchema=refused syncSchema=refused"
        + " resync=refused recreate=refused syncSequences=refused drop=refused status=TERMINATED events=TERMINATED"
        + " awaitState=TERMINATED close=TERMINATED",
    "RUNNING,drop=TERMINATED",
    "BACKING_OFF,pause=PAUSED",
    "BACKING_OFF,resume=RUNNING",
    "BACKING_OFF,retry=RUNNING",
    "BACKING_OFF,recreate=refused events=RUNNING status=RUNNING awaitState=RUNNING"
        + " planSchema=RUNNING syncSchema=RUNNING syncSequences=RUNNING close=TERMINATED",
    "BACKING_OFF,drop=TERMINATED",
    "BACKING_OFF,pauseTables=RUNNING resumeTables=RUNNING",
    "BACKING_OFF,updateTables=RUNNING",
    "PAUSED,pauseTables=PAUSED resumeTables=PAUSED updateTables=PAUSED",
    "PAUSED,resync=PAUSED drop=TERMINATED",
    "PAUSED,close=TERMINATED",
    "PAUSED_BY_ERROR,status=PAUSED syncSchema=PAUSED pause=PAUSED close=TERMINATED",
    "PAUSED_BY_ERROR,resume=RUNNING",
    "PAUSED_BY_ERROR,retry=RUNNING",
    "PAUSED_BY_ERROR,resync=PAUSED pauseTables=PAUSED resumeTables=PAUSED updateTables=PAUSED",
    "PAUSED_BY_ERROR,drop=TERMINATED",
    "RESYNCING,resume=RESYNCING retry=RESYNCING updateTables=RESYNCING recreate=refused"
        + " planSchema=refused syncSchema=refused status=RESYNCING events=RESYNCING"
        + " syncSequences=RESYNCING awaitState=RESYNCING resyncBySwap=RESYNCING pause=PAUSED"
        + " resyncBySwap=PAUSED resume=RESYNCING close=TERMINATED",
    "RESYNCING,drop=TERMINATED",
    "PAUSING,resume=PAUSING retry=PAUSING updateTables=refused pauseTables=refused status=PAUSING events=PAUSING"
        + " planSchema=refused syncSchema=refused"
        + " syncSequences=PAUSING awaitState=PAUSING release=PAUSED resume=RUNNING"
        + " close=TERMINATED",
    "PAUSING,release=PAUSED pause=PAUSED drop=TERMINATED",
    "SYNCING_SCHEMA,updateTables=refused pauseTables=refused resumeTables=refused resync=refused recreate=refused retry=SYNCING_SCHEMA"
        + " planSchema=refused status=SYNCING_SCHEMA events=SYNCING_SCHEMA"
        + " syncSequences=SYNCING_SCHEMA awaitState=SYNCING_SCHEMA pause=PAUSED resume=RUNNING"
        + " close=TERMINATED",
    "SYNCING_SCHEMA,release=RUNNING resume=RUNNING",
    "SYNCING_SCHEMA,close=TERMINATED",
    "SYNCING_SCHEMA,drop=TERMINATED",
    "TERMINATING,pause=refused resume=refused retry=refused updateTables=refused pauseTables=refused"
        + " planSchema=refused syncSchema=refused syncSequences=refused status=TERMINATING events=TERMINATING awaitState=TERMINATING"
        + " release=TERMINATING drop=TERMINATED",
    "FAILED,planSchema=refused syncSchema=refused pause=refused updateTables=refused pauseTables=refused resumeTables=refused resync=refused recreate=refused status=FAILED events=FAILED awaitState=FAILED"
        + " close=TERMINATED",
    "FAILED,resume=SETTING_UP",
    "FAILED,retry=SETTING_UP",
    "FAILED,drop=TERMINATED",
  })
  void commandsInStateLeadTo(Start start, String commands) throws Exception {
    Held held = held(start);
    MirrorHandle handle = held.handle();
    MirrorState state = start.state();
    boolean isDropped = false;
    try (handle) {
      try {
        assertThat(handle.status().state()).isEqualTo(state);
        for (String each : commands.split(" ", -1)) {
          String command = each.substring(0, each.indexOf('='));
          String outcome = each.substring(each.indexOf('=') + 1);
          String refusal = refusal(command(command, held));
          if (outcome.equals("refused")) {
            assertThat(refusal)
                .as(each)
                .isNotNull()
                .contains("'operated'")
                .containsIgnoringCase(command);
          } else {
            assertThat(refusal).as(each).isNull();
            state = MirrorState.valueOf(outcome);
            isDropped |= command.equals("drop");
          }
          assertThat(handle.status().state()).as(each).isEqualTo(state);
        }
      } finally {
        held.hold().close();
      }
    }
    if (!isDropped) {
      assertGoesOn();
    }
    assertNothingIsLeft();
  }

  /** Why a command is refused; null if it is not. */
  private static @Nullable String refusal(Runnable command) {
    try {
      returnsSoon(command);
      return null;
    } catch (IllegalStateException e) {
      return String.valueOf(e.getMessage());
    }
  }

  /** Whatever the commands were, a new handle brings the mirror to the end. */
  private static void assertGoesOn() {
    try (MirrorHandle handle = mirror(databases, "public.a").build().start()) {
      handle.resume();
      databases.source().execute("INSERT INTO a VALUES (99)");
      handle.awaitCaughtUp(SOON);
      for (String table :
          handle.status().tables().stream().map(t -> t.source().toString()).toList()) {
        databases.assertMirrored(table);
      }
      handle.drop();
    }
  }

  private static void assertNothingIsLeft() {
    assertThat(databases.source().queryStrings("SELECT slot_name FROM pg_replication_slots"))
        .isEmpty();
    assertThat(databases.source().queryStrings("SELECT pubname FROM pg_publication")).isEmpty();
    assertThat(
            databases
                .destination()
                .queryStrings("SELECT nspname FROM pg_namespace WHERE nspname LIKE '%bunny%'"))
        .isEmpty();
  }
}
