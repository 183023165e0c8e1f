package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static io.bunnydb.mirror.Operated.slots;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.MirrorException;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.TableMapping;
import io.bunnydb.testing.MirrorDatabases;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A drop that fails in its midst. */
final class DropIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  @BeforeEach
  void createTableAndRefuseDrops() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY)",
            "CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS"
                + " $$ BEGIN RAISE 'it stays'; END $$",
            "CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('DROP PUBLICATION')"
                + " EXECUTE FUNCTION refuse()");
  }

  private static void allowDrops() {
    databases.source().execute("DROP EVENT TRIGGER refuse");
  }

  private static void assertDropFails(MirrorHandle handle) {
    assertThatThrownBy(handle::drop)
        .isInstanceOf(MirrorException.class)
        .hasMessageContaining("it stays")
        .hasMessageContaining("publication bunny_pub_operated")
        .hasMessageContaining("its checkpoint")
        .hasMessageContaining("repeat drop()");
    assertThat(handle.status().state()).isEqualTo(MirrorState.TERMINATING);
  }

  private static void assertNothingIsLeft() {
    assertThat(slots(databases.source(), "true")).isZero();
    assertThat(databases.source().queryLong("SELECT count(*) FROM pg_publication")).isZero();
    assertThat(
            databases
                .destination()
                .queryLong("SELECT count(*) FROM pg_namespace WHERE nspname = 'bunny'"))
        .isZero();
  }

  @Test
  void failedDropRefusesEverythingElseAndCanBeRepeated() {
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      assertDropFails(handle);
      for (Runnable command :
          new Runnable[] {
            handle::pause,
            handle::resume,
            handle::retry,
            () -> handle.updateTables(TableMapping.from("public.a"))
          }) {
        assertThatThrownBy(command::run)
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("TERMINATING")
            .hasMessageContaining("repeat drop()");
      }
      allowDrops();
      handle.drop();
      assertThat(handle.status().state()).isEqualTo(MirrorState.TERMINATED);
    }
    assertNothingIsLeft();
  }

  @Test
  void failedDropCanBeRepeatedByAnotherStart() {
    try (MirrorHandle handle = running(mirror(databases, "public.a"))) {
      assertDropFails(handle);
    }
    allowDrops();
    try (MirrorHandle again = mirror(databases, "public.a").build().start()) {
      again.drop();
    }
    assertNothingIsLeft();
  }
}
