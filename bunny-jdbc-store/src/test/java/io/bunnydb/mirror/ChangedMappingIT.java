package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.mappings;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.PreflightException;
import io.bunnydb.TableMapping;
import io.bunnydb.TableStatus;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.SidesDiffer;
import io.bunnydb.testing.TableComparison;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tables that leave a mirror, come again or change their mapping, and lists that are refused. */
final class ChangedMappingIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  @BeforeEach
  void createTables() {
    for (String table : new String[] {"a", "b"}) {
      databases
          .source()
          .execute(
              "CREATE TABLE " + table + " (id bigserial PRIMARY KEY, t text, secret text)",
              "INSERT INTO "
                  + table
                  + " (t, secret)"
                  + " SELECT 'old', 'hidden' FROM generate_series(1, 100)");
    }
  }

  private static void write() {
    for (String table : new String[] {"a", "b"}) {
      databases
          .source()
          .execute(
              "INSERT INTO " + table + " (t, secret) VALUES ('new', 'hidden')",
              "UPDATE " + table + " SET t = t || '+' WHERE id % 7 = 0",
              "DELETE FROM " + table + " WHERE id = (SELECT min(id) FROM " + table + ")");
    }
  }

  private static void change(MirrorHandle handle, TableMapping... tables) {
    handle.pause();
    write();
    handle.updateTables(tables);
    write();
    handle.resume();
    write();
    handle.awaitCaughtUp(SOON);
  }

  private static void assertSame(String sourceQuery, String destinationQuery) {
    TableComparison.assertQueriesEqual(
        databases.source(), sourceQuery, databases.destination(), destinationQuery);
  }

  @Test
  @SidesDiffer(value = "removed", tables = "public.a")
  void removedTableStopsAndKeepsItsRows() {
    try (MirrorHandle handle = running(mirror(databases, "public.a", "public.b"))) {
      List<String> before = databases.destination().queryStrings("SELECT a::text FROM a");
      change(handle, mappings("public.b"));
      assertThat(databases.destination().queryStrings("SELECT a::text FROM a")).isEqualTo(before);
      databases.assertMirrored("public.b");
      assertThat(
              databases
                  .source()
                  .queryStrings(
                      "SELECT tablename FROM pg_publication_tables"
                          + " WHERE pubname = 'bunny_pub_operated'"))
          .containsExactly("b");
      handle.drop();
    }
  }

  @Test
  void removedTableIsAddedAgain() {
    try (MirrorHandle handle = running(mirror(databases, "public.a", "public.b"))) {
      change(handle, mappings("public.b"));
      handle.pause();
      assertThatThrownBy(() -> handle.updateTables(mappings("public.a", "public.b")))
          .isInstanceOf(PreflightException.class)
          .hasMessageContaining("public.a")
          .hasMessageContaining("empty it");
      databases.destination().execute("TRUNCATE a");
      change(handle, mappings("public.a", "public.b"));
      databases.assertMirrored("public.a", "public.b");
      handle.drop();
    }
  }

  @Test
  @SidesDiffer(value = "filtered", tables = "public.a")
  void otherFilterCopiesAnew() {
    try (MirrorHandle handle = running(mirror(databases, "public.a", "public.b"))) {
      change(handle, TableMapping.from("public.a").where("id > 50"), TableMapping.from("public.b"));
      assertSame("SELECT * FROM a WHERE id > 50", "SELECT * FROM a");
      change(handle, TableMapping.from("public.a").where("id > 20"), TableMapping.from("public.b"));
      assertSame("SELECT * FROM a WHERE id > 20", "SELECT * FROM a");
      change(handle, mappings("public.a", "public.b"));
      databases.assertMirrored("public.a", "public.b");
      handle.drop();
    }
  }

  @Test
  @SidesDiffer(value = "narrowed", tables = "public.a")
  void otherExcludedColumnsCopyAnew() {
    try (MirrorHandle handle = running(mirror(databases, "public.a", "public.b"))) {
      change(
          handle,
          TableMapping.from("public.a").excludeColumns("secret"),
          TableMapping.from("public.b"));
      assertSame("SELECT id, t, NULL::text FROM a", "SELECT * FROM a");
      databases.assertMirrored("public.b");
      change(handle, mappings("public.a", "public.b"));
      databases.assertMirrored("public.a");
      handle.drop();
    }
  }

  @Test
  @SidesDiffer("the destination is changed by hand, to show that nothing is copied again")
  void otherPartitionKeyCopiesNothing() {
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      handle.pause();
      databases.destination().execute("UPDATE a SET t = 'untouched'");
      handle.updateTables(TableMapping.from("public.a").partitionKey("id"));
      handle.resume();
      handle.awaitCaughtUp(SOON);
      assertThat(databases.destination().queryLong("SELECT count(*) FROM a WHERE t = 'untouched'"))
          .isEqualTo(100);
      handle.drop();
    }
  }

  @Test
  @SidesDiffer(value = "goes elsewhere", tables = "public.a")
  void otherDestinationCopiesThereAndKeepsTheOldRows() {
    try (MirrorHandle handle = running(mirror(databases, "public.a", "public.b"))) {
      List<String> before = databases.destination().queryStrings("SELECT a::text FROM a");
      change(handle, TableMapping.from("public.b"), TableMapping.from("public.a").to("other.a"));
      assertSame("SELECT * FROM a", "SELECT * FROM other.a");
      assertThat(databases.destination().queryStrings("SELECT a::text FROM a")).isEqualTo(before);
      databases.assertMirrored("public.b");
      handle.drop();
    }
  }

  @Test
  void refusedListsChangeNothing() {
    databases
        .destination()
        .execute("CREATE TABLE b (id bigint, t text, secret text)", "INSERT INTO b VALUES (1)");
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      assertRefused(
          PreflightException.class,
          () -> handle.updateTables(mappings("public.a", "public.b")),
          "public.b holds rows already");
      assertThat(handle.status().state()).isEqualTo(MirrorState.RUNNING);
      handle.pause();
      List<TableStatus> before = handle.status().tables();
      assertRefused(IllegalArgumentException.class, () -> handle.updateTables(), "has no table");
      assertRefused(
          IllegalArgumentException.class,
          () -> handle.updateTables(mappings("public.a", "public.a")),
          "maps table public.a twice");
      assertRefused(
          IllegalArgumentException.class,
          () ->
              handle.updateTables(
                  TableMapping.from("public.a"), TableMapping.from("public.b").to("public.a")),
          "two tables to destination table public.a");
      assertRefused(
          PreflightException.class,
          () -> handle.updateTables(mappings("public.a", "public.none")),
          "the source has no table public.none",
          "check schema and spelling");
      assertRefused(
          PreflightException.class,
          () -> handle.updateTables(mappings("public.a", "public.b")),
          "public.b holds rows already",
          "empty it");
      assertRefused(
          PreflightException.class,
          () -> handle.updateTables(TableMapping.from("public.a").where("no_such_column > 1")),
          "column \"no_such_column\" does not exist",
          "mend the row filter");
      assertThat(handle.status().tables()).isEqualTo(before);
      assertThat(handle.status().state()).isEqualTo(MirrorState.PAUSED);
      handle.close();
    }
    write();
    try (MirrorHandle handle = mirror(databases, "public.a").build().start()) {
      handle.resume();
      handle.awaitCaughtUp(SOON);
      assertThat(handle.status().tables()).hasSize(1);
      databases.destination().execute("DROP TABLE b");
      databases.assertMirrored("public.a");
      handle.drop();
    }
  }

  private static void assertRefused(
      Class<? extends RuntimeException> type, ThrowingCallable update, String... told) {
    assertThatThrownBy(update)
        .isExactlyInstanceOf(type)
        .hasMessageContaining("'operated'")
        .hasMessageContainingAll(told);
  }
}
