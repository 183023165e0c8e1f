package io.bunnydb.benchmarks.endtoend;

import java.sql.SQLException;
import java.util.List;

/**
 * A database of our own on either server, emptied for each turn and dropped at the end. Not
 * thread-safe.
 */
final class Databases implements AutoCloseable {
  private static final String NAME = "bunny_endtoend_" + ProcessHandle.current().pid();

  private final Servers servers;
  private final Database source;
  private final Database sourceOfContenders;
  private final Database destination;

  private Databases(Servers servers) {
    this.servers = servers;
    this.source = servers.source().named(NAME + "_source");
    this.sourceOfContenders = servers.sourceOfContenders().named(NAME + "_source");
    this.destination = servers.destination().named(NAME + "_destination");
  }

  /** Makes both databases, empty. */
  static Databases create(Servers servers) throws SQLException {
    Databases databases = new Databases(servers);
    servers.source().execute("CREATE DATABASE " + databases.source.name());
    servers.destination().execute("CREATE DATABASE " + databases.destination.name());
    return databases;
  }

  /** The database that is written. */
  Database source() {
    return source;
  }

  /** The same database as the contenders reach it: the way there may be longer. */
  Database sourceOfContenders() {
    return sourceOfContenders;
  }

  /** The database that follows it. */
  Database destination() {
    return destination;
  }

  /** Runs the same statements on both sides. */
  void execute(List<String> statements) throws SQLException {
    source.execute(statements.toArray(new String[0]));
    destination.execute(statements.toArray(new String[0]));
  }

  /** Drops all tables and publications, so that no turn inherits anything of another. */
  void clear() throws SQLException {
    for (String publication : source.values("SELECT quote_ident(pubname) FROM pg_publication")) {
      source.execute("DROP PUBLICATION " + publication);
    }
    execute(List.of("DROP SCHEMA public CASCADE", "CREATE SCHEMA public"));
  }

  /** Does what the servers would otherwise do while the clock runs. */
  void settle(List<String> tables) throws SQLException {
    execute(List.of("VACUUM (ANALYZE) " + String.join(", ", tables), "CHECKPOINT"));
  }

  /** Drops both databases; the contenders must have been closed. */
  @Override
  public void close() throws SQLException {
    destination.close();
    source.close();
    servers.destination().execute("DROP DATABASE " + destination.name() + " WITH (FORCE)");
    servers.source().execute("DROP DATABASE " + source.name() + " WITH (FORCE)");
  }
}
