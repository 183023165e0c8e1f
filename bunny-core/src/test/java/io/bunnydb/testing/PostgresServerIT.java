package io.bunnydb.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The servers are durable, guarded by a password, and survive crashes. */
final class PostgresServerIT {

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  @Test
  void runsWithDurableSettings() {
    TestDatabase source = databases.source();

    assertThat(source.queryString("SHOW fsync")).isEqualTo("on");
    assertThat(source.queryString("SHOW synchronous_commit")).isEqualTo("on");
    assertThat(source.queryString("SHOW full_page_writes")).isEqualTo("on");
    assertThat(source.queryString("SHOW wal_level")).isEqualTo("logical");
    assertThat(source.queryLong("SHOW max_replication_slots")).isEqualTo(20);
    assertThat(source.queryLong("SELECT current_setting('server_version_num')::int / 10000"))
        .isEqualTo(source.server().major());
  }

  @Test
  void refusesAWrongPassword() {
    TestDatabase source = databases.source();

    assertThatThrownBy(() -> DriverManager.getConnection(source.url(), source.user(), "wrong"))
        .isInstanceOfSatisfying(
            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("28P01"));
  }

  @Test
  void givesEachSideItsOwnCluster() {
    String identifier = "SELECT system_identifier FROM pg_control_system()";

    assertThat(databases.source().queryString(identifier))
        .isNotEqualTo(databases.destination().queryString(identifier));
  }

  @Test
  void keepsCommittedRowsInACrash() {
    TestDatabase source = databases.source();
    source.execute("CREATE TABLE a (id int)", "INSERT INTO a VALUES (1)");
    int port = source.server().port();

    source.server().stopImmediate();
    assertThat(source.server().isRunning()).isFalse();
    assertThatThrownBy(() -> source.queryLong("SELECT 1"))
        .isInstanceOf(TestDatabaseException.class);
    source.server().start();

    assertThat(source.queryLong("SELECT count(*) FROM a")).isEqualTo(1);
    assertThat(source.server().port()).isEqualTo(port);
    assertThat(source.server().log()).contains("automatic recovery in progress");
  }

  @Test
  void restartsInOrder() {
    TestDatabase source = databases.source();
    source.execute("CREATE UNLOGGED TABLE a (id int)", "INSERT INTO a VALUES (1)");

    source.server().restart();

    // A crash would have emptied the unlogged table.
    assertThat(source.queryLong("SELECT count(*) FROM a")).isEqualTo(1);
  }

  @Test
  void dropsADatabaseInUse() throws SQLException {
    TestDatabase source = databases.source();
    PostgresServer server = source.server();
    server.createDatabase("in use");
    server.execute(
        "in use",
        "SELECT pg_create_logical_replication_slot('in_use', 'pgoutput')",
        "CREATE TABLE a (id int)",
        "BEGIN; INSERT INTO a VALUES (1); PREPARE TRANSACTION 'in use'");
    try (var session = server.connect("in use")) {
      server.dropDatabase("in use");

      assertThat(session.isValid(1)).isFalse();
      assertThat(source.queryStrings("SELECT datname FROM pg_database")).doesNotContain("in use");
    }
  }

  @Test
  void startsAServerOfOnesOwn() {
    try (PostgresServer server = PostgresServer.start(Map.of("wal_level", "replica"))) {
      MirrorDatabases own = MirrorDatabases.between(server, databases.destination().server());
      own.begin();
      assertThat(own.source().queryString("SHOW wal_level")).isEqualTo("replica");
      own.finish(
          Declarations.of(PostgresServerIT.class, PostgresServerIT.class), /* failed= */ false);
    }
  }

  @Test
  void showsTheLogOfAServerThatDoesNotStart() {
    assertThatThrownBy(() -> PostgresServer.start(Map.of("wal_level", "nonsense")))
        .hasStackTraceContaining("invalid value for parameter \"wal_level\"");
  }

  @Test
  void namesTheCureIfAVersionIsMissing() {
    assertThatThrownBy(() -> PostgresServer.shared(Side.SOURCE, 9))
        .hasMessageContaining("-Dbunny.test.postgresBinaries");
  }
}
