package io.bunnydb.examples.control;

import io.bunnydb.Peer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;

/** Connections of the server itself; each mirror has its own. */
final class Connections {
  private Connections() {}

  /**
   * Opens a connection in autocommit mode. One that is silent for half a minute is given up.
   *
   * @throws SQLException if the peer cannot be reached within ten seconds, or refuses
   */
  static Connection open(Peer peer) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", peer.user());
    properties.setProperty("password", peer.password());
    properties.setProperty("ApplicationName", "bunny-control");
    properties.setProperty("connectTimeout", "10"); // seconds
    properties.setProperty("loginTimeout", "10");
    properties.setProperty("socketTimeout", "30");
    return DriverManager.getConnection(peer.url(), properties);
  }
}
