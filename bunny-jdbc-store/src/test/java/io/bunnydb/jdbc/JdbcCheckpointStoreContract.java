package io.bunnydb.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.Lsn;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.CheckpointStore;
import io.bunnydb.testing.CheckpointStoreContract;
import io.bunnydb.testing.TestDatabase;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What the store does in either place: how schema and tables come, stay and go. */
abstract class JdbcCheckpointStoreContract extends CheckpointStoreContract {
  private static final String TABLES =
      "SELECT format('%s.%s', schemaname, tablename) FROM pg_tables WHERE schemaname = 'bunny'"
          + " ORDER BY 1";
  private static final String SCHEMA = "SELECT count(*) FROM pg_namespace WHERE nspname = 'bunny'";

  /** Where the store keeps its tables. */
  abstract TestDatabase place();

  /** A store whose connections to {@link #place} belong to another role. */
  abstract CheckpointStore storeOf(String role);

  /** A connection to hand to the store, in a transaction of that role. */
  final Connection transactionOf(String role) throws SQLException {
    Connection connection =
        DriverManager.getConnection(
            databases.destination().url() + "?stringtype=unspecified", role, "pw");
    connection.setAutoCommit(false);
    return connection;
  }

  private void createRole(String role) {
    databases.destination().execute("CREATE ROLE " + role + " LOGIN PASSWORD 'pw'");
    if (place() != databases.destination()) {
      place().execute("CREATE ROLE " + role + " LOGIN PASSWORD 'pw'");
    }
  }

  @Test
  void describesEveryTableAndColumn() throws SQLException {
    save(checkpoint("a"));
    assertThat(
            place()
                .queryStrings(
                    "SELECT a.attrelid::regclass || '.' || a.attname FROM pg_attribute a"
                        + " JOIN pg_class c ON c.oid = a.attrelid"
                        + " WHERE relnamespace = 'bunny'::regnamespace AND relkind = 'r'"
                        + " AND attnum > 0 AND (col_description(a.attrelid, attnum) IS NULL"
                        + " OR obj_description(a.attrelid, 'pg_class') IS NULL)"))
        .isEmpty();
    assertThat(place().queryLong("SELECT count(*) FROM bunny.checkpoint")).isEqualTo(1);
  }

  @Test
  void advanceTellsWhen() throws SQLException {
    save(checkpoint("a"));
    place().execute("UPDATE bunny.checkpoint SET updated_at = 'epoch'");
    commit(connection -> store().advance("a", Lsn.parse("5/5"), connection));
    assertThat(
            place()
                .queryLong(
                    "SELECT count(*) FROM bunny.checkpoint WHERE position = '5/5'"
                        + " AND updated_at > now() - interval '1 hour'"))
        .isEqualTo(1);
  }

  @Test
  void mirrorsMayStartAtTheSameTime() throws Exception {
    int mirrors = 8;
    CyclicBarrier barrier = new CyclicBarrier(mirrors);
    List<CompletableFuture<Void>> starts = new ArrayList<>();
    for (int i = 0; i < mirrors; i++) {
      String mirror = "m" + i;
      starts.add(
          CompletableFuture.runAsync(
              () -> {
                try {
                  barrier.await(10, TimeUnit.SECONDS);
                  save(checkpoint(mirror, live("s.a")));
                } catch (Exception e) {
                  throw new IllegalStateException(e);
                }
              },
              task -> new Thread(task).start()));
    }
    for (CompletableFuture<Void> start : starts) {
      start.get(20, TimeUnit.SECONDS);
    }
    for (int i = 0; i < mirrors; i++) {
      assertThat(load("m" + i)).contains(checkpoint("m" + i, live("s.a")));
    }
  }

