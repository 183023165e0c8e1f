package io.bunnydb.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A workload commits what it counts, repeats by its seed and shows its failures. */
@ExtendWith(MirrorDatabases.class)
final class WorkloadIT {

  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  private MirrorDatabases databases;

  @BeforeEach
  void take(MirrorDatabases databases) {
    this.databases = databases;
  }

  @Test
  void commitsWhatItCounts() {
    databases.source().execute("CREATE TABLE a (n int)");
    Workload workload =
        Workload.start(databases.source(), (c, random) -> insert(c, random.nextInt(1000)));
    try (workload) {
      Await.until(TIMEOUT, "ten transactions", () -> workload.transactions() >= 10);
    }

    assertThat(databases.source().queryLong("SELECT count(*) FROM a"))
        .isEqualTo(workload.transactions());
  }

  @Test
  void repeatsBySeed() {
    databases.source().execute("CREATE TABLE a (n int, at serial)");
    firstFive(7);
    List<?> first = databases.source().queryStrings("SELECT n FROM a ORDER BY at LIMIT 5");
    databases.source().execute("TRUNCATE a");
    firstFive(7);

    assertThat(databases.source().queryStrings("SELECT n FROM a ORDER BY at LIMIT 5"))
        .isEqualTo(first);
  }

  @Test
  void throwsItsFailureWhenClosed() {
    Workload workload = Workload.start(databases.source(), (c, random) -> insert(c, 1));

    assertThatThrownBy(workload::close)
        .hasMessageContaining("seed " + workload.seed())
        .hasStackTraceContaining("relation \"a\" does not exist");
  }

  @Test
  void goesOnAfterADeadlock() {
    databases.source().execute("CREATE TABLE a (n int)");
    Workload workload =
        Workload.start(
            databases.source(),
            (c, random) -> {
              insert(c, 1);
              if (random.nextBoolean()) {
                throw new SQLException("deadlock detected", "40P01");
              }
            });
    try (workload) {
      Await.until(TIMEOUT, "ten transactions", () -> workload.transactions() >= 10);
    }

    assertThat(databases.source().queryLong("SELECT count(*) FROM a"))
        .isEqualTo(workload.transactions());
  }

  private void firstFive(long seed) {
    try (Workload workload =
        Workload.start(databases.source(), seed, (c, random) -> insert(c, random.nextInt()))) {
      Await.until(TIMEOUT, "five transactions", () -> workload.transactions() >= 5);
    }
  }

  private static void insert(Connection connection, int value) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("INSERT INTO a (n) VALUES (" + value + ")");
    }
  }
}
