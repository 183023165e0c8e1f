package io.bunnydb.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.Lsn;
import io.bunnydb.spi.CheckpointStore;
import io.bunnydb.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;

/** The store with a database of its own, here beside the source. */
final class JdbcCheckpointStoreOfDataSourceIT extends JdbcCheckpointStoreContract {
  @Override
  protected CheckpointStore store() {
    return JdbcCheckpointStore.of(
        TestDataSource.opening(place().url(), place().user(), place().password()));
  }

  @Override
  TestDatabase place() {
    return databases.source();
  }

  @Override
  CheckpointStore storeOf(String role) {
    return JdbcCheckpointStore.of(TestDataSource.opening(place().url(), role, "pw"));
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
