package io.bunnydb.internal.engine;

import io.bunnydb.TableName;
import io.bunnydb.internal.apply.Applier;
import io.bunnydb.internal.apply.Ownership;
import io.bunnydb.internal.apply.WriterSettings;
import io.bunnydb.internal.catalog.StopSignal;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.function.Consumer;
import org.postgresql.PGConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The sessions that write beside the one that owns the mirror. Used by one applying thread. */
final class HelperSessions implements Applier.Sessions {
  private static final Logger LOG = LoggerFactory.getLogger(HelperSessions.class);

  private final MirrorContext context;
  private final StopSignal stop;
  private final Connection owner;
  private final Setting setting;
  private final Consumer<Collection<TableName>> wayMaker;

  /** Sets up a session that was opened. */
  @FunctionalInterface
  interface Setting {
    void applyTo(Connection opened) throws SQLException;
  }

  /**
   * Opens none yet.
   *
   * @param stop cancels what they do
   * @param owner the session that owns the mirror
   * @param setting whether they wait for their commits
   * @param wayMaker has sessions that only read let go of tables that are about to be emptied
   */
  HelperSessions(
      MirrorContext context,
      StopSignal stop,
      Connection owner,
      Setting setting,
      Consumer<Collection<TableName>> wayMaker) {
    this.context = context;
    this.stop = stop;
    this.owner = owner;
    this.setting = setting;
    this.wayMaker = wayMaker;
  }

  @Override
  public Connection open() throws SQLException {
    Connection opened = context.destinationPeer().open("apply");
    try {
      stop.guard(opened);
      WriterSettings.prepare(opened);
      setting.applyTo(opened);
      opened.setAutoCommit(false);
      return opened;
    } catch (SQLException | RuntimeException e) {
      stop.release(opened);
      opened.close();
      throw e;
    }
  }

  @Override
  public void begin(Connection session) throws SQLException {
    if (session != owner) {
      Ownership.joinAsHelper(
          session, context.config().name(), owner.unwrap(PGConnection.class).getBackendPID());
    }
  }

  @Override
  public void makeWay(Collection<TableName> emptied) {
    wayMaker.accept(emptied);
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
