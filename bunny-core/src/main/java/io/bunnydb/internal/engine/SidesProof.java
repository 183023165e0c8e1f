package io.bunnydb.internal.engine;

import io.bunnydb.MirrorException;
import io.bunnydb.MirrorState;
import io.bunnydb.internal.apply.Ownership;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.SourceIdentity;
import java.sql.Connection;
import java.sql.SQLException;

/**
 * Proves that connections beside the mirror's work lead to the servers that it reads and writes: an
 * address may lead to several, as while it is switched over, or to a replica. Thread-safe.
 */
final class SidesProof {
  // A primary becomes a standby by a restart alone, which ends the connection.
  private static final String IDENTITY =
      """
      SELECT c.system_identifier,
             CASE WHEN pg_catalog.pg_is_in_recovery() THEN 0
                  ELSE ('x' || pg_catalog.left(pg_catalog.pg_walfile_name(
                          pg_catalog.pg_current_wal_insert_lsn()), 8))::bit(32)::int END,
             pg_catalog.current_database()
      FROM pg_catalog.pg_control_system() c
      """;

  private final MirrorContext context;

  SidesProof(MirrorContext context) {
    this.context = context;
  }

  /**
   * Holds both sides against the mirror and its checkpoint.
   *
   * @param source in autocommit mode
   * @param destination in autocommit mode
   * @return the checkpoint
   * @throws MirrorException if one leads elsewhere
   */
  Checkpoint prove(Connection source, Connection destination) throws SQLException {
    proveDestination(destination);
    String mirror = context.config().name();
    Checkpoint checkpoint =
        context
            .config()
            .store()
            .load(mirror, destination)
            .orElseThrow(() -> refusal("the checkpoint store does not know the mirror"));
    SourceIdentity found =
        Sql.query(
                source,
                IDENTITY,
                row ->
                    new SourceIdentity(
                        Long.toUnsignedString(row.getLong(1)), row.getInt(2), row.getString(3)))
            .get(0);
    if (!found.equals(checkpoint.source())) {
      throw refusal(
          "the source's address leads to "
              + SourceProof.describe(found)
              + (found.timeline() == 0 ? " (a standby)" : "")
              + ", and the mirror reads from "
              + SourceProof.describe(checkpoint.source()));
    }
    String server = Catalog.server(source);
    if (!context.control().mayLeadTo(server)) {
      throw refusal("the source's address leads to another server than the mirror's, " + server);
    }
    return checkpoint;
  }

  private void proveDestination(Connection destination) throws SQLException {
    if (Sql.queryBoolean(destination, "SELECT pg_catalog.pg_is_in_recovery()")) {
      throw refusal("the destination's address leads to a standby");
    }
    // The session of a paused mirror may have been lost since.
    boolean isRunning = context.lifecycle().state() == MirrorState.RUNNING;
    if (isRunning
        && !Ownership.isOwner(destination, context.config().name(), context.destination().pid())) {
      throw refusal(
          "the session that writes for the mirror is not on the server to which the destination's"
              + " address leads");
    }
  }

  private MirrorException refusal(String what) {
    return new MirrorException(
        context.config().name(), what + "; call again when all lead to one", null);
  }
}
