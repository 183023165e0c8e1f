package io.bunnydb.mirror;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.Lsn;
import io.bunnydb.Mirror;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.TableMapping;
import io.bunnydb.TableState;
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
  private static final String MIRROR = "acknowledge";
  private static final String SLOT = "bunny_" + MIRROR;

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private static MirrorHandle runningWithAccounts() {
    Transfers.createTables(databases.source());
    return mirrorOfAccounts().start();
  }

  private static Mirror mirrorOfAccounts() {
    return Transfers.mirror(databases, MIRROR);
  }

  private static Workload load() {
    return Workload.start(databases.source(), Transfers.transfers(50));
  }

  private static Lsn confirmed() {
    return SlotWatch.confirmed(databases, SLOT);
  }

  private static Lsn committed() {
    return SlotWatch.committed(databases);
  }

  private static void awaitAcknowledgements(int count) {
    for (int i = 0; i < count; i++) {
      Lsn last = confirmed();
      Await.until(SOON, "the slot moves on", () -> confirmed().isAfter(last));
    }
  }

  @Test
  void acknowledgesNoMoreThanIsCommittedUnderLoad() throws Exception {
    try (MirrorHandle handle = runningWithAccounts();
        Workload load = load()) {
      handle.awaitState(MirrorState.RUNNING, SOON);
      try (SlotWatch watch = SlotWatch.start(databases, MIRROR)) {
        awaitAcknowledgements(10);
        assertThat(watch.checks()).isGreaterThan(10);
      }
      load.close();
      handle.awaitCaughtUp(SOON);
      handle.drop();
    }
  }

  @Test
  void acknowledgesNoMoreThanIsCommittedOverPausesAndRestarts() throws Exception {
    try (MirrorHandle handle = runningWithAccounts()) {
      handle.awaitState(MirrorState.RUNNING, SOON);
    }
    try (Workload load = load();
        SlotWatch watch = SlotWatch.start(databases, MIRROR)) {
      for (int round = 0; round < 4; round++) {
        try (MirrorHandle handle = mirrorOfAccounts().start()) {
          handle.resume();
          awaitAcknowledgements(2);
          handle.pause();
          long written = load.transactions();
          Await.checkingUntil(
              SOON,
              "the source has gone on",
              () -> SlotWatch.check(databases, SLOT),
              () -> load.transactions() > written + 20);
          if (round % 2 == 0) {
            // Closed in the midst of it, the other times while paused.
            handle.resume();
            awaitAcknowledgements(1);
          }
        }
        SlotWatch.check(databases, SLOT);
      }
      try (MirrorHandle handle = mirrorOfAccounts().start()) {
        handle.resume();
        load.close();
        handle.awaitCaughtUp(SOON);
        Lsn end = committed();
        Await.until(SOON, "all is acknowledged", () -> confirmed().equals(end));
        assertThat(watch.checks()).isGreaterThan(50);
        watch.close();
        databases.assertMirrored("public.credit", "public.debit", "public.large");
        handle.drop();
      }
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
      try (Workload load = load()) {
        Await.until(SOON, "the batch waits", () -> Transfers.sessionsThatWait(databases) == 1);
        Lsn now = Lsn.parse(String.valueOf(sentTo()));
        assertThat(now.isAfter(held)).isTrue();
        long written = load.transactions();
        // Time for many acknowledgements, which would follow within a tenth of a second.
        Await.checkingUntil(
            SOON,
            "300 transactions are written",
            () -> assertThat(confirmed().isAfter(held)).isFalse(),
            () -> load.transactions() > written + 300);
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
        Workload load = load();
        Connection writer = databases.source().connection()) {
      handle.awaitState(MirrorState.RUNNING, SOON);
      handle.pause();
      handle.updateTables(
          TableMapping.from("public.credit"),
          TableMapping.from("public.debit"),
          TableMapping.from("public.large"),
          TableMapping.from("public.late"));
      // The snapshot waits for the end of every transaction that is writing.
      writer.setAutoCommit(false);
      writer.createStatement().execute("INSERT INTO late VALUES (3)");
      handle.resume();
      Lsn begun = committed();
      long applied = handle.status().transactionsApplied();
      Await.checkingUntil(
          SOON,
          "100 transactions are applied",
          () -> assertThat(confirmed().isAfter(begun)).isFalse(),
          () -> handle.status().transactionsApplied() > applied + 100);
      assertThat(handle.status().tables().get(3).state()).isEqualTo(TableState.COPYING);
      writer.createStatement().execute("UPDATE late SET id = 30 WHERE id = 3");
      writer.commit();
      Await.checkingUntil(
          SOON,
          "the table joins",
          () -> SlotWatch.check(databases, SLOT),
          () -> handle.status().tables().get(3).state() == TableState.LIVE);
      databases.source().execute("INSERT INTO late VALUES (4)");
      load.close();
      handle.awaitCaughtUp(SOON);
      assertThat(handle.status().tables()).allMatch(table -> table.rowsMissing() == 0);
      Await.until(SOON, "the slot moves on", () -> confirmed().isAfter(begun));
      handle.drop();
    }
  }
}
