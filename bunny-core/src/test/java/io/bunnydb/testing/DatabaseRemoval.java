package io.bunnydb.testing;

import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Drops a test's database together with everything that holds on to it. */
final class DatabaseRemoval {

  private static final Duration DEADLINE = Duration.ofSeconds(20);

  private DatabaseRemoval() {}

  /** Drops the database; tries again while someone still connects to it. */
  static void remove(PostgresServer server, String database) {
    rollBackPrepared(server, database);
    Await.until(
        DEADLINE,
        "database " + database + " is dropped",
        () -> server.administrate(connection -> drop(connection, database)));
  }

  private static boolean drop(Connection connection, String database) {
    Sql.strings(
        connection,
        "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots"
            + " WHERE database = ? AND active_pid IS NOT NULL",
        database);
    // Drops the database's inactive slots, too.
    Sql.execute(connection, "DROP DATABASE IF EXISTS " + Sql.quote(database) + " WITH (FORCE)");
    return true;
  }

  /** Rolls back the database's prepared transactions, which hold locks. */
  static void rollBackPrepared(PostgresServer server, String database) {
    List<@Nullable String> prepared =
        server.administrate(
            connection ->
                Sql.strings(
                    connection,
                    "SELECT format('ROLLBACK PREPARED %L', gid) FROM pg_prepared_xacts"
                        + " WHERE database = ?",
                    database));
    if (!prepared.isEmpty()) {
      server.execute(database, prepared.toArray(new String[0]));
    }
  }
}
