package io.bunnydb.mirror;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.bunnydb.Peer;
import io.bunnydb.TableMapping;
import io.bunnydb.jdbc.JdbcCheckpointStore;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.SidesDiffer;
import io.bunnydb.testing.TestDatabase;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.postgresql.ds.PGSimpleDataSource;

/** A start is refused, before anything is made, for destination tables that cannot take it. */
@SidesDiffer("a refused mirror brings nothing over")
final class DestinationTablePreflightIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private final Refusals refusals = new Refusals(databases);

  @BeforeEach
  void makeTable() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id bigint PRIMARY KEY, name varchar(20) NOT NULL, n numeric(10,2))",
            "INSERT INTO a VALUES (1, 'one', 1.5)");
  }

  private static TestDatabase destination() {
    return databases.destination();
  }

  /** The refusal of table a, into a destination table of these columns. */
  private String problemInto(String columns) {
    destination().execute("CREATE TABLE a (" + columns + ")");
    return refusals.problem(refusals.mirror().table("public.a"));
  }

  private String problemAs(Peer destination) {
    return refusals.problem(
        refusals.mirror(databases.source().peer(), destination).table("public.a"));
  }

  @Test
  void refusesTableWithRows() {
    destination()
        .execute(
            "CREATE TABLE a (id bigint PRIMARY KEY, name varchar(20), n numeric(10,2))",
            "INSERT INTO a VALUES (5, 'precious', 0)");
    assertThat(refusals.problem(refusals.mirror().table("public.a")))
        .contains("destination table public.a holds rows already; empty it");
    assertThat(destination().queryString("SELECT name FROM a")).isEqualTo("precious");
  }

  @Test
  void refusesMissingTableThatIsNotToBeCreated() {
    assertThat(
            refusals.problem(
                refusals
                    .mirror()
                    .table(TableMapping.from("public.a").to("sales.b"))
                    .createTables(false)))
        .isEqualTo("the destination has no table sales.b; create it, or allow createTables(true)");
  }

  @Test
  void refusesMissingColumn() {
    assertThat(problemInto("id bigint PRIMARY KEY, name varchar(20)"))
        .isEqualTo(
            "destination table public.a has no column n; add it (numeric(10,2)) or exclude it from"
                + " the mapping");
  }

  @Test
  void refusesNarrowerType() {
    assertThat(problemInto("id integer PRIMARY KEY, name varchar(20), n numeric(10,2)"))
        .contains("public.a has column id as integer", "does not hold every bigint", "alter");
  }

  @Test
  void refusesShorterTypeAndOtherType() {
    destination().execute("CREATE TABLE a (id bigint PRIMARY KEY, name varchar(19), n timestamp)");
    assertThat(refusals.problems(refusals.mirror().table("public.a")))
        .satisfiesExactly(
            p -> assertThat(p).contains("name as character varying(19)", "varying(20)"),
            p -> assertThat(p).contains("n as timestamp without time zone", "numeric(10,2)"));
  }

  @Test
  void refusesFurtherColumnThatNeedsValue() {
    assertThat(
            problemInto(
                "id bigint PRIMARY KEY, name varchar(20), n numeric(10,2), tenant int NOT NULL,"
                    + " free int, kept int NOT NULL DEFAULT 1"))
        .contains("public.a requires a value for column tenant", "default or drop NOT NULL");
  }

  @Test
  void refusesColumnThatTheDestinationComputes() {
    assertThat(
            problemInto(
                "id bigint PRIMARY KEY, name varchar(20),"
                    + " n numeric(10,2) GENERATED ALWAYS AS (id * 2.0) STORED"))
        .contains("public.a computes column n", "drop the expression");
  }

  @Test
  void refusesView() {
    destination().execute("CREATE VIEW a AS SELECT 1::bigint AS id");
    assertThat(refusals.problem(refusals.mirror().table("public.a")))
        .contains("destination table public.a is not a table; map public.a to a table");
  }

  @Test
  void refusesRoleThatMayNotWrite() {
    Peer role = refusals.role("destination", destination(), "reader", "");
    destination()
        .execute(
            "CREATE TABLE a (id bigint PRIMARY KEY, name varchar(20), n numeric(10,2))",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON a TO reader",
            "GRANT CREATE ON DATABASE " + destination().name() + " TO reader");
    assertThat(problemAs(role))
        .isEqualTo(
            "destination table public.a may not be written; GRANT TRUNCATE ON \"public\".\"a\" TO"
                + " \"reader\"");
  }

  @Test
  void refusesRoleThatMayNotUseSchema() {
    Peer role = refusals.role("destination", destination(), "outsider", "");
    destination()
        .execute(
            "CREATE SCHEMA vault",
            "CREATE TABLE vault.a (id bigint PRIMARY KEY, name varchar(20), n numeric(10,2))",
            "GRANT ALL ON vault.a TO outsider",
            "GRANT CREATE ON DATABASE " + destination().name() + " TO outsider");
    assertThat(
            refusals.problem(
                refusals
                    .mirror(databases.source().peer(), role)
                    .table(TableMapping.from("public.a").to("vault.a"))))
        .isEqualTo(
            "destination table vault.a is in a schema that may not be used; GRANT USAGE ON SCHEMA"
                + " \"vault\" TO \"outsider\"");
  }

  @Test
  void refusesRoleThatMayNotCreateTable() {
    Peer role = refusals.role("destination", destination(), "tenant", "");
    destination()
        .execute(
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
            "GRANT CREATE ON DATABASE " + destination().name() + " TO tenant");
    assertThat(problemAs(role))
        .contains(
            "destination table public.a cannot be created",
            "permission denied for schema public",
            "grant the right");
  }

  @Test
  void refusesRoleThatMayNotCreateSchema() {
    Peer role = refusals.role("destination", destination(), "visitor", "");
    destination().execute("GRANT ALL ON SCHEMA public TO visitor");
    String grant = ": GRANT CREATE ON DATABASE \"" + destination().name() + "\" TO \"visitor\"";
    assertThat(
            refusals.problems(
                refusals
                    .mirror(databases.source().peer(), role)
                    .table(TableMapping.from("public.a").to("sales.a"))))
        .satisfiesExactly(
            p ->
                assertThat(p)
                    .contains(
                        "destination table sales.a cannot be created",
                        "permission denied for database " + destination().name(),
                        "grant the right" + grant),
            p -> assertThat(p).startsWith("the checkpoint cannot be kept").endsWith(grant));
  }

  @Test
  void refusesTriggersThatTheRoleCannotSilence() {
    Peer role = refusals.role("destination", destination(), "owner_of_a", "");
    destination()
        .execute(
            "CREATE TABLE a (id bigint PRIMARY KEY, name varchar(20), n numeric(10,2))",
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
            "CREATE TRIGGER t AFTER INSERT ON a FOR EACH ROW EXECUTE FUNCTION f()",
            "ALTER TABLE a OWNER TO owner_of_a",
            "GRANT CREATE ON DATABASE " + destination().name() + " TO owner_of_a");
    assertThat(problemAs(role))
        .contains("public.a has triggers, rules or foreign keys", "session_replication_role");
  }

  @Test
  void refusesUserDefinedTypeThatTheDestinationLacks() {
    databases
        .source()
        .execute(
            "CREATE TYPE mood AS ENUM ('glad', 'sad')",
            "CREATE TABLE m (id int PRIMARY KEY, feels mood)");
    assertThat(refusals.problem(refusals.mirror().table("public.m")))
        .contains(
            "destination table public.m cannot be created",
            "type \"public.mood\" does not exist",
            "create it or what it needs by hand");
    assumeTrue(databases.source().server().major() >= 15, "PostgreSQL 14 keeps no columns back");
    refusals.runs(refusals.mirror().table(TableMapping.from("public.m").excludeColumns("feels")));
    assertThat(destination().queryLong("SELECT count(*) FROM m")).isZero();
  }

  @Test
  void refusesTableWithoutUniqueKeyUnderStoreElsewhere() {
    PGSimpleDataSource store = new PGSimpleDataSource();
    store.setUrl(databases.source().url());
    store.setUser(databases.source().user());
    store.setPassword(databases.source().password());
    destination().execute("CREATE TABLE a (id bigint, name varchar(20), n numeric(10,2))");
    assertThat(
            refusals.problem(
                refusals.mirror().table("public.a").checkpointStore(JdbcCheckpointStore.of(store))))
        .contains("public.a has no unique index over id", "outside the destination", "add one");
  }
}
