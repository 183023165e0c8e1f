package io.bunnydb.internal.engine;

import io.bunnydb.TableName;
import io.bunnydb.internal.apply.Applier;
import io.bunnydb.internal.apply.Durability;
import io.bunnydb.internal.apply.Ownership;
import io.bunnydb.internal.apply.WriterSettings;
import io.bunnydb.internal.catalog.StopSignal;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import org.postgresql.PGConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The sessions that write beside the one that owns the mirror. Used by the applying thread. */
final class HelperSessions implements Applier.Sessions {
  private static final Logger LOG = LoggerFactory.getLogger(HelperSessions.class);

  private final MirrorContext context;
  private final StopSignal stop;
  private final Connection owner;
  private final Durability durability;
  private final LateConstraints constraints;

  /**
   * Opens none yet.
   *
   * @param stop cancels what they do
   * @param owner the session that owns the mirror
   * @param durability knows whether they wait for their commits
   * @param constraints the session that validates them
   */
  HelperSessions(
      MirrorContext context,
      StopSignal stop,
      Connection owner,
      Durability durability,
      LateConstraints constraints) {
    this.context = context;
    this.stop = stop;
    this.owner = owner;
    this.durability = durability;
    this.constraints = constraints;
  }

  @Override
  public Connection open() throws SQLException {
    Connection opened = context.destinationPeer().open("apply");
    try {
      stop.guard(opened);
      WriterSettings.prepare(opened);
      durability.defer(opened);
      opened.setAutoCommit(false);
      Ownership.joinAsHelper(
          opened, context.config().name(), owner.unwrap(PGConnection.class).getBackendPID());
      return opened;
    } catch (SQLException | RuntimeException e) {
      stop.release(opened);
      opened.close();
      throw e;
    }
  }

  @Override
  public void makeWay(Collection<TableName> emptied) {
    constraints.makeWay(emptied);
  }

  @Override
  public void close(Connection opened) {
    stop.release(opened);
    try (opened) {
      // The server would notice the end of the connection when it likes.
      Session.rollBack(opened);
    } catch (SQLException e) {
      LOG.debug("mirror '{}': closing a broken connection failed", context.config().name(), e);
    }
  }
}
