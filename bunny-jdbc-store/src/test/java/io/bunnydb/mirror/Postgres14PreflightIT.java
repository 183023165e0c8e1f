package io.bunnydb.mirror;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.bunnydb.TableMapping;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.PostgresServer;
import io.bunnydb.testing.Side;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A PostgreSQL 14 source can keep neither columns nor rows back; who asks for it is refused. */
final class Postgres14PreflightIT {
  private static final Optional<PostgresServer> SOURCE = postgres14();

  @RegisterExtension
  static final MirrorDatabases databases =
      SOURCE
          .map(source -> MirrorDatabases.between(source, PostgresServer.shared(Side.DESTINATION)))
          .orElseGet(MirrorDatabases::new);

  private final Refusals refusals = new Refusals(databases);

  private static Optional<PostgresServer> postgres14() {
    try {
      return Optional.of(PostgresServer.shared(Side.SOURCE, 14));
    } catch (IllegalStateException noBinaries) {
      return Optional.empty();
    }
  }

  @BeforeEach
  void makeTable() {
    assumeTrue(SOURCE.isPresent(), "no binaries of PostgreSQL 14; run with -Dpostgres.all");
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY, secret text)", "INSERT INTO a VALUES (1, 'x')");
  }

  @Test
  void refusesExcludedColumns() {
    assertThat(
            refusals.problem(
                refusals.mirror().table(TableMapping.from("public.a").excludeColumns("secret"))))
        .isEqualTo(
            "table public.a: PostgreSQL 14 cannot keep excluded columns on the source; use 15 or"
                + " later");
  }

  @Test
  void refusesRowFilter() {
    assertThat(
            refusals.problem(
                refusals.mirror().table(TableMapping.from("public.a").where("id > 10"))))
        .isEqualTo("table public.a: PostgreSQL 14 has no row filters; use 15 or later");
  }

  @Test
  void refusesFailoverSlot() {
    assertThat(refusals.problem(refusals.mirror().table("public.a").failoverSlot(true)))
        .isEqualTo(
            "the source is PostgreSQL 14, and slots that its standbys keep in step with come with"
                + " 17; leave failoverSlot(true) out");
  }

  @Test
  void refusesBothUnderGivenPublicationToo() {
    databases.source().execute("CREATE PUBLICATION given FOR TABLE a");
    try {
      assertThat(
              refusals.problems(
                  refusals
                      .mirror()
                      .table(TableMapping.from("public.a").where("id > 1").excludeColumns("secret"))
                      .publication("given")))
          .anySatisfy(p -> assertThat(p).contains("cannot keep excluded columns"))
          .anySatisfy(p -> assertThat(p).contains("no row filters"));
    } finally {
      databases.source().execute("DROP PUBLICATION given");
    }
  }

  @Test
  void runsWithoutEither() {
    refusals.runs(refusals.mirror().table("public.a"));
    databases.assertMirrored("public.a");
  }
}
