package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.bunnydb.ExistingRowPolicy;
import io.bunnydb.Finding;
import io.bunnydb.Mirror;
import io.bunnydb.MirrorBuilder;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorPlan;
import io.bunnydb.MirrorState;
import io.bunnydb.Peer;
import io.bunnydb.PreflightException;
import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.TestDatabase;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A plan says what a start will find and do, and does none of it. */
final class PlanIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private static final Pattern CHANGES = Pattern.compile("(?s)(CREATE|ALTER|COMMENT|DROP) .*");

  private final Refusals refusals = new Refusals(databases);

  private static TestDatabase source() {
    return databases.source();
  }

  private static TestDatabase destination() {
    return databases.destination();
  }

  private static MirrorBuilder mirror(String... tables) {
    return Operated.mirror(databases, tables);
  }

  private static Peer logging(Peer peer, TestDatabase database) {
    return Peer.of(peer.name(), ServerLog.urlOf(database), peer.user(), peer.password());
  }

  private static void makeShop() {
    source()
        .execute(
            "CREATE SCHEMA \"My App\"",
            "CREATE TABLE \"My App\".\"Order\" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
                + " total numeric(10,2) NOT NULL DEFAULT 1.5, twice numeric GENERATED ALWAYS AS"
                + " (total * 2) STORED, code text UNIQUE)",
            "CREATE INDEX by_total ON \"My App\".\"Order\" (total DESC) WHERE total > 10",
            "INSERT INTO \"My App\".\"Order\" (total, code) SELECT n, n FROM generate_series(1, 50) n",
            "CREATE TABLE log (n int, at timestamptz DEFAULT now())",
            "ALTER TABLE log REPLICA IDENTITY FULL",
            "INSERT INTO log VALUES (1), (1)",
            "CREATE TABLE users (id int PRIMARY KEY, name text)",
            "INSERT INTO users VALUES (1, 'ann')");
  }

  private static MirrorBuilder shop() {
    return mirror("public.log", "public.users")
        .table(TableMapping.from("\"My App\".\"Order\"").to("\"Their \"\"App\".\"Order\""));
  }

  @Test
  void plansWhatTheStartThenRuns() {
    makeShop();
    // One table after the other, so that the order is certain.
    MirrorBuilder builder =
        shop()
            .snapshotTablesInParallel(1)
            .snapshotMaxParallelWorkers(1)
            .source(logging(source().peer(), source()))
            .destination(logging(destination().peer(), destination()));
    MirrorPlan plan = builder.build().plan();
    assertThat(plan.errors()).isEmpty();
    assertThat(plan.isNew()).isTrue();
    ServerLog onSource = new ServerLog(source(), "operated");
    ServerLog onDestination = new ServerLog(destination(), "operated");
    try (MirrorHandle handle = builder.build().start()) {
      handle.awaitState(MirrorState.RUNNING, SOON);
      assertPlanned(plan.sourceStatements(), onSource);
      assertPlanned(plan.destinationStatements(), onDestination);
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.log", "public.users");
      handle.drop();
    }
    assertThat(plan.sourceStatements()).hasSize(2);
    assertThat(plan.destinationStatements())
        .contains("CREATE SCHEMA bunny", "CREATE SCHEMA \"Their \"\"App\"")
        .anyMatch(s -> s.startsWith("CREATE TABLE bunny.checkpoint"))
        .anyMatch(s -> s.matches("CREATE INDEX \"by_total\" ON .*Order.*"))
        .last()
        .isEqualTo("COMMENT ON TABLE \"Their \"\"App\".\"Order\" IS NULL");
  }

  /** The trial of a start runs the same before; what counts is what it ran in the end. */
  private static void assertPlanned(List<String> planned, ServerLog log) {
    List<String> ran = log.statements();
    assertThat(planned).isNotEmpty();
    assertThat(ran).containsAll(planned);
    List<Integer> places = new ArrayList<>();
    planned.forEach(statement -> places.add(ran.lastIndexOf(statement)));
    assertThat(places).as("order of %s", planned).isSorted();
    List<String> unplanned =
        ran.stream()
            .filter(statement -> CHANGES.matcher(statement).matches())
            .filter(statement -> !planned.contains(statement))
            .toList();
    assertThat(unplanned).isEmpty();
  }

  @Test
  void changesNothingAndLeavesNoConnection() {
    makeShop();
    MirrorPlan plan = refusals.plan(shop());
    assertThat(plan.isPossible()).isTrue();
    assertThat(refusals.plan(shop())).isEqualTo(plan);
    for (TestDatabase side : List.of(source(), destination())) {
      Await.value(
          SOON,
          "no session is left",
          () ->
              side.queryStrings(
                  "SELECT application_name FROM pg_stat_activity"
                      + " WHERE application_name LIKE 'bunny%'"),
          List::isEmpty);
    }
  }

  @Test
  void errorsAreTheProblemsOfTheStart() {
    makeShop();
    source().execute("CREATE TABLE keyless (n int)");
    destination()
        .execute("CREATE TABLE users (id smallint PRIMARY KEY)", "INSERT INTO users VALUES (1)");
    Mirror mirror =
        shop().table("public.keyless").table("public.gone").slot("no_such_slot").build();
    MirrorPlan plan = mirror.plan();
    assertThat(plan.errors())
        .extracting(Finding::table)
        .containsExactly(
            null,
            TableName.parse("public.users"),
            TableName.parse("public.users"),
            TableName.parse("public.users"),
            TableName.parse("public.keyless"),
            TableName.parse("public.gone"));
    assertThat(catchThrowable(mirror::start))
        .isInstanceOfSatisfying(
            PreflightException.class,
            refusal ->
                assertThat(refusal.problems())
                    .isEqualTo(plan.errors().stream().map(Finding::toString).toList()));
    destination().execute("DROP TABLE users");
  }

  @Test
  void estimatesWhatIsToBeCopied() {
    source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY, t text)",
            "INSERT INTO a SELECT n, repeat('x', 100) FROM generate_series(1, 1000) n",
            "CREATE TABLE p (id int PRIMARY KEY) PARTITION BY RANGE (id)",
            "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100)",
            "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (200)",
            "INSERT INTO p SELECT generate_series(0, 199)",
            "ANALYZE a",
            "ANALYZE p1",
            "ANALYZE p2",
            "CREATE TABLE fresh (id int PRIMARY KEY)");
    MirrorPlan plan = mirror("public.a", "public.p").build().plan();
    assertThat(plan.rowsToCopy()).isEqualTo(1200);
    assertThat(plan.bytesToCopy())
        .isEqualTo(
            source()
                .queryLong(
                    "SELECT pg_table_size('a') + pg_table_size('p1') + pg_table_size('p2')"));
    assertThat(mirror("public.a").initialSnapshot(false).build().plan().rowsToCopy()).isZero();
    assertThat(mirror("public.fresh").build().plan().notes())
        .anySatisfy(
            note -> {
              assertThat(note.what()).contains("rows of table public.fresh were never counted");
              assertThat(note.cure()).isEqualTo("ANALYZE \"public\".\"fresh\"");
            });
  }

  @Test
  void tellsHowAKnownMirrorStandsAndLeavesItAlone() {
    makeShop();
    Mirror mirror = mirror("public.users").build();
    try (MirrorHandle handle = Operated.running(mirror("public.users"))) {
      MirrorPlan plan = mirror.plan();
      assertThat(plan.isNew()).isFalse();
      assertThat(plan.errors()).isEmpty();
      assertThat(plan.sourceStatements()).isEmpty();
      assertThat(plan.destinationStatements()).isEmpty();
      assertThat(plan.notes().get(0).what())
          .matches("it goes on from [0-9A-F]+/[0-9A-F]+ with the tables public.users");
      assertThat(handle.status().state()).isEqualTo(MirrorState.RUNNING);
      assertThat(handle.status().error()).isNull();
      source().execute("INSERT INTO users VALUES (2, 'bob')");
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.users");
      handle.pause();
      List<@Nullable String> before = Refusals.footprint(destination());
      assertThat(mirror("public.log").build().plan().notes())
          .extracting(Finding::what)
          .contains(
              "it is paused", "the builder names other tables than the checkpoint, which counts");
      assertThat(Refusals.footprint(destination())).isEqualTo(before);
      destination().execute("ALTER TABLE bunny.checkpoint DROP COLUMN paused_since");
      MirrorPlan ofAnEarlierVersion = mirror.plan();
      assertThat(ofAnEarlierVersion.errors()).isEmpty();
      assertThat(ofAnEarlierVersion.destinationStatements())
          .anyMatch(s -> s.startsWith("ALTER TABLE bunny.checkpoint"));
      handle.updateTables(Operated.mappings("public.users", "public.log"));
      MirrorPlan withAnother = mirror.plan();
      assertThat(withAnother.notes().get(0).what()).contains("public.log (to be copied)");
      assertThat(withAnother.destinationStatements())
          .anyMatch(s -> s.startsWith("CREATE TABLE \"public\".\"log\""));
      assertThat(mirror("public.users").slot("other").build().plan().errors())
          .extracting(Finding::cure)
          .containsExactly("name these in slot(...) and publication(...)");
      Operated.loseSlot(source());
      assertThat(mirror.plan().errors())
          .extracting(Finding::what)
          .containsExactly(
              "replication slot bunny_operated was not found on the source: it was dropped, or the"
                  + " source was rebuilt");
      handle.drop();
    }
  }

  @Test
  void warnsOfWhatIsSlowOrCanGoWrong() {
    source()
        .execute(
            "CREATE TABLE keyless (n int, tags text[])",
            "ALTER TABLE keyless REPLICA IDENTITY FULL",
            "CREATE TABLE a (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, d int,"
                + " g int GENERATED ALWAYS AS (d + 1) STORED)",
            "CREATE FUNCTION twice(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 * 2'",
            "CREATE INDEX by_twice ON a (twice(d))",
            "CREATE TABLE b (id int PRIMARY KEY)");
    destination()
        .execute(
            "CREATE UNLOGGED TABLE b (id int PRIMARY KEY)",
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
            "CREATE TRIGGER loud AFTER INSERT ON b FOR EACH ROW EXECUTE FUNCTION f()",
            "ALTER TABLE b ENABLE ALWAYS TRIGGER loud");
    MirrorPlan plan = refusals.plan(mirror("public.keyless", "public.a", "public.b"));
    assertThat(plan.errors()).isEmpty();
    assertThat(plan.warnings())
        .extracting(Finding::toString)
        .satisfiesExactly(
            w ->
                assertThat(w)
                    .contains("public.keyless has no key", "reads all of it; add a primary key"),
            w -> assertThat(w).contains("public.a does without index by_twice", "twice"),
            w -> assertThat(w).contains("public.b has triggers that fire", "loud"),
            w -> assertThat(w).contains("unlogged", "ALTER TABLE \"public\".\"b\" SET LOGGED"));
    assertThat(plan.notes())
        .extracting(Finding::what)
        .anySatisfy(n -> assertThat(n).contains("public.keyless", "come as text: tags"))
        .anySatisfy(
            n -> assertThat(n).contains("public.a", "GENERATED BY DEFAULT").endsWith(": id"))
        .anySatisfy(n -> assertThat(n).contains("public.a", "computed").endsWith(": g"))
        .anySatisfy(n -> assertThat(n).contains("keeps its log without limit"));
    assertThat(plan.destinationStatements()).noneMatch(s -> s.contains("by_twice"));
  }

  @Test
  void keyThatTheDestinationLacksIsWarnedOfOrRefused() {
    source().execute("CREATE TABLE a (id int PRIMARY KEY)");
    destination().execute("CREATE TABLE a (id int)");
    assertThat(refusals.plan(mirror("public.a")).warnings())
        .extracting(Finding::cure)
        .containsExactly("add a primary key, or a unique index over id");
    assertThat(
            refusals.plan(mirror("public.a").onExistingRow(ExistingRowPolicy.OVERWRITE)).errors())
        .hasSize(1);
  }

  @Test
  void warnsOfAnotherEncoding() {
    source().execute("CREATE TABLE a (id int PRIMARY KEY)");
    destination().recreate("LATIN1");
    assertThat(mirror("public.a").build().plan().warnings())
        .extracting(Finding::what)
        .anySatisfy(w -> assertThat(w).contains("encoding is LATIN1", "UTF8"));
  }

  @Test
  void tellsWhatAPauseCosts() {
    source().execute("CREATE TABLE a (id int PRIMARY KEY)");
    boolean hasIdleTimeout = source().server().major() >= 18;
    if (hasIdleTimeout) {
      source().execute("ALTER SYSTEM SET idle_replication_slot_timeout = '3h'");
    }
    source()
        .execute(
            "ALTER SYSTEM SET max_slot_wal_keep_size = '7GB'",
            "ALTER SYSTEM SET wal_sender_timeout = '2s'",
            "SELECT pg_reload_conf()");
    try {
      MirrorPlan plan =
          Await.value(
              SOON,
              "the settings are read",
              () -> mirror("public.a").build().plan(),
              p -> p.warnings().size() == (hasIdleTimeout ? 2 : 1));
      assertThat(plan.notes())
          .extracting(Finding::what)
          .anySatisfy(n -> assertThat(n).contains("at most 7GB of its log"));
      assertThat(plan.warnings())
          .extracting(Finding::toString)
          .anySatisfy(
              w -> assertThat(w).contains("silent for 2s", "ALTER SYSTEM SET wal_sender_timeout"))
          .allSatisfy(w -> assertThat(w).containsPattern("silent for 2s|a pause of 3h loses"));
    } finally {
      source().execute("ALTER SYSTEM RESET ALL", "SELECT pg_reload_conf()");
    }
  }
}
