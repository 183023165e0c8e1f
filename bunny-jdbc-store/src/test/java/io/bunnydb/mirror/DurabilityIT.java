package io.bunnydb.mirror;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.Lsn;
import io.bunnydb.Mirror;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.TestDatabase;
import io.bunnydb.testing.Workload;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What a crash of the destination takes away comes again: commits are not waited for, but nothing
 * is acknowledged before it is on the server's disk.
 */
final class DurabilityIT {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final String MIRROR = "durability";
  private static final String SLOT = "bunny_" + MIRROR;

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  /** The server writes its log as rarely as can be. */
  @BeforeEach
  void flushesSeldom() {
    configure("wal_writer_flush_after", "1GB");
    configure("wal_writer_delay", "10s");
    configure("synchronous_commit", "off");
  }

  @AfterEach
  void resets() {
    databases.destination().server().start();
    databases.destination().execute("ALTER SYSTEM RESET ALL", "SELECT pg_reload_conf()");
  }

  private static void configure(String setting, String value) {
    TestDatabase destination = databases.destination();
    destination.execute(
        "ALTER SYSTEM SET " + setting + " = '" + value + "'", "SELECT pg_reload_conf()");
    Await.until(
        SOON,
        "the setting is there",
        () -> value.equals(destination.queryString("SHOW " + setting)));
  }

  private static Mirror mirror(boolean waits) {
    return Transfers.builder(databases, MIRROR).synchronousCommit(waits).build();
  }

  private static Workload load() {
    return Workload.start(databases.source(), Transfers.transfers(50));
  }

  private static void awaitApplied(MirrorHandle handle, long transactions) {
    long before = handle.status().transactionsApplied();
    Await.until(
        SOON,
        "transactions are applied",
        () -> handle.status().transactionsApplied() > before + transactions);
  }

  /** The position that was applied when the server crashed. */
  private static Lsn crashUnderLoad(Mirror mirror) throws Exception {
    try (MirrorHandle handle = mirror.start();
        Workload load = load()) {
      handle.awaitState(MirrorState.RUNNING, SOON);
      awaitApplied(handle, 200);
      databases.destination().server().stopImmediate();
      Await.until(SOON, "the loss is noticed", () -> handle.status().error() != null);
      load.close();
      return handle.status().lastLsn();
    }
  }

  private static void assertGoesOn(Mirror mirror) throws Exception {
    try (MirrorHandle handle = mirror.start()) {
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.credit", "public.debit", "public.large");
      handle.drop();
    }
  }

  @Test
  @ExpectsLog(value = "attempt \\d+ failed", optional = true)
  void whatACrashTookAwayComesAgain() throws Exception {
    Transfers.createTables(databases.source());
    Lsn applied = crashUnderLoad(mirror(false));
    databases.destination().server().start();
    assertThat(SlotWatch.committed(databases).isBefore(applied)).as("something was lost").isTrue();
    SlotWatch.check(databases, SLOT);
    assertGoesOn(mirror(false));
  }

  @Test
  @ExpectsLog(value = "attempt \\d+ failed", optional = true)
  void losesNothingWhereCommitsAreWaitedFor() throws Exception {
    Transfers.createTables(databases.source());
    Lsn applied = crashUnderLoad(mirror(true));
    databases.destination().server().start();
    assertThat(SlotWatch.committed(databases).isBefore(applied)).as("something was lost").isFalse();
    SlotWatch.check(databases, SLOT);
    assertGoesOn(mirror(true));
  }

  @Test
  void whatWasAppliedBeforeAPauseIsOnDisk() throws Exception {
    Transfers.createTables(databases.source());
    try (MirrorHandle handle = mirror(false).start()) {
      handle.awaitState(MirrorState.RUNNING, SOON);
      try (Workload load = load()) {
        awaitApplied(handle, 200);
        handle.pause();
        load.close();
      }
      Lsn applied = handle.status().lastLsn();
      databases.destination().server().stopImmediate();
      databases.destination().server().start();
      assertThat(SlotWatch.committed(databases).isBefore(applied)).isFalse();
      handle.resume();
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.credit", "public.debit", "public.large");
      handle.drop();
    }
  }

  /** The server's own disk tells nothing of a standby that commits have to wait for. */
  @Test
  @ExpectsLog("the destination has got a synchronous standby")
  void waitsForStandbysAsSoonAsThereAreSome() throws Exception {
    Transfers.createTables(databases.source());
    TestDatabase destination = databases.destination();
    try (MirrorHandle handle = mirror(false).start();
        Workload load = load()) {
      handle.awaitState(MirrorState.RUNNING, SOON);
      awaitApplied(handle, 50);
      configure("synchronous_standby_names", "nobody");
      Await.until(
          SOON,
          "a commit waits",
          () ->
              destination.queryLong(
                      "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
                          + " AND application_name LIKE 'bunny durability%'")
                  == 1);
      Lsn confirmed = SlotWatch.confirmed(databases, SLOT);
      long written = load.transactions();
      Await.checkingUntil(
          SOON,
          "the source has gone on",
          () -> assertThat(SlotWatch.confirmed(databases, SLOT)).isEqualTo(confirmed),
          () -> load.transactions() > written + 100);
      configure("synchronous_standby_names", "");
      awaitApplied(handle, 50);
      load.close();
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.credit", "public.debit", "public.large");
      handle.drop();
    }
  }
}
