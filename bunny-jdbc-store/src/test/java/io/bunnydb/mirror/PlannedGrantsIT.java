package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.Finding;
import io.bunnydb.MirrorBuilder;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorPlan;
import io.bunnydb.Peer;
import io.bunnydb.TableMapping;
import io.bunnydb.jdbc.JdbcCheckpointStore;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.TableComparison;
import io.bunnydb.testing.TestDatabase;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Roles that are no superusers come to a running mirror by running what its plan says, word for
 * word.
 */
final class PlannedGrantsIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private static final Pattern SQL = Pattern.compile("(?:GRANT|ALTER) .*");

  private final Refusals refusals = new Refusals(databases);

  private static TestDatabase source() {
    return databases.source();
  }

  private static TestDatabase destination() {
    return databases.destination();
  }

  @BeforeEach
  void makeTablesAndRoles() {
    refusals.role("source", source(), "\"Reader\"", "");
    refusals.role("destination", destination(), "writer", "");
    source()
        .execute(
            "CREATE ROLE app",
            "CREATE SCHEMA \"My App\"",
            "GRANT USAGE ON SCHEMA \"My App\" TO app",
            "CREATE TABLE \"My App\".a (id int PRIMARY KEY, t text)",
            "CREATE TABLE b (id int PRIMARY KEY)",
            "ALTER TABLE \"My App\".a OWNER TO app",
            "ALTER TABLE b OWNER TO app",
            "INSERT INTO \"My App\".a VALUES (1, 'one')",
            "INSERT INTO b VALUES (1), (2)");
    destination()
        .execute(
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
            "CREATE SCHEMA vault",
            "CREATE TABLE vault.a (id int PRIMARY KEY, t text)");
  }

  private MirrorBuilder mirror() {
    return refusals
        .mirror(
            Peer.of("source", source().url(), "Reader", Refusals.PASSWORD),
            Peer.of("destination", destination().url(), "writer", Refusals.PASSWORD))
        .table(TableMapping.from("\"My App\".a").to("vault.a"))
        .table("public.b");
  }

  private MirrorPlan plan() {
    return mirror().build().plan();
  }

  /** The SQL at the end of a cure. */
  private static List<String> sql(Finding error) {
    Matcher matcher = SQL.matcher(error.cure());
    assertThat(matcher.find()).as("SQL in the cure of: %s", error).isTrue();
    return List.of(matcher.group().split("; "));
  }

  private static List<String> sql(MirrorPlan plan) {
    List<String> statements = new ArrayList<>();
    plan.errors().forEach(error -> statements.addAll(sql(error)));
    return statements;
  }

  private static void administer(List<String> statements) {
    for (String statement : statements) {
      (statement.contains("\"Reader\"") ? source() : destination()).execute(statement);
    }
  }

  /** Does what the plan says until it says nothing more; nothing is said twice. */
  private void cure() {
    List<String> done = new ArrayList<>();
    MirrorPlan plan = plan();
    while (!plan.isPossible()) {
      List<String> statements = sql(plan);
      assertThat(done).doesNotContainAnyElementsOf(statements);
      administer(statements);
      done.addAll(statements);
      plan = plan();
    }
  }

  private void assertRuns() {
    try (MirrorHandle handle = mirror().build().start()) {
      handle.awaitCaughtUp(SOON);
      source().execute("INSERT INTO \"My App\".a VALUES (2, 'two')", "DELETE FROM b WHERE id = 1");
      handle.awaitCaughtUp(SOON);
      TableComparison.assertEqual(source(), "\"My App\".a", destination(), "vault.a");
      TableComparison.assertEqual(source(), "b", destination(), "b");
      handle.drop();
    }
  }

  @Test
  void everythingThatIsMissingIsToldAtOnce() {
    assertThat(sql(refusals.plan(mirror())))
        .contains(
            "ALTER ROLE \"Reader\" REPLICATION",
            "GRANT USAGE ON SCHEMA \"My App\" TO \"Reader\"",
            "GRANT SELECT ON \"My App\".\"a\" TO \"Reader\"",
            "GRANT SELECT ON \"public\".\"b\" TO \"Reader\"",
            "GRANT CREATE ON DATABASE \"" + source().name() + "\" TO \"Reader\"")
        .anyMatch(s -> s.startsWith("GRANT \"app\" TO \"Reader\""));
    cure();
    assertRuns();
  }

  @Test
  void eachRightThatIsTakenAwayIsAskedForAgain() {
    cure();
    source().execute("REVOKE SELECT ON b FROM app");
    missing(source(), "REVOKE SELECT ON b FROM \"Reader\"", "GRANT SELECT ON \"public\".\"b\"");
    missing(source(), "ALTER ROLE \"Reader\" NOREPLICATION", "ALTER ROLE \"Reader\" REPLICATION");
    missing(
        source(),
        "REVOKE CREATE ON DATABASE " + source().name() + " FROM \"Reader\"",
        "GRANT CREATE ON DATABASE \"" + source().name() + "\"");
    missing(source(), "REVOKE app FROM \"Reader\"", "GRANT \"app\" TO \"Reader\"");
    source().execute("REVOKE USAGE ON SCHEMA \"My App\" FROM app");
    missing(
        source(),
        "REVOKE USAGE ON SCHEMA \"My App\" FROM \"Reader\"",
        "GRANT USAGE ON SCHEMA \"My App\"");
    source().execute("ALTER TABLE b ENABLE ROW LEVEL SECURITY");
    missing(source(), "ALTER TABLE b FORCE ROW LEVEL SECURITY", "ALTER ROLE \"Reader\" BYPASSRLS");
    missing(
        destination(),
        "REVOKE SELECT, DELETE ON vault.a FROM writer",
        "GRANT SELECT, DELETE ON \"vault\".\"a\" TO \"writer\"");
    missing(
        destination(),
        "REVOKE INSERT, UPDATE, TRUNCATE ON vault.a FROM writer",
        "GRANT INSERT, UPDATE, TRUNCATE ON \"vault\".\"a\" TO \"writer\"");
    missing(
        destination(),
        "REVOKE USAGE ON SCHEMA vault FROM writer",
        "GRANT USAGE ON SCHEMA \"vault\" TO \"writer\"");
    missing(
        destination(),
        "REVOKE CREATE ON SCHEMA public FROM writer",
        "GRANT USAGE, CREATE ON SCHEMA \"public\" TO \"writer\"");
    missing(
        destination(),
        "REVOKE CREATE ON DATABASE " + destination().name() + " FROM writer",
        "GRANT CREATE ON DATABASE \"" + destination().name() + "\" TO \"writer\"");
    missing(
        destination(),
        "ALTER TABLE vault.a ENABLE ROW LEVEL SECURITY",
        "ALTER ROLE \"writer\" BYPASSRLS");
    if (destination().server().major() >= 15) {
      destination()
          .execute(
              "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'");
      missing(
          destination(),
          "CREATE TRIGGER t AFTER INSERT ON vault.a FOR EACH ROW EXECUTE FUNCTION f()",
          "GRANT SET ON PARAMETER session_replication_role TO \"writer\"");
    }
    assertRuns();
  }

  /** Takes a right away; the plan asks for it alone, and is possible again when it is given. */
  private void missing(TestDatabase side, String taking, String asked) {
    side.execute(taking);
    List<String> statements = sql(plan());
    assertThat(statements).as(taking).hasSize(1).first().asString().startsWith(asked);
    administer(statements);
    assertThat(plan().errors()).as("after %s", statements).isEmpty();
  }

  @Test
  void roleOfPreparedStoreTablesIsToldItsGrants() {
    cure();
    destination()
        .execute(
            "REVOKE CREATE ON DATABASE " + destination().name() + " FROM writer",
            "CREATE SCHEMA bunny");
    assertThat(sql(plan())).containsExactly("GRANT USAGE, CREATE ON SCHEMA bunny TO \"writer\"");
    destination().execute("DROP SCHEMA bunny", JdbcCheckpointStore.ddl());
    assertThat(sql(plan()))
        .containsExactly(
            "GRANT USAGE ON SCHEMA bunny TO \"writer\"",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON bunny.checkpoint, bunny.table_checkpoint TO"
                + " \"writer\"");
    cure();
    assertRuns();
  }

  @Test
  void tableOfASuperuserChangesHands() {
    source().execute("ALTER TABLE b OWNER TO " + source().user());
    assertThat(sql(plan())).contains("ALTER TABLE \"public\".\"b\" OWNER TO \"Reader\"");
    cure();
    assertRuns();
  }

  @Test
  void administratorOfAServiceIsBelievedOnlyWhatTheServerAccepts() {
    cure();
    destination()
        .execute(
            "CREATE ROLE rds_superuser",
            "GRANT rds_superuser TO writer",
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
            "CREATE TRIGGER t AFTER INSERT ON vault.a FOR EACH ROW EXECUTE FUNCTION f()");
    assertThat(plan().errors())
        .singleElement()
        .asString()
        .contains("has triggers, rules or foreign keys", "session_replication_role");
  }

  @Test
  void roleOfAServiceIsGivenItsRole() {
    source().execute("CREATE ROLE rds_replication");
    assertThat(sql(plan())).contains("GRANT rds_replication TO \"Reader\"");
  }
}
