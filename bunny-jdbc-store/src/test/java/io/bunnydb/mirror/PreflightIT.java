package io.bunnydb.mirror;

import static io.bunnydb.mirror.Refusals.MIRROR;
import static org.assertj.core.api.Assertions.assertThat;

import io.bunnydb.MirrorException;
import io.bunnydb.Peer;
import io.bunnydb.PeerConnectionException;
import io.bunnydb.TableMapping;
import io.bunnydb.internal.source.ReplicationNames;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.SidesDiffer;
import io.bunnydb.testing.TestDatabase;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A start is refused, before anything is made, for what is wrong with peers, roles and names. */
final class PreflightIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private final Refusals refusals = new Refusals(databases);

  @BeforeEach
  void makeTable() {
    databases.source().execute("CREATE TABLE a (id int PRIMARY KEY, t text)");
  }

  private static TestDatabase source() {
    return databases.source();
  }

  private static TestDatabase destination() {
    return databases.destination();
  }

  private static Peer elsewhere(Peer peer, String url) {
    return Peer.of(peer.name(), url, peer.user(), peer.password());
  }

  @Test
  void refusesUnreachableHost() throws IOException {
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    String nowhere = "jdbc:postgresql://127.0.0.1:" + port + "/app";
    for (MirrorException refusal :
        new MirrorException[] {
          refusals.refused(
              PeerConnectionException.class,
              refusals
                  .mirror(elsewhere(source().peer(), nowhere), destination().peer())
                  .table("public.a")),
          refusals.refused(
              PeerConnectionException.class,
              refusals
                  .mirror(source().peer(), elsewhere(destination().peer(), nowhere))
                  .table("public.a"))
        }) {
      assertThat(refusal)
          .hasMessageContainingAll(nowhere, "unreachable; check host, port and network");
    }
  }

  @Test
  void refusesMissingDatabase() {
    Peer missing = elsewhere(source().peer(), source().server().url("no_such_db"));
    assertThat(
            refusals.refused(
                PeerConnectionException.class,
                refusals.mirror(missing, destination().peer()).table("public.a")))
        .hasMessageContainingAll("peer source", "/no_such_db", "does not exist; check the URL");
  }

  @Test
  void refusesRoleWithoutReplication() {
    Peer role = refusals.role("source", source(), "plain", "");
    source()
        .execute(
            "ALTER TABLE a OWNER TO plain",
            "GRANT CREATE ON DATABASE " + source().name() + " TO plain");
    assertThat(
            refusals.refused(
                MirrorException.class,
                refusals.mirror(role, destination().peer()).table("public.a")))
        .hasMessageContainingAll("source", "plain", "ALTER ROLE", "REPLICATION");
  }

  @Test
  void refusesRoleThatMayNotCreatePublication() {
    Peer role = refusals.role("source", source(), "publisher", "REPLICATION");
    source().execute("ALTER TABLE a OWNER TO publisher");
    assertThat(refusals.problem(refusals.mirror(role, destination().peer()).table("public.a")))
        .contains(
            "does not accept the publication",
            "permission denied for database " + source().name(),
            "grant what is missing (CREATE on the database");
  }

  @Test
  void refusesTableOfAnotherOwner() {
    Peer role = refusals.role("source", source(), "guest", "REPLICATION");
    source()
        .execute(
            "GRANT CREATE ON DATABASE " + source().name() + " TO guest",
            "GRANT SELECT ON a TO guest");
    assertThat(refusals.problem(refusals.mirror(role, destination().peer()).table("public.a")))
        .contains("must be owner of table a", "grant what is missing", "ownership of the tables");
  }

  @Test
  void refusesTableThatMayNotBeRead() {
    Peer role = refusals.role("source", source(), "blind", "REPLICATION");
    source()
        .execute(
            "GRANT CREATE ON DATABASE " + source().name() + " TO blind",
            "ALTER TABLE a OWNER TO blind",
            "REVOKE SELECT ON a FROM blind");
    assertThat(refusals.problem(refusals.mirror(role, destination().peer()).table("public.a")))
        .isEqualTo("table public.a may not be read; GRANT SELECT ON \"public\".\"a\" TO \"blind\"");
  }

  @Test
  void listsEveryRightThatIsMissing() {
    Peer role = refusals.role("source", source(), "nobody", "");
    source().execute("CREATE ROLE app", "ALTER TABLE a OWNER TO app");
    assertThat(refusals.problems(refusals.mirror(role, destination().peer()).table("public.a")))
        .satisfiesExactly(
            p -> assertThat(p).contains("ALTER ROLE \"nobody\" REPLICATION"),
            p -> assertThat(p).contains("GRANT SELECT ON \"public\".\"a\" TO \"nobody\""),
            p ->
                assertThat(p)
                    .contains(
                        "GRANT CREATE ON DATABASE \"" + source().name() + "\" TO \"nobody\"",
                        "GRANT \"app\" TO \"nobody\""));
  }

  @Test
  void refusesSourceSchemaThatMayNotBeUsed() {
    Peer role = refusals.role("source", source(), "outside", "REPLICATION");
    source()
        .execute(
            "CREATE SCHEMA inner_part",
            "CREATE TABLE inner_part.b (id int PRIMARY KEY)",
            "GRANT SELECT ON inner_part.b TO outside",
            "CREATE PUBLICATION given FOR TABLE inner_part.b");
    try {
      assertThat(
              refusals.problem(
                  refusals
                      .mirror(role, destination().peer())
                      .table("inner_part.b")
                      .publication("given")))
          .isEqualTo(
              "table inner_part.b is in a schema that may not be used; GRANT USAGE ON SCHEMA"
                  + " \"inner_part\" TO \"outside\"");
    } finally {
      source().execute("DROP PUBLICATION given");
    }
  }

  @Test
  void refusesDestinationRoleThatMayNotKeepCheckpoint() {
    Peer role = refusals.role("destination", destination(), "writer", "");
    destination()
        .execute(
            "REVOKE CREATE ON DATABASE " + destination().name() + " FROM PUBLIC",
            "GRANT CREATE, USAGE ON SCHEMA public TO writer");
    assertThat(refusals.problem(refusals.mirror(source().peer(), role).table("public.a")))
        .contains(
            "the checkpoint cannot be kept on the destination",
            "permission denied for database " + destination().name(),
            "grant CREATE on the database");
  }

  @Test
  void refusesLeftoverSlotAndPublication() {
    String slot = ReplicationNames.slot(MIRROR);
    String publication = ReplicationNames.publication(MIRROR);
    source()
        .execute(
            "SELECT pg_create_logical_replication_slot('" + slot + "', 'pgoutput')",
            "CREATE PUBLICATION " + publication + " FOR TABLE a");
    try {
      assertThat(refusals.problems(refusals.mirror().table("public.a")))
          .satisfiesExactlyInAnyOrder(
              p ->
                  assertThat(p)
                      .contains(
                          "replication slot " + slot + " already",
                          "SELECT pg_drop_replication_slot('" + slot + "')"),
              p -> assertThat(p).contains("publication " + publication + " already", "; drop it"));
    } finally {
      source()
          .execute(
              "SELECT pg_drop_replication_slot('" + slot + "')", "DROP PUBLICATION " + publication);
    }
  }

  @Test
  void refusesTableOntoItself() {
    assertThat(
            refusals.problem(refusals.mirror(source().peer(), source().peer()).table("public.a")))
        .contains("one database", "table public.a", "onto itself; map it to another name");
  }

  @Test
  void acceptsOneDatabaseUnderAnotherName() {
    source().execute("INSERT INTO a VALUES (1, 'one')");
    refusals.runs(
        refusals
            .mirror(source().peer(), source().peer())
            .table(TableMapping.from("public.a").to("public.b")));
    assertThat(source().queryStrings("SELECT t FROM b")).containsExactly("one");
  }

  @Test
  @SidesDiffer("the table on the destination lacks a column")
  void listsSeveralProblemsAtOnce() {
    source().execute("CREATE TABLE keyless (n int)", "CREATE VIEW v AS SELECT 1 AS id");
    destination().execute("CREATE TABLE a (id int PRIMARY KEY)");
    assertThat(
            refusals.problems(
                refusals
                    .mirror()
                    .tables(
                        TableMapping.from("public.a"),
                        TableMapping.from("public.keyless"),
                        TableMapping.from("public.v"),
                        TableMapping.from("public.nowhere"))
                    .slot("no_such_slot")
                    .publication("no_such_publication")))
        .satisfiesExactlyInAnyOrder(
            p -> assertThat(p).contains("no replication slot no_such_slot"),
            p -> assertThat(p).contains("no publication no_such_publication"),
            p -> assertThat(p).contains("destination table public.a has no column t"),
            p -> assertThat(p).contains("public.keyless has no replica identity"),
            p -> assertThat(p).contains("public.v is not an ordinary"),
            p -> assertThat(p).contains("no table public.nowhere"));
  }

  @Test
  void refusesAgainUntilCuredAndThenRuns() {
    source().execute("CREATE TABLE keyless (n int)");
    assertThat(refusals.problem(refusals.mirror().table("public.keyless")))
        .contains("add a primary key, or ALTER TABLE ... REPLICA IDENTITY FULL");
    source()
        .execute(
            "ALTER TABLE keyless REPLICA IDENTITY FULL", "INSERT INTO keyless VALUES (7), (7)");
    refusals.runs(refusals.mirror().table("public.keyless"));
    databases.assertMirrored("public.keyless");
  }
}
