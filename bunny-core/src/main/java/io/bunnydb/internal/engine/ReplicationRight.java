package io.bunnydb.internal.engine;

import io.bunnydb.ErrorKind;
import io.bunnydb.Peer;
import io.bunnydb.PeerConnectionException;
import io.bunnydb.internal.catalog.ErrorKinds;
import io.bunnydb.internal.catalog.PeerConnector;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.source.ReplicationStream;
import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * Finds out whether the role may read the source's log, by asking as a reader does: services
 * without a superuser give that right in ways of their own.
 *
 * @param peer the source
 * @param connector how to reach it
 * @param source a connection to it
 */
record ReplicationRight(Peer peer, PeerConnector connector, Connection source) {
  private static final String TOO_MANY_CONNECTIONS = "53300";

  /**
   * Connects as a reader of the source's log.
   *
   * @param findings takes a refusal for want of the right
   * @return the connection; null where the right is missing, or no reader more is let in, which has
   *     been found already
   */
  @Nullable ReplicationStream connect(Findings findings, StopSignal stop) throws SQLException {
    try {
      return ReplicationStream.connect(connector.toServerOf(source), stop);
    } catch (PeerConnectionException e) {
      Throwable refusal = e.getCause();
      if (ErrorKinds.ofSqlState(e.sqlState()) == ErrorKind.PRIVILEGE && refusal != null) {
        findings.error(
            null,
            "role "
                + Sql.identifier(peer.user())
                + " may not read the source's log: "
                + refusal.getMessage(),
            cure());
        return null;
      }
      if (TOO_MANY_CONNECTIONS.equals(e.sqlState()) && findings.hasErrors()) {
        return null;
      }
      throw e;
    }
  }

  private String cure() throws SQLException {
    String role = Sql.identifier(peer.user());
    boolean isRds =
        Sql.queryBoolean(
            source, "SELECT true FROM pg_catalog.pg_roles WHERE rolname = 'rds_replication'");
    return isRds ? "GRANT rds_replication TO " + role : "ALTER ROLE " + role + " REPLICATION";
  }
}
