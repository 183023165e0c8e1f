package io.bunnydb.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Each check after a test can fail, and passes where the test declares what it leaves. */
final class MirrorDatabasesIT {

  private static final String[] ONE_ROW = {
    "CREATE TABLE a (id int PRIMARY KEY, t text)", "INSERT INTO a VALUES (1, 'x')"
  };

  /** For what never ends, which is waited for in vain. */
  private static final Duration SHORT = Duration.ofMillis(200);

  private final MirrorDatabases databases = new MirrorDatabases();
  private boolean finished;

  @BeforeEach
  void begin() {
    databases.begin();
  }

  @AfterEach
  void finishUnchecked() {
    if (!finished) {
      finish("declaresNothing", true);
    }
  }

  @Test
  void givesEachTestItsOwnDatabases() {
    String source = databases.source().name();
    String destination = databases.destination().name();
    databases.source().execute(ONE_ROW);
    databases.destination().execute(ONE_ROW);
    databases.assertMirrored("public.a");
    finish("declaresNothing");
    begin();
    finished = false;

    assertThat(databases.source().name()).isNotEqualTo(source);
    assertThat(databases.source().queryStrings("SELECT datname FROM pg_database"))
        .doesNotContain(source);
    assertThat(databases.destination().queryStrings("SELECT datname FROM pg_database"))
        .doesNotContain(destination);
    assertThat(databases.source().queryLong("SELECT count(*) FROM pg_tables WHERE tablename = 'a'"))
        .isZero();
  }

  @Test
  void closesTheConnectionsOfTheTest() throws SQLException {
    Connection connection = databases.source().connection();
    finish("declaresNothing");

    assertThat(connection.isClosed()).isTrue();
  }

  @Test
  void failsIfTheSidesDiffer() {
    databases.source().execute(ONE_ROW);
    databases.destination().execute(ONE_ROW);
    databases.destination().execute("UPDATE a SET t = 'y'");

    assertThatThrownBy(() -> databases.assertMirrored("public.a")).hasMessageContaining("(1,y)");
    assertThatThrownBy(() -> finish("declaresNothing"))
        .hasMessageContaining("only in source:      (1,x)")
        .hasMessageContaining("only in destination: (1,y)");
  }

  @Test
  void failsIfATableThatIsNotDeclaredDiffers() {
    databases.source().execute(ONE_ROW);
    databases.destination().execute(ONE_ROW);
    databases.source().execute("CREATE TABLE b (id int)");
    databases.destination().execute("CREATE TABLE b (id int, extra int)", "DELETE FROM a");

    assertThatThrownBy(() -> finish("declaresThatTableADiffers"))
        .hasMessageContaining("columns differ: public.b[id], public.b[id, extra]")
        .hasMessageNotContaining("public.a");
  }

  @Test
  void passesIfDeclaredSidesDiffer() {
    databases.source().execute(ONE_ROW);
    databases.destination().execute("CREATE TABLE a (id int PRIMARY KEY, t text)");

    finish("declaresThatSidesDiffer");
  }

