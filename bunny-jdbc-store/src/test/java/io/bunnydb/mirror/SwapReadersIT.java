package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.inBackground;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.ResyncStrategy;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.Workload;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What readers of the destination see of a resync by swap. */
final class SwapReadersIT {
  private static final int ACCOUNTS = 2000;
  private static final int SPOILED = 500;

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  /** Moves an amount between accounts that are not spoiled, and counts the moves. */
  private static void move(Connection connection, Random random) throws SQLException {
    int from = SPOILED + 1 + random.nextInt(ACCOUNTS - SPOILED);
    int to = SPOILED + 1 + random.nextInt(ACCOUNTS - SPOILED);
    try (var statement = connection.createStatement()) {
      statement.execute("UPDATE account SET amount = amount - 1 WHERE id = " + from);
      statement.execute("UPDATE account SET amount = amount + 1 WHERE id = " + to);
      statement.execute("UPDATE clock SET ticks = ticks + 1 WHERE id = 1");
    }
  }

  /** What one reader saw last. */
  private static final class Seen {
    private long ticks;
    private boolean isSwapped;

    /** Every state that is read is one of the source's, but for the rows that were spoiled. */
    void look(ResultSet row) throws SQLException {
      assertThat(row.next()).isTrue();
      assertThat(row.getLong("accounts")).isEqualTo(ACCOUNTS);
      assertThat(row.getLong("total")).isZero();
      assertThat(row.getLong("ticks")).isGreaterThanOrEqualTo(ticks);
      ticks = row.getLong("ticks");
      // In both tables at once, and never again.
      long spoiled = row.getLong("spoiled");
      assertThat(spoiled).isIn(0L, SPOILED + 1L);
      assertThat(isSwapped && spoiled > 0).isFalse();
      isSwapped = spoiled == 0;
    }
  }

  private static String query(String table) {
    return "SELECT (SELECT count(*) FROM "
        + table
        + ") AS accounts, (SELECT sum(amount) FROM "
        + table
        + ") AS total, (SELECT ticks FROM clock WHERE id = 1) AS ticks,"
        + " (SELECT count(*) FROM "
        + table
        + " WHERE note = 'spoiled')"
        + " + (SELECT count(*) FROM clock WHERE note = 'spoiled') AS spoiled";
  }

  private static void read(String table, boolean isPrepared, AtomicBoolean isOver, AtomicInteger n)
      throws SQLException {
    Seen seen = new Seen();
    String query = query(table);
    try (Connection connection = databases.destination().connection();
        PreparedStatement prepared = connection.prepareStatement(query)) {
      while (!isOver.get()) {
        if (isPrepared) {
          try (ResultSet row = prepared.executeQuery()) {
            seen.look(row);
          }
        } else {
          try (var statement = connection.createStatement();
              ResultSet row = statement.executeQuery(query)) {
            seen.look(row);
          }
        }
        n.incrementAndGet();
      }
    }
    assertThat(seen.isSwapped).isTrue();
  }

  /** One whose snapshot is older than the swap goes on seeing what it saw. */
  private static void assertSees(Connection old, String table, long spoiled) throws SQLException {
    try (var statement = old.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT count(*), count(*) FILTER (WHERE note = 'spoiled') FROM " + table)) {
      row.next();
      assertThat(row.getLong(1)).isEqualTo(ACCOUNTS);
      assertThat(row.getLong(2)).isEqualTo(spoiled);
    }
  }

  @Test
  void neverSeeATableThatIsMissingOrEmptyOrOlderOrHalf() throws Exception {
    databases
        .source()
        .execute(
            "CREATE TABLE account (id int PRIMARY KEY, amount int, note text)",
            "INSERT INTO account SELECT i, 0, 'x' FROM generate_series(1, " + ACCOUNTS + ") i",
            "CREATE TABLE clock (id int PRIMARY KEY, ticks bigint, note text)",
            "INSERT INTO clock VALUES (1, 0, 'x'), (2, 0, 'x')");
    AtomicBoolean isOver = new AtomicBoolean();
    AtomicInteger reads = new AtomicInteger();
    try (MirrorHandle handle = running(mirror(databases, "public.account", "public.clock"))) {
      handle.awaitCaughtUp(SOON);
      databases
          .destination()
          .execute(
              "CREATE VIEW seen AS SELECT * FROM account",
              "UPDATE account SET note = 'spoiled' WHERE id <= " + SPOILED,
              "UPDATE clock SET note = 'spoiled' WHERE id = 2");
      List<CompletableFuture<Void>> readers = new ArrayList<>();
      try (Connection old = databases.destination().connection();
          Workload writes = Workload.start(databases.source(), SwapReadersIT::move)) {
        old.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
        old.setAutoCommit(false);
        old.createStatement().execute("SELECT 1 FROM pg_class LIMIT 1");
        for (String table : List.of("account", "seen")) {
          for (boolean isPrepared : new boolean[] {true, false}) {
            readers.add(
                inBackground(
                    () -> {
                      try {
                        read(table, isPrepared, isOver, reads);
                      } catch (SQLException e) {
                        throw new AssertionError(e);
                      }
                    }));
          }
        }
        Await.until(SOON, "readers read", () -> reads.get() > 20);
        handle.resync(ResyncStrategy.SWAP);
        handle.awaitState(MirrorState.RUNNING, SOON);
        int before = reads.get();
        Await.until(SOON, "readers go on", () -> reads.get() > before + 20);
        assertSees(old, "account", SPOILED);
        assertSees(old, "seen", SPOILED);
        writes.close();
      } finally {
        isOver.set(true);
      }
      for (CompletableFuture<Void> reader : readers) {
        reader.get(SOON.toSeconds(), TimeUnit.SECONDS);
      }
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.account", "public.clock");
      handle.drop();
    }
  }
}
