package io.bunnydb.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/**
 * Each check after a test can fail, and passes where the test declares what it leaves; the next
 * test sees nothing of it.
 */
final class MirrorDatabasesIT {

  private static final String[] ONE_ROW = {
    "CREATE TABLE a (id int PRIMARY KEY, t text)", "INSERT INTO a VALUES (1, 'x')"
  };

  private static final String OID =
      "SELECT oid FROM pg_database WHERE datname = current_database()";

  /** What a database holds beside the system's objects, and how it is set. */
  private static final String CONTENTS =
      """
      SELECT concat_ws(', ',
        (SELECT string_agg(relname, ' ') FROM pg_class WHERE oid >= 16384),
        (SELECT string_agg(typname, ' ') FROM pg_type WHERE oid >= 16384),
        (SELECT string_agg(proname, ' ') FROM pg_proc WHERE oid >= 16384),
        (SELECT string_agg(oprname, ' ') FROM pg_operator WHERE oid >= 16384),
        (SELECT string_agg(collname, ' ') FROM pg_collation WHERE oid >= 16384),
        (SELECT string_agg(row(oid, nspname, nspowner, nspacl,
            obj_description(oid, 'pg_namespace'))::text, ' ' ORDER BY oid)
            FROM pg_namespace),
        (SELECT string_agg(pubname, ' ') FROM pg_publication),
        (SELECT string_agg(subname, ' ') FROM pg_subscription),
        (SELECT string_agg(evtname, ' ') FROM pg_event_trigger),
        (SELECT string_agg(extname, ' ') FROM pg_extension),
        (SELECT string_agg(fdwname, ' ') FROM pg_foreign_data_wrapper),
        (SELECT string_agg(srvname, ' ') FROM pg_foreign_server),
        (SELECT count(*) FROM pg_largeobject_metadata),
        (SELECT count(*) FROM pg_default_acl),
        (SELECT count(*) FROM pg_description),
        (SELECT count(*) FROM pg_cast),
        (SELECT count(*) FROM pg_prepared_xacts),
        (SELECT proacl FROM pg_proc WHERE proname = 'version'),
        (SELECT lanacl FROM pg_language WHERE lanname = 'plpgsql'),
        (SELECT row(datdba, datacl, datconnlimit, datallowconn, encoding,
            shobj_description(oid, 'pg_database'))
            FROM pg_database WHERE datname = current_database()),
        (SELECT string_agg(setconfig::text, ' ') FROM pg_db_role_setting))
      """;

  /** Makes what a database is emptied of. */
  private static final String[] RESET = {
    "CREATE ROLE left_role",
    "CREATE TABLE a (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, t text)",
    "COMMENT ON TABLE a IS 'x'",
    "GRANT SELECT ON a TO left_role",
    "CREATE TABLE \"B b\" (id serial, a int REFERENCES a) PARTITION BY RANGE (id)",
    "CREATE TABLE c PARTITION OF \"B b\" FOR VALUES FROM (1) TO (9)",
    "CREATE INDEX ON c (a)",
    "CREATE STATISTICS st ON id, t FROM a",
    "INSERT INTO a (t) SELECT 'x' FROM generate_series(1, 1000)",
    "ANALYZE",
    "CREATE VIEW v AS SELECT * FROM a",
    "CREATE MATERIALIZED VIEW m AS SELECT * FROM v",
    "CREATE SEQUENCE s",
    "CREATE TYPE e AS ENUM ('x')",
    "CREATE TYPE k AS (e e)",
    "CREATE DOMAIN d AS int CHECK (value > 0)",
    "CREATE FUNCTION f(e, VARIADIC int[]) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE PROCEDURE p(INOUT x int) LANGUAGE sql AS 'SELECT 1'",
    "CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int)",
    "CREATE FUNCTION tr() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'",
    "CREATE TRIGGER tr BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION tr()",
    "ALTER TABLE a ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY pol ON a USING (true)",
    "CREATE RULE r AS ON DELETE TO a DO INSTEAD NOTHING",
    "CREATE SCHEMA o AUTHORIZATION left_role",
    "CREATE TABLE o.a (id int, e e)",
    "CREATE SUBSCRIPTION sub CONNECTION 'dbname=x' PUBLICATION p WITH (connect = false)",
    "CREATE FUNCTION ev() RETURNS event_trigger LANGUAGE plpgsql"
        + " AS 'BEGIN RAISE EXCEPTION ''no''; END'",
    "BEGIN; INSERT INTO a (t) VALUES ('x'); PREPARE TRANSACTION 'left'",
    "CREATE EVENT TRIGGER ev ON sql_drop EXECUTE FUNCTION ev()"
  };

