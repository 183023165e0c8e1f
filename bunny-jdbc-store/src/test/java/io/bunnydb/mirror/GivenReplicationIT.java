package io.bunnydb.mirror;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.bunnydb.MirrorBuilder;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.TableMapping;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.LeavesReplication;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.TestDatabase;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An administrator's publication and slot are checked, used, and left as they are. */
@LeavesReplication("they are the administrator's")
final class GivenReplicationIT {
  private static final Duration SOON = Duration.ofSeconds(60);

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private final Refusals refusals = new Refusals(databases);

  @BeforeEach
  void makeTable() {
    source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY, t text, secret text)",
            "INSERT INTO a VALUES (1, 'one', 'x')");
  }

  private static TestDatabase source() {
    return databases.source();
  }

  private static void assumeColumnListsAndFilters() {
    assumeTrue(source().server().major() >= 15, "PostgreSQL 14 has neither");
  }

  /** What an administrator would see changed. */
  private static List<@Nullable String> given() {
    return source()
        .queryStrings(
            """
            SELECT p::text FROM pg_publication p
            UNION ALL SELECT r::text FROM pg_publication_rel r
            UNION ALL SELECT format('%s %s %s', slot_name, plugin, database)
                      FROM pg_replication_slots ORDER BY 1
            """);
  }

  /** Makes a publication and starts a mirror of table a with it. */
  private String problemWith(String createPublication, TableMapping mapping) {
    source().execute(createPublication);
    return refusals.problem(refusals.mirror().table(mapping).publication("given"));
  }

  private static void makeSlot(String plugin) {
    source().execute("SELECT pg_create_logical_replication_slot('given_slot', '" + plugin + "')");
  }

  @Test
  void usesBothAndKeepsThem() {
    source().execute("CREATE PUBLICATION given FOR TABLE a");
    makeSlot("pgoutput");
    List<@Nullable String> before = given();
    source().execute("INSERT INTO a VALUES (2, 'two', 'y')");
    MirrorBuilder builder =
        refusals.mirror().table("public.a").publication("given").slot("given_slot");
    try (MirrorHandle handle = builder.build().start()) {
      handle.awaitState(MirrorState.RUNNING, SOON);
      assertThat(handle.status().slotName()).isEqualTo("given_slot");
      assertThat(handle.status().publicationName()).isEqualTo("given");
      assertThat(given()).isEqualTo(before);
      source().execute("INSERT INTO a VALUES (3, 'three', 'z')", "DELETE FROM a WHERE id = 1");
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      handle.drop();
    }
    Await.until(SOON, "the slot is free", () -> activeSlots() == 0);
    assertThat(given()).isEqualTo(before);
    assertThat(
            databases
                .destination()
                .queryLong("SELECT count(*) FROM pg_namespace WHERE nspname = 'bunny'"))
        .isZero();
  }

  private static long activeSlots() {
    return source().queryLong("SELECT count(*) FROM pg_replication_slots WHERE active");
  }

  @Test
  void usesSlotThatIsOlderThanBunnysPublication() {
    makeSlot("pgoutput");
    source().execute("INSERT INTO a VALUES (2, 'two', 'y')", "UPDATE a SET t = 'changed'");
    MirrorBuilder builder = refusals.mirror().table("public.a").slot("given_slot");
    try (MirrorHandle handle = builder.build().start()) {
      handle.awaitState(MirrorState.RUNNING, SOON);
      source().execute("INSERT INTO a VALUES (3, 'three', 'z')");
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      handle.drop();
    }
    assertThat(given()).containsExactly("given_slot pgoutput " + source().name());
  }

  @Test
  void refusesMissingPublication() {
    assertThat(refusals.problem(refusals.mirror().table("public.a").publication("absent")))
        .contains("no publication absent; make it, or leave publication(...) out");
  }

  @Test
  void refusesMissingSlot() {
    assertThat(refusals.problem(refusals.mirror().table("public.a").slot("absent")))
        .contains("no replication slot absent; make it, or leave slot(...) out");
  }

  @Test
  void refusesSlotOfAnotherPlugin() {
    makeSlot("test_decoding");
    assertThat(refusals.problem(refusals.mirror().table("public.a").slot("given_slot")))
        .contains("slot given_slot is not one of plugin pgoutput", "make another");
  }

  @Test
  void refusesPhysicalSlot() {
    source().execute("SELECT pg_create_physical_replication_slot('given_slot')");
    try {
      assertThat(refusals.problem(refusals.mirror().table("public.a").slot("given_slot")))
          .contains("slot given_slot is not one of plugin pgoutput");
    } finally {
      source().execute("SELECT pg_drop_replication_slot('given_slot')");
    }
  }

  @Test
  void refusesSlotOfAnotherDatabase() {
    String other = source().name() + "_other";
    source().server().createDatabase(other);
    try {
      source()
          .server()
          .execute(other, "SELECT pg_create_logical_replication_slot('given_slot', 'pgoutput')");
      assertThat(refusals.problem(refusals.mirror().table("public.a").slot("given_slot")))
          .contains("slot given_slot is not one of", "in database " + source().name());
    } finally {
      source().server().dropDatabase(other);
    }
  }

  @Test
  void refusesPublicationThatLacksTable() {
    source().execute("CREATE TABLE other (id int PRIMARY KEY)");
    assertThat(
            problemWith("CREATE PUBLICATION given FOR TABLE other", TableMapping.from("public.a")))
        .isEqualTo("publication given: table public.a is not in it; add it");
  }

  @Test
  void refusesPublicationThatLacksRootOfPartitions() {
    source()
        .execute(
            "CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id)",
            "CREATE TABLE low PARTITION OF parted FOR VALUES FROM (0) TO (10)");
    assertThat(
            problemWith(
                "CREATE PUBLICATION given FOR TABLE parted", TableMapping.from("public.parted")))
        .contains("publication given: table public.parted", "publish_via_partition_root");
  }

  @Test
  void refusesPublicationWithoutDeletes() {
    assertThat(
            problemWith(
                "CREATE PUBLICATION given FOR TABLE a WITH (publish = 'insert, update, truncate')",
                TableMapping.from("public.a")))
        .contains("publication given does not publish insert, update, delete", "alter it");
  }

  @Test
  void refusesPublicationThatLacksColumn() {
    assumeColumnListsAndFilters();
    assertThat(
            problemWith(
                "CREATE PUBLICATION given FOR TABLE a (id, t)", TableMapping.from("public.a")))
        .isEqualTo("publication given: table public.a lacks secret; add it, or exclude it");
  }

  @Test
  void refusesPublicationThatSendsExcludedColumn() {
    assumeColumnListsAndFilters();
    assertThat(
            problemWith(
                "CREATE PUBLICATION given FOR TABLE a",
                TableMapping.from("public.a").excludeColumns("secret")))
        .contains("table public.a sends the excluded secret; give it a column list");
  }

  @Test
  void refusesPublicationWithFilter() {
    assumeColumnListsAndFilters();
    assertThat(
            problemWith(
                "CREATE PUBLICATION given FOR TABLE a WHERE (id > 5)",
                TableMapping.from("public.a")))
        .contains("publication given: table public.a has a row filter, unlike the mapping");
  }

  @Test
  void refusesPublicationWithoutFilterOrWithAnother() {
    assumeColumnListsAndFilters();
    assertThat(
            problemWith(
                "CREATE PUBLICATION given FOR TABLE a",
                TableMapping.from("public.a").where("id > 5")))
        .contains("publication given: table public.a has no row filter, unlike the mapping");
    source().execute("DROP PUBLICATION given");
    assertThat(
            problemWith(
                "CREATE PUBLICATION given FOR TABLE a WHERE (id > 7)",
                TableMapping.from("public.a").where("id > 5")))
        .contains("publication given: table public.a has another row filter, (id > 7); make both");
  }

  @Test
  void usesPublicationWithTheMappingsColumnsAndFilter() {
    assumeColumnListsAndFilters();
    source().execute("CREATE PUBLICATION given FOR TABLE a (id, t) WHERE (id > 0)");
    List<@Nullable String> before = given();
    refusals.runs(
        refusals
            .mirror()
            .table(
                TableMapping.from("public.a").to("public.b").excludeColumns("secret").where("id>0"))
            .publication("given"));
    assertThat(given()).isEqualTo(before);
    assertThat(databases.destination().queryString("SELECT t FROM b WHERE id = 1"))
        .isEqualTo("one");
  }
}
