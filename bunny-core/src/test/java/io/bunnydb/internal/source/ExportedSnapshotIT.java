package io.bunnydb.internal.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.internal.catalog.PeerConnector;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A snapshot lives no longer than the session that took it, and is read when what it shows is
 * marked as committed.
 */
final class ExportedSnapshotIT {
  private static final String HOLDER = "bunny shots snapshot%";

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  @Test
  void readsAsLostConnectionWhereItsSessionHasEnded() throws SQLException {
    TestDatabase source = databases.source();
    PeerConnector connector = new PeerConnector("shots", source.peer());
    try (ExportedSnapshot snapshot = ExportedSnapshot.take(connector, new StopSignal());
        Connection early = connector.open("copy");
        Connection late = connector.open("copy")) {
      snapshot.beginOn(early);
      source.queryStrings(
          "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity"
              + " WHERE application_name LIKE ?",
          HOLDER);
      Await.until(
          Duration.ofSeconds(30),
          "the session has ended",
          () ->
              source.queryLong(
                      "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE ?", HOLDER)
                  == 0);

      assertThatThrownBy(() -> snapshot.beginOn(late))
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("08006"));
    }
  }

  @Test
  void waitsForTransactionsThatItShowsAndThatStillRun() throws Exception {
    TestDatabase source = databases.source();
    PeerConnector connector = new PeerConnector("shots", source.peer());
    try (Connection writer = connector.open("writer");
        Connection reader = connector.open("copy")) {
      writer.setAutoCommit(false);
      long running =
          Long.parseLong(
              String.valueOf(Sql.queryText(writer, "SELECT pg_current_xact_id()::text")));
      ExportedSnapshot.awaitCommitted(reader, running + ":" + running + ":");
      ExportedSnapshot.awaitCommitted(reader, running + ":" + (running + 1) + ":" + running);

      CompletableFuture<Void> waiting =
          CompletableFuture.runAsync(() -> await(reader, running + 1 + ":" + (running + 1) + ":"));
      assertThatThrownBy(() -> waiting.get(200, TimeUnit.MILLISECONDS))
          .isInstanceOf(TimeoutException.class);
      writer.commit();
      waiting.get(5, TimeUnit.SECONDS);
    }
  }

  private static void await(Connection reader, String snapshot) {
    try {
      ExportedSnapshot.awaitCommitted(reader, snapshot);
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }
}
