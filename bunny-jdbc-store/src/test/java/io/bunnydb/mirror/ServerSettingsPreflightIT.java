package io.bunnydb.mirror;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.TableMapping;
import io.bunnydb.testing.LeavesReplication;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.PostgresServer;
import io.bunnydb.testing.Side;
import io.bunnydb.testing.TestDatabase;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A start is refused, before anything is made, on a source whose settings leave no room. */
final class ServerSettingsPreflightIT {
  private static final PostgresServer SOURCE =
      PostgresServer.start(
          Map.of("max_replication_slots", "2", "max_wal_senders", "2", "max_connections", "20"));

  @RegisterExtension
  static final MirrorDatabases databases =
      MirrorDatabases.between(SOURCE, PostgresServer.shared(Side.DESTINATION));

  private final Refusals refusals = new Refusals(databases);

  @BeforeEach
  void makeTable() {
    databases
        .source()
        .execute("CREATE TABLE a (id int PRIMARY KEY)", "INSERT INTO a VALUES (1), (2)");
  }

  @AfterAll
  static void stopServer() {
    SOURCE.close();
  }

  @Test
  void runsWithTheLeastThatIsAsked() {
    refusals.runs(refusals.mirror().table("public.a"));
    databases.assertMirrored("public.a");
  }

  @Test
  @LeavesReplication("another's slot; the fixture drops it")
  void refusesSourceWithoutFreeSlots() {
    TestDatabase source = databases.source();
    source.execute("SELECT pg_create_logical_replication_slot('others', 'pgoutput')");
    assertThat(refusals.problem(refusals.mirror().table("public.a")))
        .contains(
            "1 free replication slots and 2 are needed",
            "raise max_replication_slots and restart the source, or drop what is not used");
    refusals.runs(
        refusals.mirror().table(TableMapping.from("public.a").to("public.b")).slot("others"));
    source.execute("SELECT pg_create_logical_replication_slot('more', 'pgoutput')");
    assertThat(refusals.problem(refusals.mirror().table("public.a").initialSnapshot(false)))
        .contains("0 free replication slots and 1 is needed");
  }

  @Test
  void refusesMoreWorkersThanThereAreConnections() {
    databases.source().execute("INSERT INTO a SELECT generate_series(3, 100)", "ANALYZE a");
    assertThat(
            refusals.problems(
                refusals
                    .mirror()
                    .table("public.a")
                    .snapshotRowsPerPartition(1)
                    .snapshotMaxParallelWorkers(64)))
        .anyMatch(
            p ->
                p.matches(
                    "the source has \\d+ free connections and the copy takes 64; lower"
                        + " snapshotMaxParallelWorkers, raise max_connections.*"));
  }

  @Test
  void refusesSourceWithoutLogicalLogAndSenders() {
    SOURCE.execute(
        "postgres",
        "ALTER SYSTEM SET wal_level = 'replica'",
        "ALTER SYSTEM SET max_wal_senders = 1");
    SOURCE.restart();
    assertThat(refusals.problems(refusals.mirror().table("public.a")))
        .satisfiesExactly(
            p ->
                assertThat(p)
                    .isEqualTo(
                        "wal_level on the source is replica; set wal_level = logical and restart"
                            + " the source"),
            p ->
                assertThat(p)
                    .contains("1 free WAL senders and 2 are needed; raise max_wal_senders"));
    // As a service has it that keeps wal_level to itself.
    databases
        .source()
        .execute(
            "ALTER DATABASE " + databases.source().name() + " SET rds.logical_replication = 'off'");
    assertThat(refusals.problems(refusals.mirror().table("public.a")).get(0))
        .endsWith("set rds.logical_replication = 1 in the parameter group and restart the source");
  }
}
