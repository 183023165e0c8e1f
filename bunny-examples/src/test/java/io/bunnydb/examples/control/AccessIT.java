package io.bunnydb.examples.control;

import static io.bunnydb.examples.control.TestServer.ADMIN;
import static io.bunnydb.examples.control.TestServer.READ_ONLY;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.bunnydb.Peer;
import io.bunnydb.examples.control.TestServer.Answer;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import java.io.ByteArrayInputStream;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Who may call, and what is answered to calls that cannot be. */
final class AccessIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private static final List<String> QUESTIONS =
      List.of(
          "/v1/mirrors",
          "/v1/mirrors/m",
          "/v1/mirrors/m/tables",
          "/v1/mirrors/m/available-tables",
          "/v1/mirrors/m/logs",
          "/metrics");

  private static final List<String> COMMANDS =
      List.of(
          "POST /v1/mirrors",
          "DELETE /v1/mirrors/m",
          "POST /v1/mirrors/m/pause",
          "POST /v1/mirrors/m/resume",
          "POST /v1/mirrors/m/retry",
          "PUT /v1/mirrors/m/tables",
          "POST /v1/mirrors/m/sync-schema",
          "POST /v1/mirrors/m/resync",
          "POST /v1/mirrors/m/resync/public.a");

  private static void assertRefused(Answer answer, int status, String error) {
    assertThat(answer.status()).as(answer.text()).isEqualTo(status);
    assertThat(answer.error()).contains(error);
    assertThat(answer.headers().firstValue("Content-Type")).contains("application/json");
    assertThat(answer.headers().firstValue("Cache-Control")).contains("no-store");
  }

  private static Answer command(TestServer server, String command, String token) {
    String[] parts = command.split(" ", 2);
    return server.call(parts[0], parts[1], null, token);
  }

  @Test
  void onlyHealthAndThePageNeedNoToken() {
    try (TestServer server = TestServer.start(databases)) {
      Answer health = server.call("GET", "/health", null, null);
      assertThat(health.status()).isEqualTo(200);
      assertThat(health.text()).isEqualTo("{\"status\":\"ok\"}");
      assertThat(server.call("GET", "/", null, null).status()).isIn(200, 404);
      for (String path : List.of("/page/MirrorRoutes.class", "/page/..%2fx.js", "/page/x.y.js")) {
        assertThat(server.call("GET", path, null, null).status()).isIn(400, 404);
      }
      Answer page = server.call("GET", "/page/none.js", null, null);
      assertRefused(page, 404, "nothing at /page/none.js");
      assertThat(page.headers().firstValue("Content-Security-Policy").orElseThrow())
          .contains("default-src 'self'");
      for (String path : QUESTIONS) {
        assertRefused(server.call("GET", path, null, null), 401, "a token is needed");
      }
      for (String command : COMMANDS) {
        assertRefused(command(server, command, "another-token-of-sixteen"), 401, "a token");
      }
      for (String header :
          List.of("Basic " + ADMIN, "Bearer", "Bearer ", ADMIN, "Bearer x" + ADMIN)) {
        Answer answer = server.send("GET", "/v1/mirrors", BodyPublishers.noBody(), header);
        assertRefused(answer, 401, "a token is needed");
        assertThat(answer.headers().firstValue("WWW-Authenticate")).contains("Bearer");
      }
      assertThat(server.call("GET", "/nowhere", null, null).status()).isEqualTo(401);
      assertThat(
              server
                  .send("GET", "/v1/mirrors", BodyPublishers.noBody(), "bearer  " + ADMIN)
                  .status())
          .isEqualTo(200);
    }
  }

  @Test
  void theReadOnlyTokenMayOnlyLook() {
    databases.source().execute("CREATE TABLE a (id int PRIMARY KEY)");
    try (TestServer server = TestServer.start(databases)) {
      server.createRunning("m", "public.a");
      for (String path : QUESTIONS) {
        assertThat(server.call("GET", path, null, READ_ONLY).status()).isEqualTo(200);
      }
      for (String command : COMMANDS) {
        assertRefused(command(server, command, READ_ONLY), 403, "may only look");
      }
      assertThat(server.get("/v1/mirrors/m").json().get("status").textValue()).isEqualTo("RUNNING");
      server.drop("m");
    }
  }

  @Test
  void whatIsNotThereIsSaidSo() {
    try (TestServer server = TestServer.start(databases)) {
      for (String path : QUESTIONS) {
        int status = path.startsWith("/v1/mirrors/m") ? 404 : 200;
        assertThat(server.get(path).status()).as(path).isEqualTo(status);
      }
      assertRefused(server.get("/v1/mirrors/m"), 404, "there is no mirror 'm'");
      assertRefused(server.post("/v1/mirrors/m/pause"), 404, "there is no mirror 'm'");
      assertRefused(server.get("/v1/nothing"), 404, "nothing at /v1/nothing");
      assertRefused(server.post("/v1/mirrors/m/explode"), 404, "nothing at");
      Answer wrongMethod = server.put("/v1/mirrors/m/pause", "");
      assertRefused(wrongMethod, 405, "/v1/mirrors/m/pause takes POST alone");
      assertThat(wrongMethod.headers().firstValue("Allow")).contains("POST");
      assertThat(server.delete("/v1/mirrors").headers().firstValue("Allow").orElseThrow())
          .contains("GET")
          .contains("POST");
    }
  }

  @Test
  void whatIsNotHttpIsAnsweredInJson() throws Exception {
    try (TestServer server = TestServer.start(databases);
        Socket socket = new Socket("localhost", server.port())) {
      socket.getOutputStream().write("GET /%zz HTTP/1.0\r\n\r\n".getBytes(US_ASCII));
      assertThat(new String(socket.getInputStream().readAllBytes(), US_ASCII))
          .startsWith("HTTP/1.1 400 ")
          .endsWith("{\"error\":\"the request was refused with 400, as it is malformed\"}");
    }
  }

  @Test
  void malformedRequestsNameTheField() {
    Map<String, String> errors =
        Map.ofEntries(
            Map.entry("", "must be a JSON object"),
            Map.entry("[]", "must be a JSON object"),
            Map.entry("{\"name\": \"m\",\n \"source", "not valid JSON at line 2"),
            Map.entry("{\"name\": \"m\"} x", "not valid JSON"),
            Map.entry("{}", "name: is missing"),
            Map.entry(creationWith("\"name\": 7"), "not valid JSON"),
            Map.entry(creationWith("\"x\": 1"), "x: is not a known field"),
            Map.entry(
                creationWith("\"do_initial_snapshot\": \"yes\""), "do_initial_snapshot: must be"),
            Map.entry(creationWith("\"max_batch_size\": 1.5"), "max_batch_size: must be a whole"),
            Map.entry(creationWith("\"max_batch_size\": 5"), "max_batch_size: "),
            Map.entry(
                creationWith("\"snapshot_max_parallel_workers\": 0"),
                "snapshot_max_parallel_workers: "),
            Map.entry(
                creationWith("\"resync_strategy\": \"x\""), "resync_strategy: must be truncate"),
            Map.entry(TestServer.creation("a/b", "public.a"), "name: may not hold"),
            Map.entry(TestServer.creation("..", "public.a"), "name: may not be"),
            Map.entry(TestServer.creation("", "public.a"), "name: "),
            Map.entry(TestServer.creation("m"), "table_mappings: "),
            Map.entry(TestServer.creation("m", "users"), "table_mappings[0].source_table: "),
            Map.entry(
                TestServer.creation("m", "public.a", "public.a"),
                "table_mappings: mirror 'm' maps"),
            Map.entry(
                TestServer.creation("m", "public.a").replace("source_db", "elsewhere"),
                "source_peer: the server's configuration has no peer 'elsewhere'"),
            Map.entry(
                TestServer.creation("m", "public.a").replace("\"public.a\"}", "7}"),
                "table_mappings[0].destination_table: must be a text"));
    try (TestServer server = TestServer.start(databases)) {
      errors.forEach((body, error) -> assertRefused(server.post("/v1/mirrors", body), 400, error));
      assertThat(server.get("/v1/mirrors").text()).isEqualTo("[]");
    }
  }

  private static String creationWith(String field) {
    return TestServer.creation("m", "public.a").replaceFirst("\\{", "{" + field + ", ");
  }

  @Test
  void aBodyThatIsTooLargeIsRefused() {
    byte[] body = new byte[(1 << 20) + 1];
    try (TestServer server = TestServer.start(databases)) {
      String admin = "Bearer " + ADMIN;
      assertRefused(
          server.send("POST", "/v1/mirrors", BodyPublishers.ofByteArray(body), admin),
          413,
          "larger than 1048576 bytes");
      assertRefused(
          server.send(
              "POST",
              "/v1/mirrors",
              BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body)),
              admin),
          413,
          "larger than 1048576 bytes");
    }
  }

  @Test
  @ExpectsLog("peer dest_db .* cannot be read")
  void noSecretIsAnswered() {
    databases.source().execute("CREATE TABLE a (id int PRIMARY KEY)");
    try (TestServer server = TestServer.start(databases)) {
      String body = TestServer.creation("m", "public.a");
      assertThat(server.post("/v1/mirrors", body).status()).isEqualTo(201);
      for (String path : QUESTIONS) {
        assertThat(server.get(path).text()).doesNotContain(databases.source().url());
      }
      server.drop("m");
    }
    Peer nowhere =
        Peer.of(
            "dest_db", "jdbc:postgresql://127.0.0.1:1/x?sslpassword=hush-too", "x", "hush-hush");
    try (TestServer server =
        TestServer.start(List.of(TestServer.peer("source_db", databases.source()), nowhere))) {
      Answer answer = server.post("/v1/mirrors", TestServer.creation("m", "public.a"));
      assertThat(answer.status()).isEqualTo(503);
      assertThat(answer.error()).contains("dest_db").doesNotContain("hush");
      assertThat(server.get("/v1/mirrors/m").error())
          .contains("there is no mirror 'm'", "dest_db")
          .doesNotContain("hush");
    }
  }

  @Test
  void aPortThatIsTakenIsRefusedAndLeavesNothing() {
    try (TestServer server = TestServer.start(databases)) {
      ControlConfig same =
          ControlConfig.of(server.port(), List.of(TestServer.peer("a", databases.source())));
      assertThatThrownBy(() -> ControlServer.start(same, Tokens.of(ADMIN, null)))
          .isInstanceOf(RuntimeException.class)
          .hasMessageContaining(String.valueOf(server.port()));
      assertThat(server.get("/health").status()).isEqualTo(200);
    }
  }
}
