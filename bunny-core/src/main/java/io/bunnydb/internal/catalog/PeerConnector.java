package io.bunnydb.internal.catalog;

import io.bunnydb.Peer;
import io.bunnydb.PeerConnectionException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;

/**
 * Opens connections of one mirror to one peer, with all session settings that give a value its text
 * form, or SQL its meaning, fixed, so that both sides write and read the same text. Thread-safe.
 */
public final class PeerConnector {
  private static final int MAX_NAME_BYTES = 63;

  /** SQLSTATE of a connection that cannot be made; time may cure that. */
  private static final String CANNOT_CONNECT = "08001";

  private static final String SETTINGS =
      """
      SET DateStyle = 'ISO, MDY'; SET IntervalStyle = 'postgres'; SET TimeZone = 'UTC';
      SET extra_float_digits = 3; SET bytea_output = 'hex'; SET lc_monetary = 'C';
      SET xmloption = 'content'; SET array_nulls = on; SET search_path = '';
      SET standard_conforming_strings = on; SET quote_all_identifiers = off;
      SET transform_null_equals = off; SET statement_timeout = 0;
      SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0;
      SET idle_session_timeout = 0; SET row_security = off;
      SET default_transaction_isolation = 'read committed';
      SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3;
      SELECT pg_catalog.set_config('transaction_timeout', '0', false)
      WHERE pg_catalog.current_setting('transaction_timeout', true) IS NOT NULL;
      """;

  private final String mirror;
  private final Peer peer;
  private final @Nullable String server; // the only one to connect to; null for any

  /**
   * A connector.
   *
   * @param mirror the mirror's name, shown in {@code pg_stat_activity}
   * @param peer where to connect to
   */
  public PeerConnector(String mirror, Peer peer) {
    this(mirror, peer, null);
  }

  private PeerConnector(String mirror, Peer peer, @Nullable String server) {
    this.mirror = mirror;
    this.peer = peer;
    this.server = server;
  }

  /**
   * A connector that leads to the server of a connection alone, so that what is asked there holds
   * for all of its connections: while a name or a proxy is switched over, the same address leads
   * one connection here and the next one there. It asks replication connections, too ("Streaming
   * Replication Protocol" in the PostgreSQL documentation: one to a database takes SQL).
   */
  public PeerConnector toServerOf(Connection connection) throws SQLException {
    return new PeerConnector(mirror, peer, Catalog.server(connection));
  }

  /**
   * Opens an ordinary connection, in autocommit mode.
   *
   * @param role what it is for, one word
   * @throws PeerConnectionException if the peer cannot be reached or refuses
   */
  public Connection open(String role) {
    Properties properties = new Properties();
    // Parameters without a declared type take the type of the column they are written to.
    properties.setProperty("stringtype", "unspecified");
    return open(role, properties);
  }

  /**
   * Opens a connection that speaks the replication protocol beside SQL.
   *
   * @param role what it is for, one word
   * @param extra further driver properties
   * @throws PeerConnectionException if the peer cannot be reached or refuses
   */
  public Connection openReplication(String role, Properties extra) {
    Properties properties = new Properties();
    properties.putAll(extra);
    properties.setProperty("replication", "database");
    properties.setProperty("preferQueryMode", "simple");
    return open(role, properties);
  }

  private Connection open(String role, Properties properties) {
    Properties url = urlParameters();
    if (url.containsKey("socketFactory")) {
      // The network may be reachable by that factory only.
      properties.remove("socketFactory");
      properties.remove("socketFactoryArg");
    }
    url.forEach(properties::putIfAbsent);
    properties.setProperty("user", peer.user());
    properties.setProperty("password", peer.password());
    properties.setProperty("ApplicationName", applicationName(role));
    properties.setProperty("tcpKeepAlive", "true");
    // The name goes out with the login; an older server understands that as well.
    properties.setProperty("assumeMinServerVersion", "14");
    // Each row of a batch is counted, and named if it fails.
    properties.setProperty("reWriteBatchedInserts", "false");
    // The detail of an error shows the values of a row.
    properties.setProperty("logServerErrorDetail", "false");
    properties.putIfAbsent("connectTimeout", "10");
    properties.putIfAbsent("loginTimeout", "30");
    try {
      Connection connection = new Driver().connect(baseUrl(), properties);
      if (connection == null) {
        throw new PeerConnectionException(
            mirror, "the URL of peer " + peer.name() + " cannot be understood; check it", null);
      }
      try {
        Sql.execute(connection, SETTINGS);
        refuseOtherServer(connection);
        return connection;
      } catch (SQLException | RuntimeException e) {
        connection.close();
        throw e;
      }
    } catch (SQLException e) {
      throw new PeerConnectionException(mirror, "peer " + peer + ": " + advice(e), e);
    }
  }

  private void refuseOtherServer(Connection connection) throws SQLException {
    if (server == null) {
      return;
    }
    String reached = Catalog.server(connection);
    if (!server.equals(reached)) {
      String what = "one connection led to " + server + ", another to " + reached;
      throw new PeerConnectionException(
          mirror,
          "peer "
              + peer
              + ": "
              + what
              + "; nothing is read until all lead to one server: give it an address that leads to"
              + " the primary alone, if it is not just being switched over",
          new SQLException(what, CANNOT_CONNECT));
    }
  }

  private String baseUrl() {
    int parameters = peer.url().indexOf('?');
    return parameters < 0 ? peer.url() : peer.url().substring(0, parameters);
  }

  /** The URL's own parameters; by themselves they would outweigh the properties. */
  private Properties urlParameters() {
    Properties parsed = Driver.parseURL(peer.url(), null);
    if (parsed == null) {
      throw new PeerConnectionException(
          mirror, "the URL of peer " + peer.name() + " cannot be understood; check it", null);
    }
    for (String address : List.of("PGHOST", "PGPORT", "PGDBNAME")) {
      parsed.remove(address);
    }
    return parsed;
  }

  /**
   * The name under which the server shows a session for something: the mirror first, then who we
   * are, as a second process is told this name.
   */
  public String applicationName(String role) {
    String owner = " " + role + " " + ProcessHandle.current().pid() + "@" + hostName();
    String name = "bunny " + mirror + owner;
    return name.length() <= MAX_NAME_BYTES
        ? name
        : name.substring(0, Math.max(6, MAX_NAME_BYTES - owner.length())) + owner;
  }

  private static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "unknown";
    }
  }

  private static String advice(SQLException e) {
    String state = e.getSQLState() == null ? "" : e.getSQLState();
    String advice =
        switch (state) {
          case "28P01", "28000" ->
              "the server refused the login; check user, password and pg_hba.conf";
          case "3D000" -> "the database does not exist; check the URL";
          case "42501" -> "the role has not the right to connect so; ALTER ROLE ... REPLICATION";
          case "53300" ->
              "the server has no free connection; raise max_connections or, for replication,"
                  + " max_wal_senders, or close some";
          default ->
              state.startsWith("08")
                  ? "unreachable; check host, port and network"
                  : "the connection failed";
        };
    return advice + " (" + e.getMessage() + ")";
  }
}
