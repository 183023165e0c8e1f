package io.bunnydb.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.Lsn;
import io.bunnydb.spi.CheckpointStore;
import io.bunnydb.testing.ConnectionPool;
import io.bunnydb.testing.TestDatabase;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The store with a database of its own, here beside the source. */
final class JdbcCheckpointStoreOfDataSourceIT extends JdbcCheckpointStoreContract {
  private final Map<String, ConnectionPool> pools = new ConcurrentHashMap<>();

  @AfterEach
  void closePools() {
    pools.values().forEach(ConnectionPool::close);
  }

  /** A role's store; its connections are named so that the fixture finds one that is not closed. */
  private CheckpointStore store(String role, String password) {
    String url = place().url() + "?ApplicationName=bunny-store";
    return JdbcCheckpointStore.of(
        TestDataSource.of(
            pools.computeIfAbsent(
                role,
                user ->
                    new ConnectionPool(() -> DriverManager.getConnection(url, user, password)))));
  }

  @Override
  protected CheckpointStore store() {
    return store(place().user(), place().password());
  }

  @Override
  TestDatabase place() {
    return databases.source();
  }

  @Override
  CheckpointStore storeOf(String role) {
    return store(role, "pw");
  }

  @Test
  void writesNothingToTheDestination() throws SQLException {
    save(checkpoint("a", live("s.a")));
    assertThat(
            databases
                .destination()
                .queryLong("SELECT count(*) FROM pg_namespace WHERE nspname = 'bunny'"))
        .isZero();
  }

  @Test
  void aFailedSaveLeavesTheOldCheckpoint() throws SQLException {
    save(checkpoint("a", live("s.a")));
    place().execute("ALTER TABLE bunny.table_checkpoint ADD CHECK (source_table <> 'bad')");
    assertThatThrownBy(
            () -> save(checkpoint("a", live("s.b"), live("s.bad")).withPaused(true, "why")))
        .isInstanceOf(SQLException.class);
    assertThat(load("a")).contains(checkpoint("a", live("s.a")));
  }

  @Test
  void givesConnectionsBackAsTheyWere() throws SQLException {
    try (Connection only = place().connection()) {
      CheckpointStore store = JdbcCheckpointStore.of(TestDataSource.pooling(only));
      try (Connection unused = transaction()) {
        store.save(checkpoint("a"), unused);
        assertThat(only.getAutoCommit()).isTrue();
        assertThatThrownBy(() -> store.advance("b", Lsn.ZERO, unused))
            .isInstanceOf(SQLException.class);
        assertThat(only.getAutoCommit()).isTrue();
        assertThat(store.load("a", unused)).contains(checkpoint("a"));
        assertThat(only.getAutoCommit()).isTrue();
      }
    }
  }
}
