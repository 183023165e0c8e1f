package io.bunnydb.examples.control;

import static io.bunnydb.examples.control.TestServer.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.bunnydb.Peer;
import io.bunnydb.examples.control.TestServer.Answer;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.PostgresServer;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a server that is started again knows. */
final class RestartIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private static final String PAUSED = "Paused, with a name";

  @BeforeEach
  void createTables() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY)",
            "CREATE TABLE b (id int PRIMARY KEY)",
            "INSERT INTO a VALUES (1)");
  }

  @Test
  void findsItsMirrorsAsTheyWereLeft() {
    try (TestServer server = TestServer.start(databases)) {
      server.createRunning("goes_on", "public.b");
      server.createRunning(PAUSED, "public.a");
      server.post(TestServer.path(PAUSED) + "/pause").message();
    }
    databases.source().execute("INSERT INTO a VALUES (2)", "INSERT INTO b VALUES (2)");
    // By another name of the destination, too, and only once.
    try (TestServer server =
        TestServer.start(databases, TestServer.peer("alias", databases.destination()))) {
      JsonNode mirrors = server.get("/v1/mirrors").json();
      assertThat(mirrors.findValuesAsText("name")).containsExactly(PAUSED, "goes_on");
      assertThat(mirrors.get(0).get("status").textValue()).isEqualTo("PAUSED");
      assertThat(mirrors.get(0).has("error")).isFalse();
      assertThat(mirrors.get(0).get("source_peer").textValue()).isEqualTo("source_db");
      TestServer.awaitMirrored(databases, "public.b");
      assertThat(databases.destination().queryLong("SELECT count(*) FROM a")).isEqualTo(1);
      server.post(TestServer.path(PAUSED) + "/resume").message();
      TestServer.awaitMirrored(databases, "public.a");
      server.drop("goes_on");
    }
    try (TestServer server = TestServer.start(databases)) {
      assertThat(server.get("/v1/mirrors").json().findValuesAsText("name")).containsExactly(PAUSED);
      server.drop(PAUSED);
    }
    try (TestServer server = TestServer.start(databases)) {
      assertThat(server.get("/v1/mirrors").text()).isEqualTo("[]");
    }
  }

  @Test
  void theTableListOfAPutOutlivesTheServer() {
    try (TestServer server = TestServer.start(databases)) {
      server.createRunning("m", "public.a");
      server.post("/v1/mirrors/m/pause");
      server.put("/v1/mirrors/m/tables", TestServer.tables("public.a", "public.b")).message();
    }
    try (TestServer server = TestServer.start(databases)) {
      assertThat(server.get("/v1/mirrors/m/tables").json()).hasSize(2);
      server.post("/v1/mirrors/m/resume").message();
      TestServer.awaitMirrored(databases, "public.a", "public.b");
      server.drop("m");
    }
  }

  @Test
  @ExpectsLog("peer dest_db .* cannot be read")
  void aDestinationThatIsDownIsTriedAgain() {
    try (TestServer server = TestServer.start(databases)) {
      server.createRunning("m", "public.a");
    }
    PostgresServer destination = databases.destination().server();
    destination.stop();
    try (TestServer server = TestServer.start(databases)) {
      assertThat(server.get("/v1/mirrors").text()).isEqualTo("[]");
      assertThat(server.get("/v1/mirrors/m").error()).contains("may know it", "dest_db");
      assertThat(server.post("/v1/mirrors", TestServer.creation("n", "public.b")).status())
          .isEqualTo(503);
      destination.start();
      Await.until(SOON, "the mirror is found", () -> server.get("/v1/mirrors/m").status() == 200);
      server.awaitStatus("m", "RUNNING");
      server.drop("m");
    }
  }

  @Test
  @ExpectsLog("mirror 'm' cannot be started")
  void aSecondServerWaitsForTheFirst() {
    TestServer first = TestServer.start(databases);
    try (first) {
      first.createRunning("m", "public.a");
      try (TestServer second = TestServer.start(databases)) {
        JsonNode mirror = second.get("/v1/mirrors/m").json();
        assertThat(mirror.get("status").textValue()).isEqualTo("CREATED");
        assertThat(mirror.get("error").textValue()).contains("not started yet", "bunny m");
        assertThat(second.get("/metrics").text()).doesNotContain("mirror=\"m\"");
        JsonNode logs = second.get("/v1/mirrors/m/logs?level=ERROR&search=BUNNY%20M").json();
        assertThat(logs.get("logs").get(0).get("message").textValue())
            .contains("mirror 'm' could not be started", "bunny m");
        assertThat(logs.get("total").intValue()).isOne();
        JsonNode older = second.get("/v1/mirrors/m/logs?offset=1").json();
        assertThat(older.get("logs")).isEmpty();
        assertThat(older.get("total").intValue()).isOne();
        assertThat(second.get("/v1/mirrors/m/logs?search=nothing").json().get("total").intValue())
            .isZero();
        for (String command : List.of("pause", "resume", "retry")) {
          Answer answer = second.post("/v1/mirrors/m/" + command);
          assertThat(answer.status()).as(command).isEqualTo(409);
          assertThat(answer.error()).contains("bunny m");
        }
        assertThat(second.delete("/v1/mirrors/m").status()).isEqualTo(409);
        first.close();
        assertThat(second.post("/v1/mirrors/m/retry").status()).isEqualTo(200);
        second.awaitStatus("m", "RUNNING");
        second.drop("m");
      }
    }
  }

  @Test
  @ExpectsLog("mirror 'm' cannot be started")
  void aMirrorWhosePeerLeftTheConfigurationIsShownWithTheReason() {
    Peer source = TestServer.peer("source_db", databases.source());
    Peer destination = TestServer.peer("dest_db", databases.destination());
    try (TestServer server = TestServer.start(List.of(source, destination))) {
      server.createRunning("m", "public.a");
    }
    try (TestServer server = TestServer.start(List.of(destination))) {
      assertThat(server.get("/v1/mirrors/m").json().get("error").textValue())
          .contains("source_peer: the server's configuration has no peer 'source_db'");
      assertThat(server.post("/v1/mirrors/m/retry").status()).isEqualTo(400);
    }
    try (TestServer server = TestServer.start(List.of(source, destination))) {
      server.awaitStatus("m", "RUNNING");
      server.drop("m");
    }
  }
}
