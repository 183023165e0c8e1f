package io.bunnydb.benchmarks.endtoend;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The two servers that are measured on: given ones, or a pair that lives as long as this object.
 * Not thread-safe.
 */
final class Servers implements AutoCloseable {
  private static final String USER = "postgres";

  /**
   * As in production where durability is concerned. A backlog of a million rows shall not set off a
   * checkpoint of its own while the clock runs.
   */
  private static final Map<String, String> SETTINGS =
      Map.ofEntries(
          Map.entry("fsync", "on"),
          Map.entry("synchronous_commit", "on"),
          Map.entry("wal_level", "logical"),
          Map.entry("max_wal_senders", "20"),
          Map.entry("max_replication_slots", "20"),
          Map.entry("max_connections", "100"),
          Map.entry("max_wal_size", "8GB"),
          Map.entry("min_wal_size", "640MB"),
          Map.entry("shared_buffers", "512MB"),
          Map.entry("checkpoint_timeout", "30min"));

  private static final int LOG_FILES = 40; // of 16 MB, which is min_wal_size

  private final List<EmbeddedPostgres> started = new ArrayList<>();
  private final Database source;
  private final Database destination;
  private final Duration latency; // added for the contenders
  private Database distant; // the source, by way of the proxy if there is one
  private @Nullable LatencyProxy proxy;

  private Servers(Options options) {
    this.source = options.source().orElseGet(this::start);
    this.destination = options.destination().orElseGet(this::start);
    this.latency = options.latency();
    this.distant = source;
  }

  /** The servers that the options name, else two new ones. */
  static Servers of(Options options) throws SQLException {
    Servers servers = new Servers(options);
    try {
      if (!servers.started.isEmpty()) {
        fillLog(servers.source);
        fillLog(servers.destination);
      }
      servers.startProxy();
      return servers;
    } catch (SQLException | RuntimeException e) {
      servers.close();
      throw e;
    }
  }

  /** The source server's database for administration. */
  Database source() {
    return source;
  }

  /** The destination server's database for administration. */
  Database destination() {
    return destination;
  }

  /** The source server as the contenders reach it: the way there may be longer. */
  Database sourceOfContenders() {
    return distant;
  }

  /** Ends the connections, and what was started here. */
  @Override
  public void close() throws SQLException {
    if (proxy != null) {
      proxy.close();
    }
    destination.close();
    source.close();
    for (EmbeddedPostgres server : started) {
      try {
        server.close();
      } catch (IOException e) {
        throw new UncheckedIOException("stopping an embedded server", e);
      }
    }
  }

  /** Where the destination is elsewhere, it connects to this machine by the address it sees. */
  private void startProxy() throws SQLException {
    if (latency.isZero()) {
      return;
    }
    String here =
        destination.isLocal()
            ? InetAddress.getLoopbackAddress().getHostAddress()
            : destination.value("SELECT host(inet_client_addr())");
    InetSocketAddress server =
        new InetSocketAddress(source.host(), Integer.parseInt(source.port()));
    proxy = LatencyProxy.start(server, latency, here);
    distant = source.at(here, proxy.port());
  }

  /**
   * Has a new server what one that has run for a while has: log files to use again. To make one
   * takes a tenth of a second, in which nothing commits.
   */
  private static void fillLog(Database server) throws SQLException {
    for (int i = 0; i < LOG_FILES; i++) {
      server.execute("SELECT pg_logical_emit_message(false, 'bench', ''), pg_switch_wal()");
    }
    server.execute("CHECKPOINT");
  }

  private Database start() {
    try {
      // Stops by a hook of its own where this program is interrupted.
      EmbeddedPostgres.Builder builder =
          EmbeddedPostgres.builder()
              .setLocaleConfig("locale", "C")
              .setPGStartupWait(Duration.ofMinutes(1));
      SETTINGS.forEach(builder::setServerConfig);
      EmbeddedPostgres server = builder.start();
      started.add(server);
      return Database.of("embedded", server.getJdbcUrl(USER, "postgres"), USER, "");
    } catch (IOException e) {
      throw new UncheckedIOException("starting an embedded server", e);
    }
  }
}