  @Test
  void failsIfAThreadIsLeft() {
    CountDownLatch end = new CountDownLatch(1);
    Thread thread =
        new Thread(
            () -> {
              try {
                end.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "bunny-left-receive");
    thread.start();
    try {
      assertThatThrownBy(() -> finish("declaresNothing", false, SHORT))
          .hasMessageContaining("bunny-left-receive (WAITING)");
    } finally {
      end.countDown();
    }
  }

  @Test
  void failsIfAConnectionIsLeft() throws SQLException {
    TestDatabase destination = databases.destination();
    String url = destination.url() + "?ApplicationName=bunny-left";
    try (Connection left =
        DriverManager.getConnection(url, destination.user(), destination.password())) {
      assertThat(left.isValid(1)).isTrue();
      assertThatThrownBy(() -> finish("declaresNothing", false, SHORT))
          .hasMessageContaining("bunny-left (pid");
      assertThat(left.isValid(1)).isFalse();
    }
  }

  @Test
  void failsIfASlotOrAPublicationIsLeft() {
    createSlotAndPublication();

    assertThatThrownBy(() -> finish("declaresNothing"))
        .hasMessageContaining("[publication left_publication, slot left_slot]");
    assertThat(leftSlots()).isZero();
  }

  @Test
  void passesIfReplicationIsLeftAsDeclaredAndCleansItUp() {
    createSlotAndPublication();

    finish("declaresLeftReplication");
    assertThat(leftSlots()).isZero();
  }

  @Test
  void failsIfAWarningIsNotDeclared() {
    LoggerFactory.getLogger("io.bunnydb.Some").warn("slot {} is slow", "s", new Exception("why"));

    assertThatThrownBy(() -> finish("declaresNothing"))
        .hasMessageContaining("WARN io.bunnydb.Some: slot s is slow (java.lang.Exception: why)");
  }

  @Test
  void passesIfDeclaredEventsAreLogged() {
    LoggerFactory.getLogger("io.bunnydb.Some").warn("slot s is slow");
    LoggerFactory.getLogger("io.bunnydb.Some").error("mirror m stopped at 0/2A");
    LoggerFactory.getLogger("io.bunnydb.Some").info("not of interest");
    LoggerFactory.getLogger("org.other").warn("not of interest");

    finish("declaresLogs");
  }

  @Test
  void failsIfADeclaredEventIsNotLogged() {
    LoggerFactory.getLogger("io.bunnydb.Some").warn("slot s is slow");

    assertThatThrownBy(() -> finish("declaresLogs")).hasMessageContaining("stopped at");
  }

  @Test
  void checksNothingAfterAFailedTest() {
    databases.source().execute(ONE_ROW);
    databases.destination().execute("CREATE TABLE a (id int PRIMARY KEY, t text)");
    createSlotAndPublication();

    finish("declaresNothing", true);
    assertThat(leftSlots()).isZero();
  }

  @Test
  void endsWhatAFailedTestStillWaitsFor() {
    TestDatabase source = databases.source();
    CompletableFuture<Void> waiting =
        CompletableFuture.runAsync(() -> source.execute("SELECT pg_sleep(600)"));
    // The session that waits is the one through which the test asks.
    Await.until(
        Duration.ofSeconds(10),
        "the session sleeps",
        () -> PostgresServer.shared(Side.SOURCE).administrate(MirrorDatabasesIT::sleepers) == 1);

    finish("declaresNothing", true);
    assertThat(waiting)
        .failsWithin(Duration.ofSeconds(10))
        .withThrowableOfType(ExecutionException.class)
        .havingRootCause()
        .withMessageContaining("terminating connection");
  }

  private static int sleepers(Connection connection) throws SQLException {
    return Sql.strings(connection, "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
        .size();
  }

  @Test
  void startsAServerThatTheTestLeftStopped() {
    databases.source().server().stopImmediate();

    finish("declaresNothing");
    assertThat(PostgresServer.shared(Side.SOURCE).isRunning()).isTrue();
  }

  @Test
  void takesBackRolesAndSettings() {
    databases
        .source()
        .execute(
            "CREATE ROLE left_role LOGIN",
            "CREATE TABLE a (id int)",
            "ALTER TABLE a OWNER TO left_role",
            "ALTER SYSTEM SET max_wal_senders = 7");
    databases.source().server().restart();
    assertThat(databases.source().queryString("SHOW max_wal_senders")).isEqualTo("7");
    finish("declaresNothing");
    begin();
    finished = false;

    assertThat(databases.source().queryString("SHOW max_wal_senders")).isEqualTo("20");
    assertThat(
            databases
                .source()
                .queryLong("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'left%'"))
        .isZero();
  }

  private void createSlotAndPublication() {
    databases
        .source()
        .execute(
            "CREATE PUBLICATION left_publication FOR ALL TABLES",
            "SELECT pg_create_logical_replication_slot('left_slot', 'pgoutput')");
  }

  private static long leftSlots() {
    try (Connection connection = PostgresServer.shared(Side.SOURCE).connect("postgres")) {
      return Sql.strings(connection, "SELECT slot_name FROM pg_replication_slots").size();
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }

  private void finish(String declaration) {
    finish(declaration, false);
  }

  private void finish(String declaration, boolean failed) {
    finish(declaration, failed, Duration.ofSeconds(5));
  }

  private void finish(String declaration, boolean failed, Duration deadline) {
    finished = true;
    try {
      databases.finish(
          Declarations.of(Samples.class.getDeclaredMethod(declaration), Samples.class),
          failed,
          deadline);
    } catch (NoSuchMethodException e) {
      throw new AssertionError(e);
    }
  }

  /** Methods whose annotations the tests above use. */
  interface Samples {
    void declaresNothing();

    @SidesDiffer("sample")
    void declaresThatSidesDiffer();

    @SidesDiffer(value = "sample", tables = "public.a")
    void declaresThatTableADiffers();

    @LeavesReplication("sample")
    void declaresLeftReplication();

    @ExpectsLog("slot s is slow")
    @ExpectsLog("stopped at [0-9A-F]+/[0-9A-F]+")
    @ExpectsLog(value = "never", optional = true)
    void declaresLogs();
  }
}
