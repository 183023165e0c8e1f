package io.bunnydb.mirror;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.Mirror;
import io.bunnydb.MirrorBuilder;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.jdbc.JdbcCheckpointStore;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.Workload;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a reader of the destination sees, and when nothing writes there. */
final class ConsistencyIT {
  private static final Duration SOON = Duration.ofSeconds(60);

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private static MirrorBuilder mirror() {
    return Mirror.builder("consistency")
        .source(databases.source().peer())
        .destination(databases.destination().peer())
        .maxBatchBytes(1 << 16)
        .checkpointStore(JdbcCheckpointStore.inDestination());
  }

  private static MirrorHandle runningWithAccounts() {
    Transfers.createTables(databases.source());
    return mirror().table("public.credit").table("public.debit").build().start();
  }

  /** Reads the two tables in two statements of one snapshot. */
  private static String readBoth(Connection reader) throws SQLException {
    long credit = readLong(reader, "SELECT sum(balance)::bigint FROM credit");
    long debit = readLong(reader, "SELECT sum(balance)::bigint FROM debit");
    reader.commit();
    assertThat(credit + debit).isEqualTo(Transfers.SUM);
    return credit + "+" + debit;
  }

  private static long readLong(Connection reader, String query) throws SQLException {
    try (Statement statement = reader.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      row.next();
      return row.getLong(1);
    }
  }

  @Test
  void readersNeverSeeHalfOfATransaction() throws Exception {
    try (MirrorHandle handle = runningWithAccounts();
        Workload load = Workload.start(databases.source(), Transfers::transfer);
        Connection reader = databases.destination().connection()) {
      reader.setAutoCommit(false);
      reader.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      handle.awaitState(MirrorState.RUNNING, SOON);
      for (int round = 0; round < 3; round++) {
        String first = readBoth(reader);
        int reads = 0;
        String last = first;
        int changes = 0;
        while (changes < 8 || reads < 30) {
          String next = readBoth(reader);
          changes += next.equals(last) ? 0 : 1;
          last = next;
          reads++;
          assertThat(reads).as("the mirror stands still at " + last).isLessThan(20_000);
        }
        handle.pause();
        String paused = readBoth(reader);
        assertThat(readBoth(reader)).isEqualTo(paused);
        handle.resume();
      }
      load.close();
      handle.awaitCaughtUp(SOON);
      readBoth(reader);
      handle.drop();
    }
  }

  @Test
  void writesNothingOncePauseHasReturned() {
    try (MirrorHandle handle = runningWithAccounts();
        Workload load = Workload.start(databases.source(), Transfers::transfer)) {
      handle.awaitState(MirrorState.RUNNING, SOON);
      for (int round = 0; round < 3; round++) {
        long applied = handle.status().transactionsApplied();
        Await.until(
            SOON, "changes flow", () -> handle.status().transactionsApplied() > applied + 20);
        handle.pause();
        String paused = destinationAsWritten();
        long written = load.transactions();
        int busy = 0;
        while (load.transactions() < written + 100) {
          busy += busySessions();
        }
        assertThat(busy).isZero();
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
      Await.until(SOON, "the batch waits for the row", () -> sessionsThatWait() == 1);
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

  private static long sessionsThatWait() {
    return databases
        .destination()
        .queryLong(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'bunny %'"
                + " AND datname = current_database() AND wait_event_type = 'Lock'");
  }
}
