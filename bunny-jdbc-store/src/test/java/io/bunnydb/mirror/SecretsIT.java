package io.bunnydb.mirror;

import static io.bunnydb.mirror.Refusals.PASSWORD;
import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.Peer;
import io.bunnydb.PeerConnectionException;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.TestDatabase;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A refused login tells what to check; {@link Refusals} sees that no password is told with it. */
final class SecretsIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private final Refusals refusals = new Refusals(databases);

  @BeforeEach
  void makeTable() {
    databases.source().execute("CREATE TABLE a (id int PRIMARY KEY)");
  }

  private PeerConnectionException refused(Peer source, Peer destination) {
    return refusals.refused(
        PeerConnectionException.class, refusals.mirror(source, destination).table("public.a"));
  }

  @Test
  void refusesWrongPassword() {
    TestDatabase source = databases.source();
    TestDatabase destination = databases.destination();
    assertThat(
            refused(Peer.of("source", source.url(), source.user(), PASSWORD), destination.peer()))
        .hasMessageContainingAll(
            "peer source (" + source.user(),
            "refused the login; check user, password and pg_hba.conf",
            "[SQLSTATE 28P01]");
    assertThat(
            refused(
                source.peer(),
                Peer.of("destination", destination.url(), destination.user(), PASSWORD)))
        .hasMessageContainingAll(
            "peer destination (" + destination.user(), "check user, password", "28P01");
  }

  @Test
  void refusesUrlsWithoutTellingTheirParameters() {
    TestDatabase source = databases.source();
    for (String url :
        List.of(
            source.url() + "_gone?sslpassword=" + PASSWORD,
            source.url() + "?sslmode=nonsense&sslpassword=" + PASSWORD,
            "jdbc:postgresql://127.0.0.1:port/app?password=" + PASSWORD,
            "jdbc:postgresql://127.0.0.1:99999999/app?password=" + PASSWORD,
            "jdbc:postgresql://127.0.0.1/%zz?password=" + PASSWORD)) {
      assertThat(
              refused(
                  Peer.of("source", url, source.user(), source.password()),
                  databases.destination().peer()))
          .hasMessageContaining("peer source");
    }
  }
}
