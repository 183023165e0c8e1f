package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.bunnydb.MirrorHandle;
import io.bunnydb.TableMapping;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.SidesDiffer;
import io.bunnydb.testing.TestDatabase;
import io.bunnydb.testing.Workload;
import java.sql.Statement;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Check constraints follow the tables that Bunny makes. */
final class CheckConstraintsIT {
  private static final String CHECKS =
      "SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint"
          + " WHERE conrelid = ?::regclass AND contype = 'c' ORDER BY 1";

  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private static List<@Nullable String> checks(TestDatabase database) {
    return database.queryStrings(CHECKS, "a");
  }

  private static void awaitChecks(List<@Nullable String> expected) {
    Await.until(
        SOON, "the checks are there", () -> checks(databases.destination()).equals(expected));
  }

  @Test
  void followTheirTableWhileChangesFlow() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY, n int CHECK (n > 0), t text,"
                + " CONSTRAINT \"Odd \"\"one\" CHECK (t <> 'it''s' OR n < id + 10000),"
                + " CONSTRAINT alone CHECK (length(t) < 99) NO INHERIT)",
            "INSERT INTO a SELECT i, i, 'x' FROM generate_series(1, 500) i");
    if (Math.min(databases.source().server().major(), databases.destination().server().major())
        >= 18) {
      databases.source().execute("ALTER TABLE a ADD CONSTRAINT loose CHECK (n < 0) NOT ENFORCED");
    }
    try (Workload writes =
            Workload.start(
                databases.source(),
                (connection, random) -> {
                  try (Statement statement = connection.createStatement()) {
                    statement.execute(
                        "UPDATE a SET n = n + 1 WHERE id = " + (1 + random.nextInt(500)));
                  }
                });
        MirrorHandle handle = running(mirror(databases, "public.a"))) {
      awaitChecks(checks(databases.source()));
      writes.close();
      handle.awaitCaughtUp(SOON);
      databases.assertMirrored("public.a");
      assertThat(handle.planSchema()).isEmpty();
      handle.drop();
    }
  }

  @Test
  @SidesDiffer("columns are excluded")
  void whatCannotBeThereIsToldOf() {
    assumeTrue(databases.source().server().major() >= 15, "PostgreSQL 14 excludes no columns");
    databases
        .source()
        .execute(
            "CREATE FUNCTION fine(int) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT true'",
            "CREATE TABLE a (id int PRIMARY KEY, n int, secret int, day date, at timestamptz,"
                + " CONSTRAINT by_function CHECK (fine(n)), CONSTRAINT timely CHECK (at <= now()),"
                + " CONSTRAINT daily CHECK (CURRENT_DATE > day), CONSTRAINT zoned CHECK (day < at),"
                + " CONSTRAINT hidden CHECK (secret > n),"
                + " CONSTRAINT whole CHECK (a.* IS DISTINCT FROM NULL), CONSTRAINT kept CHECK (n > 0))",
            "INSERT INTO a VALUES (1, 1, 2)",
            "ALTER TABLE a ADD CONSTRAINT later CHECK (n > 1) NOT VALID");
    try (Overheard log = new Overheard();
        MirrorHandle handle =
            running(
                mirror(databases).table(TableMapping.from("public.a").excludeColumns("secret")))) {
      awaitChecks(List.of("kept CHECK ((n > 0))"));
      for (String told :
          List.of(
              "by_function of public.a is not made on the destination: it uses fine",
              "timely of public.a is not made on the destination: it uses now",
              "daily of public.a is not made on the destination: it uses sqlvaluefunction",
              "zoned of public.a is not made on the destination: it uses date_lt_timestamptz",
              "hidden of public.a is not made on the destination: it uses what is excluded: secret",
              "whole of public.a is not made on the destination: it looks at whole rows",
              "later of public.a is not made on the destination: it is not valid")) {
        assertThat(log.text()).contains("constraint " + told);
      }
      assertThat(handle.planSchema()).isEmpty();
      handle.drop();
    }
  }

  /** One whose building has failed is there, and may have doubles. */
  @Test
  @SidesDiffer("nothing is mirrored")
  void indexThatIsHalfBuiltIsNotTakenForAKey() {
    databases
        .source()
        .execute("CREATE TABLE a (id int PRIMARY KEY)", "INSERT INTO a VALUES (1), (2)");
    databases.destination().execute("CREATE TABLE a (id int)", "INSERT INTO a VALUES (3), (3)");
    assertThat(catchFailure("CREATE UNIQUE INDEX CONCURRENTLY half ON a (id)")).contains("23505");
    databases.destination().execute("DELETE FROM a");
    assertThat(mirror(databases, "public.a").build().plan().warnings())
        .anyMatch(warning -> warning.what().contains("has no key by which rows are found"));
  }

  private static String catchFailure(String sql) {
    try (java.sql.Connection connection = databases.destination().connection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
      return "";
    } catch (java.sql.SQLException e) {
      return String.valueOf(e.getSQLState());
    }
  }
}
