package io.bunnydb.mirror;

import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.MirrorException;
import io.bunnydb.MirrorHandle;
import io.bunnydb.Peer;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.TestDatabase;
import java.sql.SQLException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A refused start leaves no checkpoint where the store's tables exist already. Where it would have
 * made them itself, they would show; here only rows do.
 */
final class RefusedBesideAnotherIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private final Refusals refusals = new Refusals(databases);

  @BeforeEach
  void makeTableAndOtherMirror() throws SQLException {
    databases.source().execute("CREATE TABLE a (id int PRIMARY KEY)", "INSERT INTO a VALUES (1)");
    refusals.besideAnotherMirror();
  }

  private static long others() {
    return databases
        .destination()
        .queryLong("SELECT count(*) FROM bunny.checkpoint WHERE mirror = 'another one'");
  }

  @Test
  void leavesNoRowWhenATableIsRefused() {
    databases.source().execute("CREATE TABLE keyless (n int)");
    assertThat(refusals.problem(refusals.mirror().table("public.a").table("public.keyless")))
        .contains("public.keyless has no replica identity");
    assertThat(refusals.problem(refusals.mirror().table("public.nowhere")))
        .contains("no table public.nowhere");
  }

  @Test
  void leavesNoRowWhenAPeerIsRefused() {
    TestDatabase source = databases.source();
    Peer role = refusals.role("source", source, "plain", "");
    source.execute(
        "ALTER TABLE a OWNER TO plain", "GRANT CREATE ON DATABASE " + source.name() + " TO plain");
    assertThat(
            refusals.refused(
                MirrorException.class,
                refusals.mirror(role, databases.destination().peer()).table("public.a")))
        .hasMessageContainingAll("plain", "REPLICATION");
  }

  @Test
  void leavesNoRowWhenTheCheckpointCannotBeKept() {
    TestDatabase destination = databases.destination();
    Peer role = refusals.role("destination", destination, "writer", "");
    destination.execute(
        "GRANT CREATE, USAGE ON SCHEMA public TO writer",
        "GRANT USAGE ON SCHEMA bunny TO writer",
        "GRANT SELECT ON ALL TABLES IN SCHEMA bunny TO writer");
    assertThat(refusals.problem(refusals.mirror(databases.source().peer(), role).table("public.a")))
        .contains("the checkpoint cannot be kept on the destination", "permission denied");
  }

  @Test
  void runsAndGoesWithoutTouchingTheOther() {
    try (MirrorHandle handle = refusals.mirror().table("public.a").build().start()) {
      handle.awaitCaughtUp(Operated.SOON);
      databases.assertMirrored("public.a");
      handle.drop();
    }
    assertThat(others()).isEqualTo(1);
    assertThat(databases.destination().queryLong("SELECT count(*) FROM bunny.table_checkpoint"))
        .isEqualTo(1);
  }
}
