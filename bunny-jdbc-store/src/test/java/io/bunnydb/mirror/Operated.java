package io.bunnydb.mirror;

import io.bunnydb.Mirror;
import io.bunnydb.MirrorBuilder;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.TableMapping;
import io.bunnydb.jdbc.JdbcCheckpointStore;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** How the tests of operation build a mirror, hold it up at a chosen place, and watch its slot. */
final class Operated {
  static final Duration SOON = Duration.ofSeconds(30);
  private static final long COMMAND_SECONDS = 15;

  private Operated() {}

  /** A mirror of some tables, with its checkpoint in the destination. */
  static MirrorBuilder mirror(MirrorDatabases databases, String... tables) {
    MirrorBuilder builder =
        Mirror.builder("operated")
            .source(databases.source().peer())
            .destination(databases.destination().peer())
            .checkpointStore(JdbcCheckpointStore.inDestination());
    for (String table : tables) {
      builder.table(table);
    }
    return builder;
  }

  /** The mappings of whole tables. */
  static TableMapping[] mappings(String... tables) {
    return Arrays.stream(tables).map(TableMapping::from).toArray(TableMapping[]::new);
  }

  /** Starts a mirror and waits until changes flow. */
  static MirrorHandle running(MirrorBuilder builder) {
    MirrorHandle handle = builder.build().start();
    handle.awaitState(MirrorState.RUNNING, SOON);
    return handle;
  }

  /** Starts a mirror and waits until it has applied what is committed. */
  static MirrorHandle caughtUp(MirrorBuilder builder) {
    MirrorHandle handle = running(builder);
    handle.awaitCaughtUp(SOON);
    return handle;
  }

  /** Makes tables of a hundred rows. */
  static void createTables(TestDatabase source, String... tables) {
    for (String table : tables) {
      source.execute(
          "CREATE TABLE " + table + " (id int PRIMARY KEY, t text)",
          "INSERT INTO " + table + " SELECT i, 'old' FROM generate_series(1, 100) i");
    }
  }

  /** Holds a table so that it can be read and not be written, until the connection is closed. */
  static Connection hold(TestDatabase database, String table) {
    return inTransaction(database, "LOCK TABLE " + table + " IN SHARE ROW EXCLUSIVE MODE");
  }

  /** Runs a statement in a transaction that stays open until the connection is closed. */
  static Connection inTransaction(TestDatabase database, String sql) {
    Connection connection = database.connection();
    try (Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute(sql);
    } catch (SQLException e) {
      throw new AssertionError(sql, e);
    }
    return connection;
  }

  /** Waits until a session of the mirror waits for a lock. */
  static void awaitHeldUp(TestDatabase database) {
    Await.until(
        SOON,
        "a session of the mirror waits for a lock",
        () ->
            database.queryLong(
                    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                        + " AND application_name LIKE 'bunny%'")
                > 0);
  }

  /** The mirror's slots by name, those of copies left out. */
  static long slots(TestDatabase source, String condition) {
    return source.queryLong(
        "SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'bunny_operated'"
            + " AND database = current_database() AND "
            + condition);
  }

  /** Waits until nothing streams from the slot. */
  static void awaitSlotIsFree(TestDatabase source) {
    Await.until(SOON, "the slot is kept and free", () -> slots(source, "NOT active") == 1);
  }

  /**
   * The server process that streams from the slot, waited for: a mirror is RUNNING before it is.
   */
  static String walSender(TestDatabase source) {
    Await.until(SOON, "the mirror streams", () -> slots(source, "active") == 1);
    return String.valueOf(
        source.queryString(
            "SELECT active_pid FROM pg_replication_slots WHERE slot_name = 'bunny_operated'"));
  }

  /** Waits until the mirror has looked at its slot once more, by itself. */
  static void awaitLook(TestDatabase source) {
    String from = source.queryString("SELECT clock_timestamp()");
    Await.until(
        SOON,
        "the mirror has looked at its slot",
        () ->
            source.queryLong(
                    "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle' AND"
                        + " application_name LIKE 'bunny operated monitor %'"
                        + " AND query_start > ?::timestamptz",
                    from)
                == 1);
  }

  /** Drops the slot under a mirror, whether it streams or not. */
  static void loseSlot(TestDatabase source) {
    Await.until(
        SOON,
        "the slot is dropped",
        () -> {
          source.queryStrings(
              "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots"
                  + " WHERE slot_name = 'bunny_operated' AND active");
          source.queryStrings(
              "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
                  + " WHERE slot_name = 'bunny_operated'");
          return true;
        });
  }

  /** Does something on a thread of its own. */
  static CompletableFuture<Void> inBackground(Runnable work) {
    CompletableFuture<Void> result = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
                result.complete(null);
              } catch (RuntimeException | Error e) {
                result.completeExceptionally(e);
              }
            },
            "operator");
    thread.setDaemon(true);
    thread.start();
    return result;
  }

  /** Fails unless each call ends within seconds; rethrows what one threw. */
  static void returnsSoon(Runnable... calls) {
    for (CompletableFuture<Void> call : Arrays.stream(calls).map(Operated::inBackground).toList()) {
      try {
        call.get(COMMAND_SECONDS, TimeUnit.SECONDS);
      } catch (TimeoutException | InterruptedException e) {
        throw new AssertionError("a call did not return within seconds", e);
      } catch (ExecutionException e) {
        if (e.getCause() instanceof RuntimeException failure) {
          throw failure;
        }
        throw new AssertionError(e.getCause());
      }
    }
  }
}
