package io.bunnydb.examples.control;

import static io.bunnydb.examples.control.TestServer.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.bunnydb.Peer;
import io.bunnydb.examples.control.GuidePage.Block;
import io.bunnydb.examples.control.GuideShell.Output;
import io.bunnydb.testing.Await;
import io.bunnydb.testing.MirrorDatabases;
import io.bunnydb.testing.PostgresServer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The commands of {@code docs/control-server.md}, run in their order as they stand there. */
final class GuideIT {
  @RegisterExtension static final MirrorDatabases databases = new MirrorDatabases();

  private static final List<String> DESTINATIONS = List.of("production", "analytics");
  private static final String STAGING = "prod_to_staging";

  @TempDir private Path folder;

  private final Deque<Block> blocks = new ArrayDeque<>();

  @BeforeEach
  void createDatabases() {
    databases
        .source()
        .execute(
            "CREATE TABLE users (id int PRIMARY KEY, name text)",
            "CREATE TABLE orders (id int PRIMARY KEY, user_id int)",
            "CREATE TABLE products (id int PRIMARY KEY, internal_cost int)",
            "INSERT INTO users SELECT n, 'user ' || n FROM generate_series(1, 100) n",
            "INSERT INTO orders SELECT n, n FROM generate_series(1, 100) n",
            "INSERT INTO products SELECT n, n FROM generate_series(1, 100) n");
    DESTINATIONS.forEach(destination()::createDatabase);
  }

  @AfterEach
  void dropDatabases() {
    DESTINATIONS.forEach(destination()::dropDatabase);
  }

  private static PostgresServer destination() {
    return databases.destination().server();
  }

  private static Peer destinationPeer(String name, String database) {
    PostgresServer server = destination();
    return Peer.of(name, server.url(database), server.user(), server.password());
  }

  @Test
  void everyCommandDoesWhatThePageSays() throws Exception {
    GuidePage.blocks().stream()
        .filter(block -> Set.of("bash", "sql", "json").contains(block.language()))
        .dropWhile(block -> !block.section().equals("Pausing a mirror"))
        .forEach(blocks::add);
    try (TestServer server =
        TestServer.start(
            List.of(
                TestServer.peer("source_db", databases.source()),
                destinationPeer("dest_db", "production"),
                destinationPeer("analytics_db", "analytics")))) {
      GuideShell shell = new GuideShell(server, destination(), folder);
      server.createRunning(STAGING, "public.users", "public.orders");
      String analytics =
          TestServer.creation("prod_to_analytics", "public.users")
              .replace("dest_db", "analytics_db");
      assertThat(server.post("/v1/mirrors", analytics).status()).isEqualTo(201);
      server.awaitStatus("prod_to_analytics", "RUNNING");

      runWithAnswer("Pausing a mirror", shell);
      runWithAnswer("Pausing a mirror", shell);
      databases.source().execute("INSERT INTO users VALUES (101, 'new')");
      runWithAnswer("Changing the tables while paused", shell);
      runWithAnswer("Resuming a mirror", shell);
      runWithAnswer("Resuming a mirror", shell);
      awaitRows(101, "users");
      awaitRows(100, "products");
      assertThat(columns("production", "products")).containsExactly("id");

      Block slots = next("Watching the slot of a paused mirror", "sql");
      assertThat(databases.source().queryStrings(slots.text())).contains("bunny_" + STAGING);

      List<JsonNode> answers = run("A change of the schema", shell).answers();
      assertThat(message(answers.get(0))).isEqualTo("Mirror 'prod_to_staging' paused successfully");
      assertThat(message(answers.get(1)))
          .isEqualTo("Schema synced successfully for mirror 'prod_to_staging'");
      assertThat(answers.get(1).get("changes")).isEmpty();
      assertThat(message(answers.get(answers.size() - 1)))
          .isEqualTo("Mirror 'prod_to_staging' resumed successfully");
      assertThat(columns("production", "users")).contains("last_login");
      databases.source().execute("INSERT INTO users VALUES (102, 'newer')");
      awaitRows(102, "users");

      Output maintenance = run("A maintenance script", shell);
      assertThat(maintenance.answers()).hasSize(4);
      for (String done : List.of("paused", "resumed")) {
        for (String mirror : List.of(STAGING, "prod_to_analytics")) {
          assertThat(maintenance.text()).contains("Mirror '" + mirror + "' " + done);
        }
      }

      loseSlot(server);
      run("When it does not go on", shell);
      runWithAnswer("When it does not go on", shell);
      assertThat(server.get("/v1/mirrors/" + STAGING).status()).isEqualTo(404);
      assertThat(rows("production", "users")).isEqualTo(102);
      run("When it does not go on", shell);
      assertThat(rows("production", "users")).isZero();
      assertThat(run("When it does not go on", shell).text()).contains("\"" + STAGING + "\"");
      server.awaitStatus(STAGING, "RUNNING");
      assertThat(rows("production", "users")).isEqualTo(102);
      runWithAnswer("When it does not go on", shell);

      assertThat(blocks).noneMatch(block -> block.text().contains("curl"));
      server.drop(STAGING);
      server.drop("prod_to_analytics");
    }
  }

