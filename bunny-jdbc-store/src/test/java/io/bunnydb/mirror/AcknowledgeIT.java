package io.bunnydb.mirror;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.Lsn;
import io.bunnydb.Mirror;
import io.bunnydb.MirrorBuilder;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.TableMapping;
import io.bunnydb.TableState;
import io.bunnydb.jdbc.JdbcCheckpointStore;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.Workload;
import java.sql.Connection;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The slot's position on the source is never past what the destination has committed. */
final class AcknowledgeIT {
  private static final Duration SOON = Duration.ofSeconds(60);

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private static MirrorBuilder mirror() {
    return Mirror.builder("acknowledge")
        .source(databases.source().peer())
        .destination(databases.destination().peer())
        .maxBatchBytes(1 << 16)
        .checkpointStore(JdbcCheckpointStore.inDestination());
  }

  private static MirrorHandle runningWithAccounts() {
    Transfers.createTables(databases.source());
    return mirror().table("public.credit").table("public.debit").build().start();
  }

  private static long sessionsThatWait() {
    return databases
        .destination()
        .queryLong(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'bunny %'"
                + " AND datname = current_database() AND wait_event_type = 'Lock'");
  }

  /** How far the source was told to recycle its log. */
  private static Lsn confirmed() {
    return Lsn.parse(
        String.valueOf(
            databases
                .source()
                .queryString(
                    "SELECT confirmed_flush_lsn FROM pg_replication_slots"
                        + " WHERE slot_name = 'bunny_acknowledge'")));
  }

  /** From where on the destination still needs the source's log; only what is committed shows. */
  private static Lsn committed() {
    return Lsn.parse(
        String.valueOf(
            databases
                .destination()
                .queryString(
                    "SELECT least(position, (SELECT min(from_lsn) FROM bunny.table_checkpoint"
                        + " WHERE state = 'COPIED')) FROM bunny.checkpoint")));
  }

  /**
   * The slot's position is read first. Read last, it could rightly have passed what the destination
   * had a moment before. Read first, it can only be missed that it was too far for a moment, and so
   * {@link #acknowledgesNothingThatIsNotCommitted} holds the destination still as well.
   */
  private static void assertSlotIsNotPastDestination() {
    Lsn confirmed = confirmed();
    assertThat(confirmed.isAfter(committed())).as("%s is too far", confirmed).isFalse();
  }

  @Test
  void acknowledgesNoMoreThanIsCommittedUnderLoad() {
    try (MirrorHandle handle = runningWithAccounts();
        Workload load = Workload.start(databases.source(), Transfers::transfer)) {
      handle.awaitState(MirrorState.RUNNING, SOON);
      Lsn last = confirmed();
      for (int moves = 0; moves < 10; ) {
        assertSlotIsNotPastDestination();
        Lsn next = confirmed();
        moves += next.isAfter(last) ? 1 : 0;
        last = next;
      }
      load.close();
      handle.awaitCaughtUp(SOON);
      handle.drop();
    }
  }

  @Test
  void acknowledgesNothingThatIsNotCommitted() throws Exception {
    try (MirrorHandle handle = runningWithAccounts();
        Connection third = databases.destination().connection()) {
      handle.awaitState(MirrorState.RUNNING, SOON);
      handle.awaitCaughtUp(SOON);
      third.setAutoCommit(false);
      // All of a batch is written, but cannot be committed.
      third.createStatement().execute("SELECT FROM bunny.checkpoint FOR UPDATE");
      Lsn held = committed();
      try (Workload load = Workload.start(databases.source(), Transfers::transfer)) {
        Await.until(SOON, "the batch waits", () -> sessionsThatWait() == 1);
        Lsn now = Lsn.parse(String.valueOf(sentTo()));
        assertThat(now.isAfter(held)).isTrue();
        long written = load.transactions();
        // Time for many acknowledgements, which would follow within a tenth of a second.
        while (load.transactions() < written + 300) {
          assertThat(confirmed().isAfter(held)).isFalse();
        }
      }
      assertThat(confirmed().isAfter(held)).isFalse();
      third.rollback();
      handle.awaitCaughtUp(SOON);
      Lsn end = committed();
      Await.until(SOON, "all is acknowledged", () -> confirmed().equals(end));
      handle.drop();
    }
  }

  private static @Nullable String sentTo() {
    return databases
        .source()
        .queryString(
            "SELECT sent_lsn FROM pg_stat_replication WHERE application_name LIKE 'bunny acknowledge%'");
  }

  @Test
  void acknowledgesNothingWhileAnAddedTableIsCopied() throws Exception {
    databases
        .source()
        .execute("CREATE TABLE late (id int PRIMARY KEY)", "INSERT INTO late VALUES (1), (2)");
    try (MirrorHandle handle = runningWithAccounts();
        Workload load = Workload.start(databases.source(), Transfers::transfer);
        Connection writer = databases.source().connection()) {
      handle.awaitState(MirrorState.RUNNING, SOON);
      handle.pause();
      handle.updateTables(
          TableMapping.from("public.credit"),
          TableMapping.from("public.debit"),
          TableMapping.from("public.late"));
      // The snapshot waits for the end of every transaction that is writing.
      writer.setAutoCommit(false);
      writer.createStatement().execute("INSERT INTO late VALUES (3)");
      handle.resume();
      Lsn begun = committed();
      long applied = handle.status().transactionsApplied();
      while (handle.status().transactionsApplied() < applied + 100) {
        assertThat(confirmed().isAfter(begun)).isFalse();
      }
      assertThat(handle.status().tables().get(2).state()).isEqualTo(TableState.COPYING);
      writer.createStatement().execute("UPDATE late SET id = 30 WHERE id = 3");
      writer.commit();
      while (handle.status().tables().get(2).state() != TableState.LIVE) {
        assertSlotIsNotPastDestination();
      }
      databases.source().execute("INSERT INTO late VALUES (4)");
      load.close();
      handle.awaitCaughtUp(SOON);
      assertThat(handle.status().tables()).allMatch(table -> table.rowsMissing() == 0);
      Await.until(SOON, "the slot moves on", () -> confirmed().isAfter(begun));
      handle.drop();
    }
  }
}
