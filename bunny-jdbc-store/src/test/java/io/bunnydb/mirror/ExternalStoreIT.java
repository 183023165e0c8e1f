package io.bunnydb.mirror;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.Lsn;
import io.bunnydb.Mirror;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.jdbc.JdbcCheckpointStore;
import io.bunnydb.spi.CheckpointStore;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.PostgresServer;
import io.bunnydb.testing.Workload;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * A store that is not in the destination: changes come a second time, without effect for a table
 * that has a key.
 */
@ExpectsLog(value = "attempt \\d+ failed", optional = true)
@ExpectsLog(value = "met no row", optional = true)
final class ExternalStoreIT {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final String STORE = "checkpoints";

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private CheckpointStore store;

  @BeforeEach
  void makeStore() {
    PostgresServer server = databases.destination().server();
    server.createDatabase(STORE);
    PGSimpleDataSource dataSource = new PGSimpleDataSource();
    dataSource.setUrl(server.url(STORE));
    dataSource.setUser(server.user());
    dataSource.setPassword(server.password());
    store = JdbcCheckpointStore.of(dataSource);
  }

  @AfterEach
  void dropStore() {
    databases.destination().server().dropDatabase(STORE);
  }

  /** Loses its connection now and then, after the destination has committed. */
  private static final class LossyStore extends DelegatingStore {
    private final Random random;
    private volatile int losses;
    private volatile int oneIn = Integer.MAX_VALUE;

    LossyStore(CheckpointStore store, long seed) {
      super(store);
      this.random = new Random(seed);
    }

    @Override
    @SuppressWarnings("NonAtomicVolatileUpdate") // one thread advances
    public void advance(String mirror, Lsn position, Connection destination) throws SQLException {
      if (random.nextInt(oneIn) == 0) {
        losses++;
        throw outOfReach();
      }
      super.advance(mirror, position, destination);
    }
  }

  private MirrorHandle start(LossyStore lossy) {
    return Mirror.builder("external")
        .source(databases.source().peer())
        .destination(databases.destination().peer())
        .checkpointStore(lossy)
        .maxBatchBytes(1 << 16)
        .table("public.slip")
        .table("public.doc")
        .build()
        .start();
  }

  private static void createTables() {
    databases
        .source()
        .execute(
            "CREATE TABLE slip (a int, b int, n int, t text, PRIMARY KEY (a, b))",
            "INSERT INTO slip SELECT i / 10, i % 10, i, 'x' FROM generate_series(0, 29) i",
            "CREATE SEQUENCE ids",
            "CREATE TABLE doc (id bigint PRIMARY KEY, n int, body text)",
            "ALTER TABLE doc ALTER body SET STORAGE EXTERNAL",
            "INSERT INTO doc SELECT nextval('ids'), i, repeat(md5(i::text), 100)"
                + " FROM generate_series(1, 30) i");
  }

