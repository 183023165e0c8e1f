package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.loseSlot;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.bunnydb.ErrorKind;
import io.bunnydb.EventQuery;
import io.bunnydb.MirrorBuilder;
import io.bunnydb.MirrorEvent.Level;
import io.bunnydb.MirrorFailure;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.Peer;
import io.bunnydb.SlotLostException;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.LeavesReplication;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.PostgresServer;
import io.bunnydb.testing.SidesDiffer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A source that another server takes the place of: its standby, or a backup of it. */
@SidesDiffer("the mirror has another source in the end")
@LeavesReplication("of the mirror's first source")
@ExpectsLog(value = "; paused", optional = true)
final class FailoverIT {
  private static final String ROWS = "SELECT string_agg(id::text, ',' ORDER BY id) FROM a";

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  @BeforeEach
  void createTable() {
    databases
        .source()
        .execute("CREATE TABLE a (id int PRIMARY KEY)", "INSERT INTO a VALUES (1), (2)");
  }

  private static PostgresServer primary() {
    return databases.source().server();
  }

  private static MirrorBuilder operated() {
    return mirror(databases, "public.a");
  }

  /** The mirror from the server that has taken the source's place. */
  private static MirrorBuilder operatedFrom(PostgresServer other) {
    return operated().source(peer(other));
  }

  private static Peer peer(PostgresServer server) {
    return Peer.of(
        "source", server.url(databases.source().name()), server.user(), server.password());
  }

  private static void execute(PostgresServer server, String... sql) {
    server.execute(databases.source().name(), sql);
  }

  private static String ask(PostgresServer server, String query) throws SQLException {
    Peer peer = peer(server);
    try (Connection connection =
            DriverManager.getConnection(peer.url(), peer.user(), peer.password());
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      return row.next() ? String.valueOf(row.getString(1)) : "";
    }
  }

  private static void change(MirrorHandle handle, PostgresServer server, int id)
      throws SQLException {
    execute(server, "INSERT INTO a VALUES (" + id + ")");
    handle.awaitCaughtUp(SOON);
    assertThat(databases.destination().queryString(ROWS)).isEqualTo(ask(server, ROWS));
  }

  @Test
  void goesOnFromAPromotedStandbyThatHasTheSlot() throws Exception {
    assumeTrue(primary().major() >= 17, "slots for failover come with PostgreSQL 17");
    databases.source().execute("SELECT pg_create_physical_replication_slot('standby', true)");
    try (MirrorHandle handle = running(operated().failoverSlot(true))) {
      change(handle, primary(), 3);
    }
    primary().stop();
    try (PostgresServer standby =
        PostgresServer.standbyOf(
            primary(),
            Map.of(
                "primary_slot_name", "standby",
                "hot_standby_feedback", "on",
                "sync_replication_slots", "on"))) {
      primary().start();
      try (MirrorHandle handle = running(operated().failoverSlot(true))) {
        awaitSlotOn(standby);
        change(handle, primary(), 4);
      }
      awaitReplay(standby, ask(primary(), "SELECT pg_current_wal_lsn()"));
      primary().stopImmediate();
      execute(standby, "SELECT pg_promote()");
      assertThat(operatedFrom(standby).failoverSlot(true).build().plan().errors()).isEmpty();
      try (MirrorHandle handle = running(operatedFrom(standby).failoverSlot(true))) {
        change(handle, standby, 5);
        assertThat(handle.events(new EventQuery(9, 0, Level.INFO, "was promoted")).events())
            .hasSize(1)
            .allMatch(event -> event.details().get("timeline").equals("2"));
        handle.pause();
        execute(standby, "INSERT INTO a VALUES (6)");
        handle.resume();
        change(handle, standby, 7);
        handle.drop();
      }
    } finally {
      primary().start();
      databases.source().execute("SELECT pg_drop_replication_slot('standby')");
    }
  }

  /** The standby begins to keep the slot when it can begin to decode where the slot does. */
  private static void awaitSlotOn(PostgresServer standby) {
    int[] next = {100};
    Await.until(
        SOON,
        "the standby has the slot",
        () -> {
          execute(
              primary(),
              "INSERT INTO a VALUES (" + next[0]++ + ")",
              "SELECT pg_log_standby_snapshot()");
          return ask(
                  standby,
                  "SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'bunny_operated'"
                      + " AND synced AND NOT temporary")
              .equals("1");
        });
  }