  @Test
  void mirrorsMayComeAndGoAtTheSameTime() throws Exception {
    List<CompletableFuture<Void>> lives = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      String mirror = "m" + i;
      lives.add(
          CompletableFuture.runAsync(
              () -> {
                try {
                  for (int life = 0; life < 15; life++) {
                    assertThat(load(mirror)).isEmpty();
                    save(checkpoint(mirror, live("s.a")));
                    commit(c -> store().advance(mirror, Lsn.parse("5/5"), c));
                    assertThat(load(mirror)).isPresent();
                    commit(c -> store().delete(mirror, c));
                  }
                } catch (SQLException e) {
                  throw new IllegalStateException(e);
                }
              },
              task -> new Thread(task).start()));
    }
    for (CompletableFuture<Void> life : lives) {
      life.get(60, TimeUnit.SECONDS);
    }
    assertThat(place().queryLong(SCHEMA)).isZero();
  }

  @Test
  void theLastDeletionRemovesTheSchema() throws SQLException {
    save(checkpoint("a", live("s.a")));
    save(checkpoint("b", live("s.a")));
    commit(connection -> store().delete("a", connection));
    assertThat(place().queryStrings(TABLES))
        .containsExactly("bunny.checkpoint", "bunny.table_checkpoint");
    commit(connection -> store().delete("b", connection));
    assertThat(place().queryLong(SCHEMA)).isZero();
  }

  @Test
  void foreignObjectsInTheSchemaSurvive() throws SQLException {
    place().execute("CREATE SCHEMA bunny", "CREATE TABLE bunny.notes (t text)");
    save(checkpoint("a", live("s.a")));
    commit(connection -> store().delete("a", connection));
    assertThat(place().queryStrings(TABLES)).containsExactly("bunny.notes");
  }

  @Test
  void aViewOnTheTablesSurvives() throws SQLException {
    save(checkpoint("a", live("s.a")));
    place().execute("CREATE VIEW public.v AS SELECT mirror, position FROM bunny.checkpoint");
    commit(connection -> store().delete("a", connection));
    assertThat(load("a")).isEmpty();
    assertThat(place().queryLong("SELECT count(*) FROM public.v")).isZero();
    assertThat(place().queryLong("SELECT count(*) FROM bunny.table_checkpoint")).isZero();
    save(checkpoint("b"));
    assertThat(load("b")).contains(checkpoint("b"));
  }

  @Test
  void preparedTablesNeedNoRightToCreate() throws SQLException {
    createRole("bunny_small");
    place()
        .execute(
            JdbcCheckpointStore.ddl(),
            "GRANT USAGE ON SCHEMA bunny TO bunny_small",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON bunny.checkpoint, bunny.table_checkpoint"
                + " TO bunny_small");
    CheckpointStore store = storeOf("bunny_small");
    try (Connection connection = transactionOf("bunny_small")) {
      assertThat(store.load("a", connection)).isEmpty();
      store.save(checkpoint("a", live("s.a")), connection);
      store.save(checkpoint("a", live("s.b")), connection);
      store.advance("a", Lsn.parse("5/5"), connection);
      store.saveTable("a", live("s.b"), connection);
      assertThat(store.load("a", connection))
          .contains(checkpoint("a", live("s.b")).withPosition(Lsn.parse("5/5")));
      store.delete("a", connection);
      assertThat(store.load("a", connection)).isEmpty();
      connection.commit();
    }
    assertThat(place().queryStrings(TABLES))
        .containsExactly("bunny.checkpoint", "bunny.table_checkpoint");
  }

  @Test
  void theRightToCreateIsEnough() throws SQLException {
    createRole("bunny_maker");
    place().execute("GRANT CREATE ON DATABASE " + place().name() + " TO bunny_maker");
    CheckpointStore store = storeOf("bunny_maker");
    try (Connection connection = transactionOf("bunny_maker")) {
      store.save(checkpoint("a", live("s.a")), connection);
      connection.commit();
      assertThat(place().queryLong(SCHEMA)).isEqualTo(1);
      store.delete("a", connection);
      connection.commit();
    }
    assertThat(place().queryLong(SCHEMA)).isZero();
  }

  private void makeTablesOfAnEarlierVersion() {
    place()
        .execute(
            JdbcCheckpointStore.ddl(),
            "ALTER TABLE bunny.checkpoint DROP COLUMN paused_since, DROP COLUMN owner",
            "ALTER TABLE bunny.table_checkpoint DROP COLUMN error,"
                + " DROP COLUMN shadow_state, DROP COLUMN shadow_from, DROP COLUMN copy_progress",
            "INSERT INTO bunny.checkpoint VALUES ('a', '7301234567890123456', 1, 'app', 'bunny_a',"
                + " 'bunny_a', '0/16B3748', false, NULL)",
            "INSERT INTO bunny.table_checkpoint VALUES ('a', 0, 's', 'a', 's', 'a', NULL, '{}', NULL,"
                + " NULL, NULL, 'LIVE', '0/1')");
  }

  /** What the tables of an earlier version hold. */
  private static Checkpoint ofAnEarlierVersion() {
    return checkpoint("a", live("s.a", "0/1"));
  }

  @Test
  void readsAndAltersTablesOfAnEarlierVersion() throws SQLException {
    makeTablesOfAnEarlierVersion();
    assertThat(load("a")).contains(ofAnEarlierVersion());
    commit(connection -> store().advance("a", Lsn.parse("5/5"), connection));
    Checkpoint paused =
        ofAnEarlierVersion()
            .withPaused(true, null)
            .withPausedSince(Instant.parse("2026-02-28T23:59:59.123456Z"));
    save(paused);
    assertThat(load("a")).contains(paused);
    save(paused.withPaused(false, null));
    assertThat(load("a")).contains(ofAnEarlierVersion());
  }

  @Test
  void claimAltersTablesOfAnEarlierVersion() throws SQLException {
    makeTablesOfAnEarlierVersion();
    try (Connection connection = session()) {
      store().claim("a", connection);
      assertThat(connection.getAutoCommit()).isTrue();
    }
    assertThat(place().queryLong("SELECT count(paused_since) FROM bunny.checkpoint")).isZero();
    assertThat(load("a")).contains(ofAnEarlierVersion());
  }

  @Test
  void tablesOfAnotherRoleAreNotAlteredButSaidTo() throws SQLException {
    createRole("bunny_small");
    makeTablesOfAnEarlierVersion();
    place()
        .execute(
            "GRANT USAGE ON SCHEMA bunny TO bunny_small",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON bunny.checkpoint, bunny.table_checkpoint"
                + " TO bunny_small");
    CheckpointStore store = storeOf("bunny_small");
    try (Connection connection = transactionOf("bunny_small")) {
      assertThat(store.load("a", connection)).contains(ofAnEarlierVersion());
      assertThatThrownBy(() -> store.save(checkpoint("a"), connection))
          .isInstanceOf(SQLException.class)
          .hasMessageContaining("ALTER TABLE bunny.checkpoint ADD COLUMN IF NOT EXISTS");
      connection.rollback();
      assertThatThrownBy(() -> store.claim("a", connection))
          .hasMessageContaining("ALTER TABLE bunny.checkpoint ADD COLUMN IF NOT EXISTS");
    }
    assertThat(load("a")).contains(ofAnEarlierVersion());
  }
}
