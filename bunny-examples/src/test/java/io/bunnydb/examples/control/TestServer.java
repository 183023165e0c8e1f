package io.bunnydb.examples.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.bunnydb.Peer;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.TestDatabase;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A control server at a free port, and what its callers do. */
final class TestServer implements AutoCloseable {
  static final String ADMIN = "the-admin-token-of-the-tests";
  static final String READ_ONLY = "the-read-only-token-of-the-tests";
  static final Duration SOON = Duration.ofSeconds(30);

  private final ControlServer server;
  private final HttpClient client = HttpClient.newHttpClient();

  private TestServer(ControlServer server) {
    this.server = server;
  }

  /** An answer; the JSON is missing where it is none. */
  record Answer(int status, String text, HttpHeaders headers) {
    JsonNode json() {
      return Json.read(text.getBytes(StandardCharsets.UTF_8));
    }

    /** What the server tells of an error. */
    String error() {
      assertThat(json().size()).isEqualTo(1);
      return json().get("error").textValue();
    }

    /** What the server tells of a command that succeeded. */
    String message() {
      assertThat(status).as(text).isEqualTo(200);
      return json().get("message").textValue();
    }
  }

  /** Starts one whose peers {@code source_db} and {@code dest_db} are the test's databases. */
  static TestServer start(MirrorDatabases databases, Peer... others) {
    List<Peer> peers = new ArrayList<>(List.of(others));
    peers.add(peer("source_db", databases.source()));
    peers.add(peer("dest_db", databases.destination()));
    return start(peers);
  }

  /** Starts one with some peers. */
  static TestServer start(List<Peer> peers) {
    return new TestServer(
        ControlServer.start(ControlConfig.of(0, peers), Tokens.of(ADMIN, READ_ONLY)));
  }

  /** A database as a peer. */
  static Peer peer(String name, TestDatabase database) {
    return Peer.of(name, database.url(), database.user(), database.password());
  }

  int port() {
    return server.port();
  }

  // ---- calls ----

  Answer get(String path) {
    return call("GET", path, null, ADMIN);
  }

  Answer post(String path) {
    return call("POST", path, null, ADMIN);
  }

  Answer post(String path, String body) {
    return call("POST", path, body, ADMIN);
  }

  Answer put(String path, String body) {
    return call("PUT", path, body, ADMIN);
  }

  Answer delete(String path) {
    return call("DELETE", path, null, ADMIN);
  }

  /** Calls with a token, or with none. */
  Answer call(String method, String path, @Nullable String body, @Nullable String token) {
    BodyPublisher publisher =
        body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body);
    return send(method, path, publisher, token == null ? null : "Bearer " + token);
  }

  /** Calls with an {@code Authorization} header, or with none. */
  Answer send(String method, String path, BodyPublisher body, @Nullable String authorization) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://localhost:" + port() + path))
            .method(method, body)
            .timeout(Duration.ofMinutes(1));
    if (authorization != null) {
      request.header("Authorization", authorization);
    }
    try {
      HttpResponse<String> response =
          client.send(request.build(), HttpResponse.BodyHandlers.ofString());
      return new Answer(response.statusCode(), response.body(), response.headers());
    } catch (IOException e) {
      throw new AssertionError(method + " " + path, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  // ---- mirrors ----

  /** Where a mirror is found. */
  static String path(String mirror) {
    return "/v1/mirrors/" + URLEncoder.encode(mirror, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /** The body that asks for a mirror of whole tables. */
  static String creation(String name, String... tables) {
    return """
        {"name": "%s", "source_peer": "source_db", "destination_peer": "dest_db",
         "table_mappings": [%s]}"""
        .formatted(name, mappings(tables));
  }

  /** The body that gives a mirror another list of whole tables. */
  static String tables(String... tables) {
    return "{\"table_mappings\": [" + mappings(tables) + "]}";
  }

  private static String mappings(String... tables) {
    List<String> mappings = new ArrayList<>();
    for (String table : tables) {
      mappings.add(
          "{\"source_table\": \"%s\", \"destination_table\": \"%s\"}".formatted(table, table));
    }
    return String.join(", ", mappings);
  }

  /** Makes a mirror and waits until changes flow. */
  void createRunning(String name, String... tables) {
    Answer created = post("/v1/mirrors", creation(name, tables));
    assertThat(created.status()).as(created.text()).isEqualTo(201);
    awaitStatus(name, "RUNNING");
  }

  /** Waits for a state. */
  JsonNode awaitStatus(String name, String status) {
    return Await.value(
        SOON,
        "mirror " + name + " is " + status,
        () -> get(path(name)).json(),
        mirror -> status.equals(mirror.path("status").textValue()));
  }

  /** Waits until tables are the same on both sides. */
  static void awaitMirrored(MirrorDatabases databases, String... tables) {
    Await.until(
        SOON,
        "both sides are equal in " + List.of(tables),
        () -> {
          databases.assertMirrored(tables);
          return true;
        });
  }

  /** Deletes a mirror. */
  void drop(String name) {
    assertThat(delete(path(name)).message())
        .isEqualTo("Mirror '" + name + "' deleted successfully");
  }

  @Override
  public void close() {
    server.close();
  }
}
