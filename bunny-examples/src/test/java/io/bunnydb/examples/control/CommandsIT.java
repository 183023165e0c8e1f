package io.bunnydb.examples.control;

import static io.bunnydb.examples.control.TestServer.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.bunnydb.Mirror;
import io.bunnydb.MirrorHandle;
import io.bunnydb.examples.control.TestServer.Answer;
import io.bunnydb.jdbc.JdbcCheckpointStore;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.ExpectsLog;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.SidesDiffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The commands and questions of one caller after another. */
final class CommandsIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private static final String M = "/v1/mirrors/m";

  @BeforeEach
  void createTables() {
    databases
        .source()
        .execute(
            "CREATE TABLE a (id int PRIMARY KEY)",
            "CREATE TABLE b (id int PRIMARY KEY, hidden text)",
            "CREATE SCHEMA \"S\"",
            "CREATE TABLE \"S\".\"T x\" (id int PRIMARY KEY)",
            "INSERT INTO a VALUES (1), (2)",
            "INSERT INTO b VALUES (1, 'x')");
  }

  private static void assertRefused(Answer answer, int status, String... parts) {
    assertThat(answer.status()).as(answer.text()).isEqualTo(status);
    assertThat(answer.error()).contains(parts);
  }

  private static List<String> names(JsonNode object) {
    List<String> names = new ArrayList<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  @Test
  void aMirrorFromItsCreationToItsEnd() {
    try (TestServer server = TestServer.start(databases)) {
      Answer created = server.post("/v1/mirrors", TestServer.creation("m", "public.a"));
      assertThat(created.status()).isEqualTo(201);
      assertThat(created.json().get("name").textValue()).isEqualTo("m");
      JsonNode mirror = server.awaitStatus("m", "RUNNING");
      assertThat(names(mirror))
          .containsExactly(
              "name",
              "status",
              "current_phase",
              "source_peer",
              "destination_peer",
              "slot_name",
              "publication_name",
              "last_lsn",
              "lag_bytes",
              "lag_seconds",
              "retained_wal_bytes",
              "tables");
      assertThat(mirror.get("slot_name").textValue()).isEqualTo("bunny_m");
      assertThat(mirror.get("publication_name").textValue()).isEqualTo("bunny_pub_m");
      assertThat(mirror.get("last_lsn").textValue()).matches("[0-9A-F]+/[0-9A-F]+");
      assertThat(mirror.get("lag_bytes").isIntegralNumber()).isTrue();
      assertThat(mirror.get("lag_seconds").isNumber()).isTrue();
      databases.source().execute("INSERT INTO a VALUES (3)", "DELETE FROM a WHERE id = 1");
      Await.value(
          SOON,
          "the rows are counted",
          () ->
              server
                  .get(M)
                  .json()
                  .get("tables")
                  .get(0)
                  .toString()
                  .replaceFirst("rows_to_copy\":\\d+", "rows_to_copy\":0"),
          ("{\"source_table\":\"public.a\",\"destination_table\":\"public.a\",\"state\":\"LIVE\","
                  + "\"rows_to_copy\":0,\"rows_copied\":2,\"rows_inserted\":1,\"rows_updated\":0,"
                  + "\"rows_deleted\":1}")
              ::equals);
      assertThat(server.get("/v1/mirrors").json()).hasSize(1);
      server.drop("m");
      assertRefused(server.get(M), 404, "there is no mirror 'm'");
      assertThat(server.get("/v1/mirrors").text()).isEqualTo("[]");
      assertThat(databases.destination().queryLong("SELECT count(*) FROM a")).isEqualTo(2);
      assertThat(
              databases
                  .destination()
                  .queryLong("SELECT count(*) FROM pg_namespace WHERE nspname = 'bunny'"))
          .isZero();
    }
  }

  @Test
  void repeatedCommandsAnswerTheSameAndChangeNothing() {
    try (TestServer server = TestServer.start(databases)) {
      server.createRunning("m", "public.a");
      long before = server.get(M + "/logs").json().get("total").longValue();
      assertThat(server.post(M + "/resume").message()).isEqualTo("Mirror 'm' resumed successfully");
      assertThat(server.post(M + "/retry").message()).isEqualTo("Mirror 'm' retried successfully");
      assertThat(server.get(M + "/logs").json().get("total").longValue()).isEqualTo(before);
      for (int i = 0; i < 2; i++) {
        assertThat(server.post(M + "/pause").message()).isEqualTo("Mirror 'm' paused successfully");
        assertThat(server.get(M).json().get("status").textValue()).isEqualTo("PAUSED");
        assertThat(server.get(M + "/logs").json().get("total").longValue()).isEqualTo(before + 2);
      }
      server.post(M + "/resume");
      server.drop("m");
    }
  }

  @Test
  @SidesDiffer(value = "a column is excluded", tables = "public.b")
  void tablesChangeWhilePaused() {
    String list =
        """
        {"table_mappings": [
          {"source_schema": "public", "source_table": "a", "destination_schema": "public",
           "destination_table": "a"},
          {"source_table": "\\"S\\".\\"T x\\"", "destination_table": "public.t"},
          {"source_table": "public.b", "exclude_columns": ["hidden"], "partition_key": "id"}]}
        """;
    try (TestServer server = TestServer.start(databases)) {
      server.createRunning("m", "public.a");
      assertThat(server.get(M + "/available-tables").text())
          .isEqualTo(
              "[{\"schema\":\"S\",\"table_name\":\"T x\"},"
                  + "{\"schema\":\"public\",\"table_name\":\"b\"}]");
      assertRefused(
          server.put(M + "/tables", list), 409, "mirror 'm' is RUNNING", "POST " + M + "/pause");
      server.post(M + "/pause");
      assertRefused(server.put(M + "/tables", "{}"), 400, "table_mappings: is missing");
      assertRefused(server.put(M + "/tables", TestServer.tables()), 400, "table_mappings: ");
      assertRefused(
          server.put(M + "/tables", TestServer.tables("public.none")), 409, "public.none");
      assertThat(server.get(M + "/tables").json()).hasSize(1);
      assertThat(server.put(M + "/tables", list).message())
          .isEqualTo("Table mappings updated successfully for mirror 'm'");
      assertThat(server.get(M + "/tables").text())
          .isEqualTo(
              "[{\"source_table\":\"public.a\",\"destination_table\":\"public.a\","
                  + "\"exclude_columns\":[]},"
                  + "{\"source_table\":\"\\\"S\\\".\\\"T x\\\"\",\"destination_table\":\"public.t\","
                  + "\"exclude_columns\":[]},"
                  + "{\"source_table\":\"public.b\",\"destination_table\":\"public.b\","
                  + "\"partition_key\":\"id\",\"exclude_columns\":[\"hidden\"]}]");
      assertThat(server.get(M + "/available-tables").text()).isEqualTo("[]");
      server.post(M + "/resume");
      Await.until(
          SOON,
          "all tables are live",
          () ->
              server
                  .get(M)
                  .json()
                  .findValuesAsText("state")
                  .equals(List.of("LIVE", "LIVE", "LIVE")));
      assertThat(databases.destination().queryStrings("SELECT b::text FROM b"))
          .containsExactly("(1)");
      server.drop("m");
    }
  }

  @Test
  @ExpectsLog("table public.a, at .* paused")
  void anErrorPausesAndIsToldWithItsCure() {
    try (TestServer server = TestServer.start(databases)) {
      server.createRunning("m", "public.a");
      databases.destination().execute("ALTER TABLE a ADD CONSTRAINT small CHECK (id < 10)");
      databases.source().execute("INSERT INTO a VALUES (10)");
      JsonNode paused = server.awaitStatus("m", "PAUSED");
      assertThat(paused.get("error").textValue()).contains("public.a", "small", "23514");
      JsonNode failure = paused.get("failure");
      assertThat(names(failure))
          .containsExactly("kind", "table", "lsn", "sql_state", "since", "attempts");
      assertThat(failure.get("kind").textValue()).isEqualTo("CONSTRAINT");
      assertThat(failure.get("table").textValue()).isEqualTo("public.a");
      assertThat(paused.get("error").textValue()).contains(failure.get("lsn").textValue());
      assertThat(failure.get("sql_state").textValue()).isEqualTo("23514");
      assertThat(Instant.parse(failure.get("since").textValue())).isBefore(Instant.now());
      assertThat(failure.get("attempts").intValue()).isOne();
      JsonNode logs = server.get(M + "/logs?level=ERROR").json();
      assertThat(names(logs)).containsExactly("logs", "total", "limit", "offset");
      assertThat(logs.get("limit").intValue()).isEqualTo(50);
      JsonNode event = logs.get("logs").get(0);
      assertThat(names(event)).containsExactly("id", "level", "message", "details", "created_at");
      assertThat(event.get("details").get("sql_state").textValue()).isEqualTo("23514");
      assertThat(server.get(M + "/logs?search=SMALL").json().get("total").intValue()).isEqualTo(1);
      assertThat(server.get(M + "/logs?search=nothing").json().get("logs")).isEmpty();
      assertRefused(server.get(M + "/logs?limit=501"), 400, "limit: must be 1 to 500");
      assertRefused(server.get(M + "/logs?offset=x"), 400, "offset: ");
      assertRefused(server.get(M + "/logs?level=LOUD"), 400, "level: ");
      databases.destination().execute("ALTER TABLE a DROP CONSTRAINT small");
      assertThat(server.post(M + "/retry").status()).isEqualTo(200);
      TestServer.awaitMirrored(databases, "public.a");
      Await.until(SOON, "the error is over", () -> !server.get(M).json().has("error"));
      server.drop("m");
    }
  }

  @Test
  void aLostSlotIsToldWithWhatToDo() {
    try (TestServer server = TestServer.start(databases)) {
      server.createRunning("m", "public.a");
      server.post(M + "/pause");
      Await.until(
          SOON,
          "the slot is dropped",
          () ->
              databases.source().queryStrings("SELECT pg_drop_replication_slot('bunny_m')").size()
                  == 1);
      assertRefused(
          server.post(M + "/resume"), 409, "replication slot bunny_m was not found", "DELETE " + M);
      assertThat(server.get(M).json().get("status").textValue()).isEqualTo("PAUSED");
      server.drop("m");
      String again = TestServer.creation("m", "public.a");
      assertRefused(server.post("/v1/mirrors", again), 409, "public.a holds rows already");
      assertRefused(server.get(M), 404, "no mirror");
      databases.destination().execute("TRUNCATE a");
      server.createRunning("m", "public.a");
      server.drop("m");
    }
  }

  @Test
  void aNameThatExistsIsRefused() {
    try (TestServer server = TestServer.start(databases)) {
      server.createRunning("m", "public.a");
      assertRefused(
          server.post("/v1/mirrors", TestServer.creation("m", "public.b")), 409, "exists already");
      Mirror embedded =
          Mirror.builder("embedded")
              .source(databases.source().peer())
              .destination(databases.destination().peer())
              .table("public.b")
              .checkpointStore(JdbcCheckpointStore.inDestination())
              .build();
      try (MirrorHandle handle = embedded.start()) {
        handle.pause();
        assertRefused(
            server.post("/v1/mirrors", TestServer.creation("embedded", "public.b")),
            409,
            "'embedded' exists already");
        handle.drop();
      }
      server.drop("m");
    }
  }

  @Test
  @SidesDiffer(value = "the destination has a column of its own", tables = "public.a")
  void columnsOfTheSourceComeAlong() {
    try (TestServer server = TestServer.start(databases)) {
      server.createRunning("m", "public.a");
      databases.source().execute("ALTER TABLE a ADD COLUMN note text");
      databases.destination().execute("ALTER TABLE a ADD COLUMN own text");
      JsonNode answer = server.post(M + "/sync-schema").json();
      assertThat(answer.get("message").asText())
          .isEqualTo("Schema synced successfully for mirror 'm'");
      assertThat(answer.get("changes")).hasSize(1);
      assertThat(answer.at("/changes/0/sql").asText()).contains("ADD COLUMN \"note\" text");
      assertThat(answer.get("remaining")).hasSize(1);
      assertThat(answer.at("/remaining/0/outcome").asText()).isEqualTo("BY_HAND");
      assertThat(answer.at("/remaining/0/reason").asText()).isNotEmpty();
      server.post(M + "/pause");
      assertThat(server.post(M + "/sync-schema").json().get("changes")).isEmpty();
      server.drop("m");
    }
  }

  @Test
  void tablesAreCopiedAgainBySwapUnlessTheRequestSaysOtherwise() {
    try (TestServer server = TestServer.start(databases)) {
      server.createRunning("m", "public.a");
      assertThat(server.post(M + "/resync").status()).isEqualTo(200);
      Await.until(
          SOON,
          "the rows are swapped in",
          () -> server.get(M + "/logs?search=swapped").json().get("total").asLong() == 1);
      Await.until(SOON, "it runs", () -> server.get(M).text().contains("\"RUNNING\""));
      assertThat(server.post(M + "/resync/public.a", "{\"strategy\": \"truncate\"}").status())
          .isEqualTo(200);
      Await.until(SOON, "it is copied again", () -> server.get(M).text().contains("LIVE"));
      assertThat(server.post(M + "/resync/public.a", "{\"strategy\": \"swap\"}").status())
          .isEqualTo(200);
      Await.until(
          SOON,
          "the rows are swapped in again",
          () -> server.get(M + "/logs?search=swapped").json().get("total").asLong() == 2);
      assertRefused(server.post(M + "/resync", "{\"strategy\": \"x\"}"), 400, "strategy: ");
      assertRefused(server.post(M + "/resync/public.b"), 404, "no table public.b");
      assertRefused(server.post(M + "/resync/b"), 400, "table: ");
      server.drop("m");
    }
  }

  @Test
  void metersComeAndGoWithMirrors() {
    try (TestServer server = TestServer.start(databases)) {
      assertThat(server.get("/metrics").text()).doesNotContain("bunny_mirror");
      server.createRunning("m", "public.a");
      databases.source().execute("INSERT INTO a VALUES (3)");
      Answer metrics =
          Await.value(
              SOON,
              "the row is counted",
              () -> server.get("/metrics"),
              answer ->
                  answer
                      .text()
                      .contains(
                          "rows_total{kind=\"inserted\",mirror=\"m\",table=\"public.a\"} 1.0"));
      assertThat(metrics.headers().firstValue("Content-Type").orElseThrow()).contains("text/plain");
      assertThat(metrics.text())
          .contains(
              "bunny_mirror_state{mirror=\"m\",state=\"RUNNING\"} 1.0",
              "bunny_mirror_state{mirror=\"m\",state=\"PAUSED\"} 0.0",
              "bunny_mirror_error{mirror=\"m\"} 0.0",
              "bunny_mirror_lag_bytes{mirror=\"m\"} ",
              "bunny_mirror_lag_seconds{mirror=\"m\"} ",
              "bunny_mirror_retained_wal_bytes{mirror=\"m\"} ",
              "bunny_mirror_transactions_total{mirror=\"m\"} ",
              "bunny_mirror_table_rows_total{kind=\"inserted\",mirror=\"m\",table=\"public.a\"} 1.0",
              "bunny_mirror_table_rows_to_copy{mirror=\"m\",table=\"public.a\"} ");
      server.post(M + "/pause").message();
      server.put(M + "/tables", TestServer.tables("public.b")).message();
      assertThat(server.get("/metrics").text())
          .contains(
              "bunny_mirror_state{mirror=\"m\",state=\"RUNNING\"} 0.0",
              "bunny_mirror_state{mirror=\"m\",state=\"PAUSED\"} 1.0",
              "table=\"public.b\"")
          .doesNotContain("table=\"public.a\"");
      server.drop("m");
      assertThat(server.get("/metrics").text()).doesNotContain("bunny_mirror");
    }
  }
}
