package io.bunnydb.mirror;

import static io.bunnydb.mirror.Operated.SOON;
import static io.bunnydb.mirror.Operated.mirror;
import static io.bunnydb.mirror.Operated.running;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.ErrorKind;
import io.bunnydb.MirrorBuilder;
import io.bunnydb.MirrorFailure;
import io.bunnydb.MirrorHandle;
import io.bunnydb.MirrorState;
import io.bunnydb.Peer;
import io.bunnydb.PeerConnectionException;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.TestDatabase;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A login that worked and is refused later pauses this handle and no other: whoever starts the
 * mirror again may have the new password.
 */
@ExpectsLog("refused the login")
@ExpectsLog(value = "the next follows in", optional = true)
final class LoginIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  @BeforeEach
  void createTableAndRole() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY)", "INSERT INTO a SELECT generate_series(1, 10)");
    for (TestDatabase side : new TestDatabase[] {databases.source(), databases.destination()}) {
      side.execute("CREATE ROLE mirroring SUPERUSER LOGIN PASSWORD 'first'");
    }
  }

  private static Peer peer(TestDatabase database, String name, String password) {
    return Peer.of(name, database.url(), "mirroring", password);
  }

  private static MirrorBuilder builder(String sourcePassword, String destinationPassword) {
    return mirror(databases, "public.a")
        .source(peer(databases.source(), "source", sourcePassword))
        .destination(peer(databases.destination(), "destination", destinationPassword));
  }

  /** Ends the sessions of the role, so that it has to log in again. */
  private static void cutOff(TestDatabase side) {
    side.queryStrings(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'mirroring'");
  }

  private static void assertRefused(MirrorHandle handle, String sqlState, String... told) {
    Await.until(SOON, "it is paused", () -> handle.status().state() == MirrorState.PAUSED);
    MirrorFailure failure = Objects.requireNonNull(handle.status().failure());
    assertThat(failure.kind()).isEqualTo(ErrorKind.AUTHENTICATION);
    assertThat(failure.sqlState()).isEqualTo(sqlState);
    assertThat(failure.message()).contains(told).doesNotContain("first", "second");
    assertThat(failure.nextAttempt()).isNull();
  }

  private static void finish(MirrorHandle handle) {
    databases.source().execute("INSERT INTO a VALUES (99)");
    handle.awaitCaughtUp(SOON);
    assertThat(handle.status().failure()).isNull();
    databases.assertMirrored("public.a");
    handle.drop();
  }

  @Test
  void sourceWithAnotherPasswordIsLeftAloneUntilAStartWithThat() {
    try (MirrorHandle handle = running(builder("first", "first"))) {
      databases.source().execute("ALTER ROLE mirroring PASSWORD 'second'");
      cutOff(databases.source());
      assertRefused(handle, "28P01", "peer source", "check user, password and pg_hba.conf");
    }
    try (MirrorHandle handle = running(builder("second", "first"))) {
      finish(handle);
    }
  }

  @Test
  void destinationWithAnotherPasswordGoesOnWhenItIsPutBack() {
    try (MirrorHandle handle = running(builder("first", "first"))) {
      databases.destination().execute("ALTER ROLE mirroring PASSWORD 'second'");
      cutOff(databases.destination());
      assertRefused(handle, "28P01", "peer destination", "check user, password and pg_hba.conf");
      databases.destination().execute("ALTER ROLE mirroring PASSWORD 'first'");
      handle.resume();
      finish(handle);
    }
  }

  @Test
  void roleThatMayNotLogInIsTold() {
    try (MirrorHandle handle = running(builder("first", "first"))) {
      databases.source().execute("ALTER ROLE mirroring NOLOGIN");
      cutOff(databases.source());
      assertRefused(handle, "28000", "peer source", "refused the login");
      databases.source().execute("ALTER ROLE mirroring LOGIN");
      handle.retry();
      finish(handle);
    }
  }

  @Test
  void pauseOfAnOperatorIsRememberedAllTheSame() {
    try (MirrorHandle handle = running(builder("first", "first"))) {
      databases.source().execute("ALTER ROLE mirroring PASSWORD 'second'");
      cutOff(databases.source());
      assertRefused(handle, "28P01", "peer source");
      handle.pause();
    }
    try (MirrorHandle handle = builder("second", "first").build().start()) {
      assertThat(handle.status().state()).isEqualTo(MirrorState.PAUSED);
      handle.resume();
      finish(handle);
    }
  }

  @Test
  void databaseThatIsGoneIsTold() {
    TestDatabase destination = databases.destination();
    String name = destination.name();
    try (MirrorHandle handle = running(builder("first", "first"))) {
      // One that runs would be there again before the database is renamed.
      handle.pause();
      rename(name, name + "_gone");
      assertThatThrownBy(handle::resume).isInstanceOf(PeerConnectionException.class);
      assertRefused(handle, "3D000", "peer destination", "the database does not exist");
      rename(name + "_gone", name);
      handle.resume();
      finish(handle);
    }
  }

  private static void rename(String from, String to) {
    databases
        .destination()
        .server()
        .execute(
            "postgres",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + from + "'",
            "ALTER DATABASE " + from + " RENAME TO " + to);
  }
}
