package io.bunnydb.internal.engine;

import io.bunnydb.MirrorOwnedException;
import io.bunnydb.internal.apply.Ownership;
import io.bunnydb.internal.apply.WriterSettings;
import io.bunnydb.internal.catalog.PeerConnector;
import io.bunnydb.spi.CheckpointStore;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.postgresql.PGConnection;

/**
 * The destination session that applies, and that makes this process the mirror's owner for as long
 * as it lives. It outlives pauses, so that a paused mirror is owned too. Used by the mirror's
 * thread.
 */
final class OwnedDestination implements AutoCloseable {
  private static final Duration OWNER_WAIT = Duration.ofSeconds(5);

  /** One that stands by, or may begin to, looks again by itself. */
  private static final Duration STANDBY_WAIT = Duration.ofMillis(200);

  private final MirrorConfig config;
  private final PeerConnector connector;
  private final KeptConnection kept = new KeptConnection(this::open);
  private boolean areTriggersSilent;

  // Then it is its own last session that the server may not have noticed to be gone.
  private boolean wasOwner;
  private CheckpointStore store;
  private volatile int pid;

  OwnedDestination(MirrorConfig config, PeerConnector connector) {
    this.config = config;
    this.connector = connector;
    this.store = config.store();
  }

  /**
   * The session, not in autocommit mode and with no transaction open; a new one if the last is
   * broken.
   *
   * @throws MirrorOwnedException if another process has become the owner
   */
  Connection connection() throws SQLException {
    return kept.get();
  }

  private Connection open() throws SQLException {
    Connection opened = connector.open("apply");
    try {
      boolean isPatient = wasOwner || !config.options().operation().isStandby();
      Ownership.acquire(opened, config.name(), isPatient ? OWNER_WAIT : STANDBY_WAIT);
      areTriggersSilent = WriterSettings.prepare(opened);
      store = config.store().claim(config.name(), opened);
      opened.setAutoCommit(false);
      wasOwner = true;
      pid = opened.unwrap(PGConnection.class).getBackendPID();
    } catch (SQLException | RuntimeException e) {
      opened.close();
      throw e;
    }
    return opened;
  }

  /** Whether triggers and foreign keys rest in the session. */
  boolean areTriggersSilent() {
    return areTriggersSilent;
  }

  /** Process id of the last session that was opened; may be asked by any thread. */
  int pid() {
    return pid;
  }

  /** The store as this owner may write it, from the last {@link #connection} on. */
  CheckpointStore store() {
    return store;
  }

  /** Ends the session; what it had not committed is undone. */
  @Override
  public void close() {
    wasOwner = false;
    kept.close();
  }
}
