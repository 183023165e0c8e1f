package io.bunnydb.benchmarks.endtoend;

import io.bunnydb.testing.PostgresServer;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The two servers that are measured on: given ones, or a pair that lives as long as this object.
 * Not thread-safe.
 */
final class Servers implements AutoCloseable {

  /** A backlog of a million rows shall not set off a checkpoint of its own while the clock runs. */
  private static final Map<String, String> SETTINGS =
      Map.of("max_wal_size", "8GB", "shared_buffers", "512MB", "checkpoint_timeout", "30min");

  private final List<PostgresServer> started = new ArrayList<>();
  private final Database source;
  private final Database destination;

  private Servers(Options options) {
    this.source = options.source().orElseGet(this::start);
    this.destination = options.destination().orElseGet(this::start);
  }

  /** The servers that the options name, else two new ones. */
  static Servers of(Options options) {
    return new Servers(options);
  }

  /** The source server's database for administration. */
  Database source() {
    return source;
  }

  /** The destination server's database for administration. */
  Database destination() {
    return destination;
  }

  /** Ends the connections, and the servers that were started here. */
  @Override
  public void close() throws SQLException {
    destination.close();
    source.close();
    for (PostgresServer server : started) {
      server.close();
    }
  }

  private Database start() {
    PostgresServer server = PostgresServer.start(SETTINGS);
    started.add(server);
    // Also where this program is interrupted; closing twice does nothing.
    Runtime.getRuntime().addShutdownHook(new Thread(server::close, "stop " + server));
    return Database.of("embedded", server.url("postgres"), server.user(), server.password());
  }
}
