package io.bunnydb.examples.control;

import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A server that operates mirrors for those who call it: REST under {@code /v1/mirrors}, {@code
 * /metrics} for Prometheus, a page at {@code /}.
 *
 * <p>Thread-safe. {@link #close} ends the mirrors' work and drops nothing; the next server goes on
 * with them.
 */
public final class ControlServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ControlServer.class);
  private static final String PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8";

  private final Fleet fleet;
  private final StatusReader statuses;
  private final PrometheusMeterRegistry meters =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final MirrorMetrics metrics;
  private final Javalin http;

  private ControlServer(ControlConfig config, Tokens tokens) {
    this.fleet = new Fleet(config.peers());
    this.statuses = new StatusReader(fleet);
    this.metrics = new MirrorMetrics(statuses::statuses);
    metrics.bindTo(meters);
    MirrorRoutes mirrors = new MirrorRoutes(fleet, statuses, config.peers());
    this.http = Javalin.create(javalin -> configure(javalin, tokens, mirrors));
  }

  /**
   * Finds the mirrors that the peers remember, starts them, and listens.
   *
   * @param config where to listen, and the peers
   * @param tokens who may do what
   * @return the server; to be closed
   * @throws RuntimeException if it cannot listen at that address
   */
  public static ControlServer start(ControlConfig config, Tokens tokens) {
    ControlServer server = new ControlServer(config, tokens);
    try {
      server.fleet.start();
      server.http.start(config.host(), config.port());
    } catch (RuntimeException | Error e) {
      try (server) {
        throw e;
      }
    }
    LOG.info("listening at http://{}:{}", config.host(), server.port());
    return server;
  }

  /**
   * Runs a server until the process is stopped.
   *
   * @param arguments the configuration file
   */
  public static void main(String[] arguments) {
    if (arguments.length != 1) {
      System.err.println("usage: ControlServer CONFIGURATION_FILE (see docs/control-server.md)");
      System.exit(2);
    }
    Map<String, String> environment = System.getenv();
    ControlServer server;
    try {
      server =
          start(
              ControlConfig.read(Path.of(arguments[0]), environment),
              Tokens.ofEnvironment(environment));
    } catch (IllegalArgumentException | IOException | UncheckedIOException e) {
      System.err.println(e.getMessage());
      System.exit(2);
      return;
    }
    Runtime.getRuntime().addShutdownHook(new Thread(server::close, "control-stop"));
  }

  /** The port that it listens at. */
  public int port() {
    return http.port();
  }

  private void configure(JavalinConfig javalin, Tokens tokens, MirrorRoutes mirrors) {
    javalin.startup.showJavalinBanner = false;
    javalin.startup.showOldJavalinVersionWarning = false;
    javalin.http.prefer405over404 = true;
    TransportErrors malformed = new TransportErrors();
    javalin.jetty.modifyServer(server -> server.setErrorHandler(malformed));
    javalin.jetty.modifyServletContextHandler(context -> context.setErrorHandler(malformed));
    javalin.routes.before(new Gate(tokens));
    javalin.routes.get("/health", ctx -> MirrorRoutes.answer(ctx, Map.of("status", "ok")));
    javalin.routes.get(
        "/metrics",
        ctx -> {
          metrics.refresh();
          ctx.contentType(PROMETHEUS_TEXT).result(meters.scrape().getBytes(StandardCharsets.UTF_8));
        });
    mirrors.register(javalin.routes);
    Page.register(javalin.routes);
    ErrorAnswers.register(javalin.routes);
  }

  /** Stops to listen, then closes the mirrors; drops nothing. */
  @Override
  public void close() {
    // In reverse, each even if another fails.
    try (statuses;
        fleet) {
      http.stop();
    } finally {
      meters.close();
    }
  }
}