  /** Changes what a database is not emptied of. */
  private static final String[] SPOIL = {
    "CREATE CAST (int AS point) WITH INOUT",
    "CREATE COLLATION co FROM \"C\"",
    "CREATE OPERATOR @@@ (LEFTARG = int, RIGHTARG = int, FUNCTION = int4pl)",
    "CREATE FOREIGN DATA WRAPPER w",
    "CREATE FOREIGN DATA WRAPPER x; CREATE SERVER x FOREIGN DATA WRAPPER x",
    "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC",
    "GRANT SELECT ON pg_authid TO PUBLIC",
    "REVOKE EXECUTE ON FUNCTION version() FROM PUBLIC",
    "REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC",
    "COMMENT ON FUNCTION version() IS 'x'",
    "COMMENT ON SCHEMA public IS 'x'",
    "GRANT ALL ON SCHEMA public TO PUBLIC",
    "ALTER SCHEMA public RENAME TO private"
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
    // From now on a commit waits for ever, also one that cleans up.
    databases
        .source()
        .execute(
            "ALTER SYSTEM SET synchronous_standby_names = 'nobody'", "SELECT pg_reload_conf()");
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

  @Test
  void emptiesTheDatabaseForTheNextTest() throws SQLException {
    TestDatabase source = databases.source();
    String state = source.queryString(CONTENTS);
    String oid = source.queryString(OID);
    createSlotAndPublication();
    source.execute(RESET);
    try (Connection session = source.open()) {
      Sql.execute(session, "CREATE TEMPORARY TABLE t (id int)", "LISTEN x");
    }
    source.execute("SET ROLE left_role");
    finish("declaresLeftReplication");
    begin();
    finished = false;

    assertThat(databases.source().queryString(OID)).isEqualTo(oid);
    assertThat(databases.source().queryString(CONTENTS)).isEqualTo(state);
    assertThat(databases.source().queryString("SELECT current_user")).isEqualTo("bunny_test");
    assertThat(leftSlots()).isZero();
  }

  @Test
  void dropsADatabaseThatItCannotEmpty() {
    TestDatabase source = databases.source();
    String state = source.queryString(CONTENTS);
    String oid = source.queryString(OID);
    source.execute(SPOIL);
    source.execute(spoilDatabase(source.name()));
    source.execute("SELECT lo_create(0)");
    finish("declaresNothing");
    begin();
    finished = false;

    assertThat(databases.source().queryString(OID)).isNotEqualTo(oid);
    assertThat(databases.source().queryString(CONTENTS)).isEqualTo(state);
  }

  @Test
  void seesEachChangeThatADatabaseIsNotEmptiedOf() throws SQLException {
    Connection connection = databases.source().connection();
    DatabaseState whenNew = DatabaseState.of(connection);
    connection.setAutoCommit(false);
    List<String> changes = new ArrayList<>(List.of(SPOIL));
    changes.addAll(List.of(spoilDatabase(databases.source().name())));
    for (String change : changes) {
      Sql.execute(connection, change);
      assertThat(whenNew.isUnchanged(connection)).as(change).isFalse();
      connection.rollback();
      assertThat(whenNew.isUnchanged(connection)).as(change).isTrue();
    }
  }

  @Test
  void dropsTheDatabaseOfAFailedTest() {
    String oid = databases.source().queryString(OID);
    finish("declaresNothing", true);
    begin();
    finished = false;

    assertThat(databases.source().queryString(OID)).isNotEqualTo(oid);
  }

  @Test
  void dropsADatabaseThatWasMadeInAnotherEncoding() {
    databases.source().recreate("LATIN1");
    finish("declaresNothing");
    begin();
    finished = false;

    assertThat(databases.source().queryString("SHOW server_encoding")).isEqualTo("UTF8");
  }

  private static String[] spoilDatabase(String name) {
    return new String[] {
      "ALTER DATABASE " + name + " SET work_mem = '1MB'",
      "ALTER ROLE bunny_test IN DATABASE " + name + " SET work_mem = '2MB'",
      "ALTER DATABASE " + name + " CONNECTION LIMIT 50",
      "REVOKE TEMPORARY ON DATABASE " + name + " FROM PUBLIC",
      "COMMENT ON DATABASE " + name + " IS 'x'"
    };
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
