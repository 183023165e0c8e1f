package io.bunnydb.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.Lsn;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.CheckpointStore;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.TestDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The store in the destination; here the transactions of several mirrors meet. */
final class JdbcCheckpointStoreInDestinationIT extends JdbcCheckpointStoreContract {
  private final JdbcCheckpointStore store = JdbcCheckpointStore.inDestination();

  @Override
  protected CheckpointStore store() {
    return JdbcCheckpointStore.inDestination();
  }

  @Override
  TestDatabase place() {
    return databases.destination();
  }

  @Override
  CheckpointStore storeOf(String role) {
    return store;
  }

  @Test
  void refusesToWriteWithoutATransaction() throws SQLException {
    try (Connection connection = session()) {
      assertThatThrownBy(() -> store.save(checkpoint("a"), connection))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("autocommit");
    }
    assertThat(load("a")).isEmpty();
  }

  @Test
  void loadLeavesNoLockAndNoFailedTransaction() throws SQLException {
    save(checkpoint("a", live("s.a")));
    try (Connection reading = transaction()) {
      assertThat(store.load("a", reading)).isPresent();
      commit(connection -> store.delete("a", connection));
      assertThat(store.load("a", reading)).isEmpty();
      store.save(checkpoint("b"), reading);
      reading.commit();
    }
    assertThat(load("b")).isPresent();
  }

  @Test
  void loadSeesWhatItsTransactionHasSaved() throws SQLException {
    try (Connection connection = transaction()) {
      store.save(checkpoint("a", live("s.a")), connection);
      assertThat(store.load("a", connection)).contains(checkpoint("a", live("s.a")));
      connection.commit();
    }
    assertThat(load("a")).isPresent();
  }

  @Test
  void commitTakesTheRowsAlongOrNothing() throws SQLException {
    Checkpoint checkpoint = checkpoint("a");
    save(checkpoint);
    try (Connection connection = transaction();
        Statement statement = connection.createStatement()) {
      statement.execute(
          "CREATE TABLE public.rows_of_a (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)");
      statement.execute("INSERT INTO public.rows_of_a VALUES (1)");
      store.commit("a", Lsn.parse("5/5"), connection);
      statement.execute("SET session_replication_role = origin"); // else it is not checked
      statement.execute("INSERT INTO public.rows_of_a VALUES (1)");
      assertThatThrownBy(() -> store.commit("a", Lsn.parse("6/6"), connection))
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("23505"));
      connection.rollback();
      try (ResultSet rows = statement.executeQuery("SELECT count(*) FROM public.rows_of_a")) {
        rows.next();
        assertThat(rows.getInt(1)).isEqualTo(1);
      }
      statement.execute("DROP TABLE public.rows_of_a");
      connection.commit();
    }
    assertThat(load("a")).contains(checkpoint.withPosition(Lsn.parse("5/5")));
  }

  @Test
  void advanceWaitsForNoOtherMirror() throws SQLException {
    save(checkpoint("a"));
    save(checkpoint("b"));
    try (Connection deleting = transaction();
        Connection advancing = transaction()) {
      store.delete("a", deleting);
      store.advance("b", Lsn.parse("5/5"), advancing);
      advancing.commit();
      deleting.rollback();
      store.save(checkpoint("a", live("s.a")), deleting);
      store.advance("b", Lsn.parse("6/6"), advancing);
      advancing.commit();
      deleting.commit();
    }
    assertThat(load("b").orElseThrow().position()).isEqualTo(Lsn.parse("6/6"));
  }

  @Test
  void theLastDeletionWaitsForAMirrorThatStarts() throws Exception {
    save(checkpoint("a"));
    try (Connection starting = transaction()) {
      store.save(checkpoint("b"), starting);
      CompletableFuture<Void> deletion = inBackground(c -> store.delete("a", c));
      awaitWaiting("advisory");
      starting.commit();
      deletion.get(10, TimeUnit.SECONDS);
    }
    assertThat(load("a")).isEmpty();
    assertThat(load("b")).contains(checkpoint("b"));
  }

  @Test
  void aMirrorThatStartsWaitsForTheLastDeletion() throws Exception {
    save(checkpoint("a"));
    try (Connection deleting = transaction()) {
      store.delete("a", deleting);
      CompletableFuture<Void> start = inBackground(c -> store.save(checkpoint("b"), c));
      awaitWaiting("advisory");
      deleting.commit();
      start.get(10, TimeUnit.SECONDS);
    }
    assertThat(load("b")).contains(checkpoint("b"));
  }

  @Test
  void aMirrorMayBeLoadedWhileTheLastDeletionIsUnderWay() throws Exception {
    save(checkpoint("a"));
    try (Connection deleting = transaction()) {
      store.delete("a", deleting);
      CompletableFuture<Void> load = inBackground(c -> assertThat(store.load("b", c)).isEmpty());
      awaitWaiting("advisory");
      deleting.commit();
      load.get(10, TimeUnit.SECONDS);
    }
  }

  @Test
  void anOldSnapshotDropsNoMirrorThatItDoesNotShow() throws SQLException {
    save(checkpoint("a"));
    try (Connection deleting = transaction();
        Statement statement = deleting.createStatement()) {
      statement.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
      statement.execute("SELECT FROM bunny.checkpoint");
      save(checkpoint("b"));
      store.delete("a", deleting);
      deleting.commit();
    }
    assertThat(load("a")).isEmpty();
    assertThat(load("b")).contains(checkpoint("b"));
  }

  @Test
  void saveTableWaitsForASaveAndFindsItsTable() throws Exception {
    save(checkpoint("a", live("s.a")));
    try (Connection saving = transaction()) {
      store.save(checkpoint("a", live("s.a")).withPaused(true, null), saving);
      CompletableFuture<Void> copied =
          inBackground(c -> store.saveTable("a", live("s.a", "7/7"), c));
      awaitWaiting("transactionid");
      saving.commit();
      copied.get(10, TimeUnit.SECONDS);
    }
    assertThat(load("a")).contains(checkpoint("a", live("s.a", "7/7")).withPaused(true, null));
  }

  private CompletableFuture<Void> inBackground(Call call) {
    return CompletableFuture.runAsync(
        () -> {
          try {
            commit(call);
          } catch (SQLException e) {
            throw new IllegalStateException(e);
          }
        },
        task -> new Thread(task).start());
  }

  private void awaitWaiting(String lock) {
    Await.until(
        Duration.ofSeconds(10),
        "a session waits for a lock of the kind " + lock,
        () ->
            place()
                    .queryLong(
                        "SELECT count(*) FROM pg_stat_activity WHERE wait_event = ?"
                            + " AND datname = current_database()",
                        lock)
                == 1);
  }
}
