package io.bunnydb.examples.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.spi.CheckpointStore;
import io.bunnydb.testing.CheckpointStoreContract;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The store that keeps the requests beside the checkpoints. */
final class RequestStoreIT extends CheckpointStoreContract {
  private static final CreateRequest REQUEST =
      CreateRequest.read(TestServer.creation("a", "public.a").getBytes(StandardCharsets.UTF_8));

  @Override
  protected CheckpointStore store() {
    return new RequestStore(REQUEST);
  }

  private Map<String, String> requests() throws SQLException {
    try (Connection connection = session()) {
      return RequestTable.read(connection);
    }
  }

  @Test
  void aRequestComesAndGoesWithItsCheckpoint() throws SQLException {
    assertThat(requests()).isEmpty();
    try (Connection transaction = transaction()) {
      store().save(checkpoint("a"), transaction);
      assertThat(requests()).isEmpty();
      transaction.rollback();
    }
    assertThat(requests()).isEmpty();
    save(checkpoint("a"));
    save(checkpoint("b"));
    assertThat(requests()).containsOnlyKeys("a", "b");
    assertThat(CreateRequest.ofJson(requests().get("a"))).isEqualTo(REQUEST);
    save(checkpoint("a").withPaused(true, "why"));
    assertThat(requests()).containsOnlyKeys("a", "b");
    commit(connection -> store().delete("a", connection));
    assertThat(requests()).containsOnlyKeys("b");
    commit(connection -> store().delete("b", connection));
    assertThat(requests()).isEmpty();
  }
}
