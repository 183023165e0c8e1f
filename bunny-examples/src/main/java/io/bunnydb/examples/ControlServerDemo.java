package io.bunnydb.examples;

import io.bunnydb.Peer;
import io.bunnydb.examples.control.ControlConfig;
import io.bunnydb.examples.control.ControlServer;
import io.bunnydb.examples.control.Tokens;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * The control server on databases of its own: two PostgreSQL servers, three tables in which a sale
 * is made each second, the mirrors {@code prod_to_staging} and {@code prod_to_analytics}.
 *
 * <p>With the system property {@code control.config} it is the control server alone, with that
 * configuration file. {@code control.port} is another port than 8112. Ctrl-C stops it and leaves
 * nothing behind.
 */
public final class ControlServerDemo {
  private static final Duration BETWEEN_SALES = Duration.ofSeconds(1);

  /** Without products, which the guide adds to it. */
  private static final String STAGING =
      """
      {"name": "prod_to_staging", "source_peer": "source_db", "destination_peer": "dest_db",
       "table_mappings": [
         {"source_table": "public.users", "destination_table": "public.users"},
         {"source_table": "public.orders", "destination_table": "public.orders"}]}
      """;

  private static final String ANALYTICS =
      """
      {"name": "prod_to_analytics", "source_peer": "source_db", "destination_peer": "analytics_db",
       "table_mappings": [
         {"source_table": "public.users", "destination_table": "public.users"},
         {"source_table": "public.orders", "destination_table": "public.orders"},
         {"source_table": "public.products", "destination_table": "public.products",
          "exclude_columns": ["internal_cost"]}]}
      """;

  private ControlServerDemo() {}

  /** Runs until Ctrl-C; ends the JVM with exit code 1 if it cannot. */
  public static void main(String[] arguments) throws Exception {
    String configuration = System.getProperty("control.config");
    if (configuration != null) {
      ControlServer.main(new String[] {configuration});
      Thread.currentThread().join();
    }
    ConsoleView view = ConsoleView.ofStandardOutput();
    OpenResources open =
        OpenResources.closedOnCtrlC(
            () -> view.farewell("Stopping the control server and both databases."));
    try (open) {
      run(view, open);
    } catch (Exception e) {
      if (!open.isStopped()) {
        e.printStackTrace();
        System.exit(1);
      }
    }
  }

  private static void run(ConsoleView view, OpenResources open) throws Exception {
    EmbeddedServers servers = open.open(EmbeddedServers::start);
    Peer source = servers.createOnSource("source_db", "shop");
    List<Peer> peers =
        List.of(
            source,
            servers.createOnDestination("dest_db", "production"),
            servers.createOnDestination("analytics_db", "analytics"));
    GuideShop.create(source);

    Map<String, String> environment = System.getenv();
    String admin = environment.getOrDefault("BUNNY_ADMIN_TOKEN", Tokens.random());
    String readOnly = environment.getOrDefault("BUNNY_READ_TOKEN", Tokens.random());
    int port = Integer.getInteger("control.port", ControlConfig.DEFAULT_PORT);
    ControlServer server =
        open.open(
            () -> ControlServer.start(ControlConfig.of(port, peers), Tokens.of(admin, readOnly)));
    String url = "http://localhost:" + server.port();
    create(url, admin, STAGING);
    create(url, admin, ANALYTICS);

    view.say("Bunny's control server listens at " + url);
    view.say("admin token      " + admin);
    view.say("read-only token  " + readOnly);
    view.say("mirrors          prod_to_staging, prod_to_analytics");
    view.say("databases        " + servers + ", user postgres");
    view.say("Ctrl-C stops it.");
    while (true) {
      open.linger(BETWEEN_SALES);
      GuideShop.sell(source);
    }
  }

  private static void create(String url, String token, String request) throws Exception {
    HttpResponse<String> answer =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create(url + "/v1/mirrors"))
                    .header("Authorization", "Bearer " + token)
                    .POST(HttpRequest.BodyPublishers.ofString(request))
                    .build(),
                HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != 201) {
      throw new IllegalStateException(answer.body());
    }
  }
}
