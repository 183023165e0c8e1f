package io.bunnydb.benchmarks.endtoend;

import io.bunnydb.Peer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;
import org.postgresql.PGConnection;

/**
 * A database on one of the two servers, reached as a superuser. Its statements run on one
 * connection, opened for the first of them: new ones cost more than a small run. Not thread-safe,
 * except for {@link #connect} and the address.
 */
final class Database implements AutoCloseable {
  private final String host;
  private final String port;
  private final String name;
  private final String parameters; // the URL's part from the question mark on, or empty
  private final String user;
  private final String password; // or empty
  private @Nullable Connection own;

  private Database(
      String host, String port, String name, String parameters, String user, String password) {
    this.host = host;
    this.port = port;
    this.name = name;
    this.parameters = parameters;
    this.user = user;
    this.password = password;
  }

  /**
   * The database that a JDBC URL names.
   *
   * @param option where the URL comes from, for the message
   * @throws IllegalArgumentException if the driver does not understand the URL, or it names several
   *     hosts
   */
  static Database of(String option, String url, String user, String password) {
    @Nullable Properties parsed = Driver.parseURL(url, null);
    if (parsed == null || parsed.getProperty("PGHOST", ",").contains(",")) {
      throw new IllegalArgumentException(
          option + " needs a URL such as jdbc:postgresql://host:5432/postgres, not '" + url + "'");
    }
    int mark = url.indexOf('?');
    return new Database(
        parsed.getProperty("PGHOST"),
        parsed.getProperty("PGPORT"),
        parsed.getProperty("PGDBNAME", user),
        mark < 0 ? "" : url.substring(mark),
        user,
        password);
  }

  /** Another database of the same server. */
  Database named(String other) {
    return new Database(host, port, other, parameters, user, password);
  }

  /** The same database by another address. */
  Database at(String otherHost, int otherPort) {
    return new Database(otherHost, Integer.toString(otherPort), name, parameters, user, password);
  }

  /** The server's host. */
  String host() {
    return host;
  }

  /** The server's port. */
  String port() {
    return port;
  }

  /** The database's name. */
  String name() {
    return name;
  }

  /** The role. */
  String user() {
    return user;
  }

  /** Its password, or empty. */
  String password() {
    return password;
  }

  /** The JDBC URL, without user and password. */
  String url() {
    return "jdbc:postgresql://" + host + ":" + port + "/" + name + parameters;
  }

  /** The same address in libpq's words, as a subscription wants it. */
  String conninfo() {
    return "host=%s port=%s dbname=%s user=%s"
            .formatted(word(host), word(port), word(name), word(user))
        + (password.isEmpty() ? "" : " password=" + word(password));
  }

  /** This database as a side of a mirror. */
  Peer peer(String side) {
    return Peer.of(side, url(), user, password);
  }

  /** Opens another connection, in autocommit mode. */
  Connection connect() throws SQLException {
    return DriverManager.getConnection(url(), user, password);
  }

  /** Runs statements, each in its own transaction. */
  void execute(String... statements) throws SQLException {
    try (Statement statement = own().createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  /** The first column of the only row; a null counts as an error. */
  String value(String query, Object... parameters) throws SQLException {
    List<String> values = values(query, parameters);
    if (values.size() != 1) {
      throw new SQLException(values.size() + " rows instead of one from " + query);
    }
    return values.get(0);
  }

  /** The first column of each row, without nulls. */
  List<String> values(String query, Object... parameters) throws SQLException {
    try (PreparedStatement statement = own().prepareStatement(query)) {
      for (int i = 0; i < parameters.length; i++) {
        statement.setObject(i + 1, parameters[i]);
      }
      List<String> values = new ArrayList<>();
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          @Nullable String value = rows.getString(1);
          if (value != null) {
            values.add(value);
          }
        }
      }
      return values;
    }
  }

  /** The major version of the server, such as 18. */
  int major() throws SQLException {
    return Integer.parseInt(value("SELECT current_setting('server_version_num')")) / 10_000;
  }

  /** Whether the server shares this machine's process table, as far as its address tells. */
  boolean isLocal() {
    return host.equals("localhost") || host.equals("::1") || host.startsWith("127.");
  }

  /** Ends the connection, if there is one. */
  @Override
  public void close() throws SQLException {
    if (own != null) {
      own.close();
    }
  }

  /** The address, without the password. */
  @Override
  public String toString() {
    return url() + " as " + user;
  }

  private Connection own() throws SQLException {
    if (own == null) {
      own = connect();
      // The tables change under the same statements.
      own.unwrap(PGConnection.class).setPrepareThreshold(0);
    }
    return own;
  }

  private static String word(String value) {
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'";
  }
}
