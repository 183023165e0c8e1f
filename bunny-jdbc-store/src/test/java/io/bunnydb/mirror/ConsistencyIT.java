package io.bunnydb.mirror;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.Workload;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a reader of the destination sees, and when nothing writes there. */
final class ConsistencyIT {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final int LARGE_SEEN = 4;
  private static final int READS_IN_MIDST = 10;

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private static MirrorHandle runningWithAccounts() {
    Transfers.createTables(databases.source());
    return Transfers.mirror(databases, "consistency").start();
  }

  /**
   * What one snapshot of the destination shows.
   *
   * @param balances the sums of the two tables
   * @param large how many large transfers are there
   * @param writer the transaction that wrote last; rows may have the number of a part of it
   * @param running the transaction in which the mirror was writing; empty if there was none
   */
  private record Seen(String balances, long large, String writer, String running) {}

  /** Reads the tables in several statements of one snapshot. */
  private static Seen read(Connection reader) throws SQLException {
    String running =
        readOne(
            reader,
            "SELECT coalesce(min(backend_xid::text), '') FROM pg_stat_activity"
                + " WHERE application_name LIKE 'bunny consistency apply%'");
    long credit = Long.parseLong(readOne(reader, "SELECT sum(balance) FROM credit"));
    long debit = Long.parseLong(readOne(reader, "SELECT sum(balance) FROM debit"));
    long large = Long.parseLong(readOne(reader, "SELECT n FROM large"));
    String writer = readOne(reader, "SELECT xmin FROM bunny.checkpoint");
    reader.commit();
    assertThat(credit + debit).isEqualTo(Transfers.SUM);
    return new Seen(credit + "+" + debit, large, writer, running);
  }

  private static String readOne(Connection reader, String query) throws SQLException {
    try (Statement statement = reader.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      row.next();
      return String.valueOf(row.getString(1));
    }
  }

  /** Counts the large transfers that were seen, and the reads while one of them was applied. */
  private static final class Observation {
    private final Map<String, Integer> readsWhileRunning = new HashMap<>();
    private long first = -1;
    private long large;
    private int readsInMidst;

    void add(Seen seen) {
      if (first < 0) {
        first = seen.large();
        large = first;
      }
      if (seen.large() > large) {
        large = seen.large();
        readsInMidst += readsWhileRunning.getOrDefault(seen.writer(), 0);
      }
      readsWhileRunning.merge(seen.running(), 1, Integer::sum);
    }

    boolean isEnough() {
      return large - first >= LARGE_SEEN && readsInMidst >= READS_IN_MIDST;
    }
  }

  /**
   * A large transfer comes in several pieces, each of the size of a batch. The test goes on until
   * the reader has looked often enough while such pieces were written.
   */
  @Test
  void readersNeverSeeHalfOfATransaction() throws Exception {
    try (MirrorHandle handle = runningWithAccounts();
        Workload load = Workload.start(databases.source(), Transfers.transfers(10));
        Connection reader = databases.destination().connection()) {
      reader.setAutoCommit(false);
      reader.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      handle.awaitState(MirrorState.RUNNING, SOON);
      for (int round = 0; round < 3; round++) {
        Observation observation = new Observation();
        Await.checkingUntil(
            SOON,
            "enough large transfers are read in their midst",
            () -> observation.add(read(reader)),
            observation::isEnough);
        handle.pause();
        String paused = read(reader).balances();
        assertThat(read(reader).balances()).isEqualTo(paused);
        handle.resume();
      }
      load.close();
      handle.awaitCaughtUp(SOON);
      read(reader);
      handle.drop();
    }
  }

  @Test
  void writesNothingOncePauseHasReturned() throws Exception {
    try (MirrorHandle handle = runningWithAccounts();
        Workload load = Workload.start(databases.source(), Transfers.transfers(100))) {
      handle.awaitState(MirrorState.RUNNING, SOON);
      for (int round = 0; round < 3; round++) {
        long applied = handle.status().transactionsApplied();
        Await.until(
            SOON, "changes flow", () -> handle.status().transactionsApplied() > applied + 20);
        handle.pause();
        String paused = destinationAsWritten();
        long written = load.transactions();
        Await.checkingUntil(
            SOON,
            "100 transactions are written",
            () -> assertThat(busySessions()).isZero(),
            () -> load.transactions() > written + 100);
        assertThat(destinationAsWritten()).isEqualTo(paused);
        handle.resume();
      }
      load.close();
      handle.awaitCaughtUp(SOON);
      handle.drop();
    }
  }

  @Test
  void pauseRollsBackABatchThatWaitsForALock() throws Exception {
    try (MirrorHandle handle = runningWithAccounts();
        Connection third = databases.destination().connection()) {
      handle.awaitState(MirrorState.RUNNING, SOON);
      handle.awaitCaughtUp(SOON);
      third.setAutoCommit(false);
      third.createStatement().execute("SELECT FROM debit WHERE id = 5 FOR UPDATE");
      String before = destinationAsWritten();
      databases
          .source()
          .execute(
              "BEGIN; UPDATE credit SET balance = balance - 1;"
                  + " UPDATE debit SET balance = balance + 1; COMMIT");
      Await.until(
          SOON, "the batch waits for the row", () -> Transfers.sessionsThatWait(databases) == 1);
      long begun = System.nanoTime();
      handle.pause();
      assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(5));
      assertThat(handle.status().state()).isEqualTo(MirrorState.PAUSED);
      assertThat(busySessions()).isZero();
      third.rollback();
      assertThat(destinationAsWritten().replaceAll("checkpoint.*", ""))
          .isEqualTo(before.replaceAll("checkpoint.*", ""));
      handle.resume();
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.credit", "public.debit");
      handle.drop();
    }
  }

  /** Which transaction wrote each row, which tells more than the values do. */
  private static String destinationAsWritten() {
    return String.valueOf(
        databases
            .destination()
            .queryString(
                "SELECT (SELECT md5(string_agg(ctid || ' ' || xmin, ',' ORDER BY ctid)) FROM credit)"
                    + " || (SELECT md5(string_agg(ctid || ' ' || xmin, ',' ORDER BY ctid)) FROM debit)"
                    + " || 'checkpoint ' || (SELECT xmin || ' ' || position FROM bunny.checkpoint)"));
  }

  /** Bunny's sessions on the destination that run something or have a transaction open. */
  private static int busySessions() {
    return (int)
        databases
            .destination()
            .queryLong(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'bunny %'"
                    + " AND datname = current_database()"
                    + " AND (state <> 'idle' OR backend_xid IS NOT NULL)");
  }
}