  private static void loseSlot(TestServer server) {
    server.post("/v1/mirrors/" + STAGING + "/pause").message();
    Await.until(
        SOON,
        "the slot is dropped",
        () ->
            databases
                    .source()
                    .queryStrings("SELECT pg_drop_replication_slot('bunny_" + STAGING + "')")
                    .size()
                == 1);
    assertThat(server.post("/v1/mirrors/" + STAGING + "/resume").status()).isEqualTo(409);
  }

  private Block next(String section, String language) {
    Block block = blocks.removeFirst();
    assertThat(block.section()).as("section at line %s", block.line()).isEqualTo(section);
    assertThat(block.language()).as("language at line %s", block.line()).isEqualTo(language);
    return block;
  }

  private Output run(String section, GuideShell shell) throws Exception {
    return shell.run(next(section, "bash").text());
  }

  /** Runs the next command and holds its answer against the page's. */
  private void runWithAnswer(String section, GuideShell shell) throws Exception {
    List<JsonNode> answers = run(section, shell).answers();
    Block shown = next(section, "json");
    JsonNode expected = Json.read(shown.text().getBytes(StandardCharsets.UTF_8));
    assertThat(answers).hasSize(1);
    JsonNode answer = answers.get(0);
    expected
        .properties()
        .forEach(
            field -> {
              JsonNode value = answer.get(field.getKey());
              assertThat(value).as("%s at line %s", field.getKey(), shown.line()).isNotNull();
              assertThat(value.isNumber()).isEqualTo(field.getValue().isNumber());
              if (field.getValue().isTextual()) {
                assertThat(value).isEqualTo(field.getValue());
              }
            });
  }

  private static String message(JsonNode answer) {
    return answer.path("message").textValue();
  }

  private static void awaitRows(long count, String table) {
    Await.until(SOON, count + " rows in " + table, () -> rows("production", table) == count);
  }

  private static long rows(String database, String table) {
    return Long.parseLong(query(database, "SELECT count(*)::text FROM " + table).get(0));
  }

  private static List<String> columns(String database, String table) {
    return query(
        database,
        "SELECT attname::text FROM pg_attribute WHERE attrelid = '"
            + table
            + "'::regclass AND attnum > 0");
  }

  private static List<String> query(String database, String sql) {
    try (Connection connection = Connections.open(destinationPeer("x", database));
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      List<String> values = new ArrayList<>();
      while (row.next()) {
        values.add(row.getString(1));
      }
      return values;
    } catch (SQLException e) {
      throw new AssertionError(sql, e);
    }
  }
}
