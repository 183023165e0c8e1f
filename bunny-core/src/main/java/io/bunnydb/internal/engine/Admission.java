package io.bunnydb.internal.engine;

import io.bunnydb.PreflightException;
import io.bunnydb.Severity;
import io.bunnydb.internal.catalog.PeerConnector;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.source.ReplicationStream;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.SourceIdentity;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Accepts a new mirror, or another list of tables, or refuses it with every reason there is.
 * Nothing is created either way.
 */
final class Admission {
  private final MirrorContext context;
  private final MirrorConfig config;

  Admission(MirrorContext context) {
    this.context = context;
    this.config = context.config();
  }

  /**
   * Accepts the mirror as it was built.
   *
   * @return its first checkpoint, not saved yet
   * @throws PreflightException if it cannot work
   */
  Checkpoint admit(StopSignal stop) throws SQLException {
    Connection destination = context.destination().connection();
    Preflight preflight =
        new Preflight(config, context.source(), context.control().get(), destination);
    destination.setAutoCommit(true);
    try {
      preflight.run(stop);
    } finally {
      destination.setAutoCommit(false);
    }
    accept(preflight.findings());
    return preflight.firstCheckpoint();
  }

  /**
   * Accepts another list of tables.
   *
   * @param checked what is known of it already; null for nothing
   * @throws PreflightException if an added table cannot be mirrored
   */
  void admit(TableUpdate update, @Nullable CheckedUpdate checked) throws SQLException {
    if (checked != null && checked.covers(update)) {
      accept(checked.findings());
    } else {
      admit(update);
    }
  }

  /**
   * Accepts tables that are to be copied.
   *
   * @throws PreflightException if one cannot be mirrored
   */
  void admit(TableUpdate update) throws SQLException {
    Connection source = context.control().get();
    Connection destination = context.destination().connection();
    Findings findings;
    destination.setAutoCommit(true);
    try {
      findings = update.check(config, source, destination);
    } finally {
      destination.setAutoCommit(false);
    }
    accept(findings);
  }

  private void accept(Findings findings) {
    findings.refuse(config.name());
    for (String warning : findings.of(Severity.WARNING)) {
      context.note(warning, Map.of("severity", Severity.WARNING.name()));
    }
  }

  /** Which source the control connection reaches now. */
  SourceIdentity identifySource(StopSignal stop) throws SQLException {
    PeerConnector connector = context.source().toServerOf(context.control().get());
    try (ReplicationStream stream = ReplicationStream.connect(connector, stop)) {
      return stream.identify();
    }
  }
}