  /** Slips move to keys that were used before; documents only to new ones, with their body. */
  private static void change(Connection connection, Random random) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (int i = 1 + random.nextInt(4); i > 0; i--) {
        int a = random.nextInt(3);
        int b = random.nextInt(10);
        int other = random.nextInt(10);
        String key = " WHERE a = " + a + " AND b = " + b;
        String doc = "(SELECT id FROM doc ORDER BY id LIMIT 1 OFFSET " + random.nextInt(20) + ")";
        statement.execute(
            switch (random.nextInt(9)) {
              case 0, 1 ->
                  "INSERT INTO slip VALUES ("
                      + a
                      + ", "
                      + b
                      + ", 0, NULL)"
                      + " ON CONFLICT (a, b) DO UPDATE SET n = slip.n + 1";
              case 2, 3 ->
                  "UPDATE slip SET b = "
                      + other
                      + key
                      + " AND NOT EXISTS (SELECT FROM slip WHERE a = "
                      + a
                      + " AND b = "
                      + other
                      + ")";
              case 4 -> "DELETE FROM slip" + key;
              case 5 -> "INSERT INTO doc VALUES (nextval('ids'), 0, repeat(md5('" + b + "'), 100))";
              case 6 -> "UPDATE doc SET n = n + 1 WHERE id = " + doc;
              case 7 -> "UPDATE doc SET id = nextval('ids'), n = n + 1 WHERE id = " + doc;
              case 8 -> "DELETE FROM doc WHERE id = " + doc;
              default -> throw new AssertionError();
            });
      }
    }
  }

  @Test
  void changesThatComeTwiceHaveNoEffect() {
    createTables();
    long seed = Long.getLong("bunny.test.seed", ThreadLocalRandom.current().nextLong());
    LossyStore lossy = new LossyStore(store, seed);
    try (MirrorHandle handle = start(lossy)) {
      handle.awaitState(MirrorState.RUNNING, SOON);
      lossy.oneIn = 4;
      try (Workload load = Workload.start(databases.source(), seed, ExternalStoreIT::change)) {
        Await.until(SOON, "the store fails", () -> lossy.losses >= 15);
        assertThat(load.transactions()).isPositive();
      }
      lossy.oneIn = Integer.MAX_VALUE;
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.slip", "public.doc");
      handle.drop();
    }
  }

  @Test
  void aRowThatMovesToADeletedOnesKeyIsNotLost() {
    createTables();
    assertSameAfterReplay(
        "DELETE FROM slip WHERE a = 0 AND b = 1", "UPDATE slip SET b = 1 WHERE a = 0 AND b = 2");
  }

  @Test
  void aMovedRowKeepsItsLargeValueThoughItsOldKeyIsTakenAgain() {
    createTables();
    assertSameAfterReplay(
        "UPDATE doc SET id = 1000 WHERE id = 3",
        "UPDATE doc SET id = 1001, n = -1 WHERE id = 1000",
        "INSERT INTO doc VALUES (3, 0, repeat('another', 600))");
  }

  @Test
  void aRowThatWasChangedAndMovedStaysInItsPlace() {
    createTables();
    assertSameAfterReplay(
        "UPDATE slip SET n = 77 WHERE a = 1 AND b = 5",
        "UPDATE slip SET a = 7 WHERE a = 1 AND b = 5",
        "INSERT INTO slip VALUES (1, 5, 0, 'new')",
        "DELETE FROM slip WHERE a = 1 AND b = 5",
        "UPDATE slip SET a = 1 WHERE a = 7");
  }

  /** One transaction is applied, and then once more, as its position was not noted. */
  private void assertSameAfterReplay(String... statements) {
    LossyStore lossy = new LossyStore(store, 0);
    try (MirrorHandle handle = start(lossy)) {
      handle.awaitState(MirrorState.RUNNING, SOON);
      handle.awaitCaughtUp(SOON);
      handle.pause();
      databases.source().execute("BEGIN; " + String.join("; ", statements) + "; COMMIT");
      lossy.oneIn = 1;
      handle.resume();
      Await.until(SOON, "the store fails", () -> lossy.losses > 0);
      lossy.oneIn = Integer.MAX_VALUE;
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.slip", "public.doc");
      handle.drop();
    }
  }

  @Test
  void aStoreInMemoryOutlivesAPause() throws Exception {
    createTables();
    LossyStore memory = new LossyStore(CheckpointStore.inMemory(), 0);
    try (MirrorHandle handle = start(memory)) {
      handle.awaitState(MirrorState.RUNNING, SOON);
      try (Workload load = Workload.start(databases.source(), ExternalStoreIT::change)) {
        for (int round = 0; round < 3; round++) {
          long applied = handle.status().transactionsApplied();
          Await.until(
              SOON, "changes flow", () -> handle.status().transactionsApplied() > applied + 20);
          handle.pause();
          handle.resume();
        }
        assertThat(load.transactions()).isPositive();
      }
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.slip", "public.doc");
      handle.drop();
    }
  }
}