  private static void awaitReplay(PostgresServer standby, String position) {
    Await.until(
        SOON,
        "the standby has replayed what the primary wrote",
        () -> ask(standby, "SELECT pg_last_wal_replay_lsn() >= '" + position + "'").equals("t"));
  }

  @Test
  void promotedStandbyThatLacksWhatIsAppliedIsRefusedUntilRecreated() throws Exception {
    running(operated()).close();
    primary().stop();
    try (PostgresServer standby = PostgresServer.standbyOf(primary(), Map.of())) {
      execute(standby, "SELECT pg_promote()");
      primary().start();
      try (MirrorHandle handle = running(operated())) {
        change(handle, primary(), 3);
      }
      primary().stop();
      execute(standby, "INSERT INTO a VALUES (33)");
      refusedUntilRecreated(standby, "not the one that was mirrored");
    }
  }

  @Test
  void backupThatIsOlderThanWhatIsAppliedIsRefusedUntilRecreated() throws Exception {
    running(operated()).close();
    primary().stop();
    try (PostgresServer restored = PostgresServer.restore(primary(), Map.of())) {
      primary().start();
      try (MirrorHandle handle = running(operated())) {
        // More than the restored server writes by itself when it is started.
        databases.source().execute("SELECT pg_switch_wal()");
        change(handle, primary(), 3);
      }
      primary().stop();
      refusedUntilRecreated(restored, "it was restored from an older state");
    }
  }

  /** The copy still has the slot that the primary lost, and the change that was lost with it. */
  @Test
  @ExpectsLog("one connection led to database")
  void addressThatLeadsToTwoServersIsNotReadFrom() throws Exception {
    try (SwitchedAddress address = SwitchedAddress.of(primary())) {
      Peer switched =
          Peer.of(
              "source",
              address.url(databases.source().name()),
              primary().user(),
              primary().password());
      running(operated().source(switched)).close();
      primary().stop();
      try (PostgresServer copy = PostgresServer.restore(primary(), Map.of())) {
        primary().start();
        loseSlot(databases.source());
        databases
            .source()
            .execute(
                "INSERT INTO a VALUES (3)",
                "SELECT pg_create_logical_replication_slot('bunny_operated', 'pgoutput')",
                "INSERT INTO a VALUES (4)");
        address.leadOthersTo(copy);
        try (MirrorHandle handle = operated().source(switched).build().start()) {
          MirrorFailure failure =
              Await.value(
                      SOON,
                      "it is refused",
                      () -> Optional.ofNullable(handle.status().failure()),
                      found -> found.map(MirrorFailure::attempts).orElse(0) > 1)
                  .orElseThrow();
          assertThat(failure.kind()).isEqualTo(ErrorKind.CONNECTION);
          assertThat(failure.message())
              .contains("peer source", "one connection led to database", ", another to database")
              .contains("port " + primary().port(), "port " + copy.port());
          assertThat(databases.destination().queryString(ROWS)).isEqualTo("1,2");
          address.leadOthersTo(primary());
          assertThatThrownBy(() -> handle.awaitState(MirrorState.RUNNING, SOON))
              .isInstanceOf(SlotLostException.class)
              .hasMessageContaining("made it anew");
          assertThat(databases.destination().queryString(ROWS)).isEqualTo("1,2");
          handle.recreate();
          change(handle, primary(), 5);
          handle.drop();
        }
      }
    }
  }

  private static void refusedUntilRecreated(PostgresServer other, String told) throws Exception {
    String before = databases.destination().queryString(ROWS);
    try (MirrorHandle handle = operatedFrom(other).build().start()) {
      assertThatThrownBy(() -> handle.awaitState(MirrorState.RUNNING, SOON))
          .isInstanceOf(SlotLostException.class)
          .hasMessageContaining(told)
          .hasMessageContaining("call recreate()");
      assertThatThrownBy(handle::resume).isInstanceOf(SlotLostException.class);
      assertThat(databases.destination().queryString(ROWS)).isEqualTo(before);
      handle.recreate();
      change(handle, other, 4);
      handle.drop();
    }
  }
}
