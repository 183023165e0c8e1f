package io.bunnydb.internal.engine;

import io.bunnydb.MirrorException;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.source.ReplicationSlot;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.SourceIdentity;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;

/**
 * Deletes a mirror: what it has on the source, then its checkpoint. That goes last, so that a
 * removal that failed can be repeated.
 */
final class Removal {
  private static final Duration SLOT_RELEASE = Duration.ofSeconds(30);

  private final MirrorContext context;
  private final MirrorConfig config;
  private final Checkpoints checkpoints;
  private final SetUp setUp;
  private final Shadows shadows;
  private final Admission admission;

  Removal(
      MirrorContext context,
      Checkpoints checkpoints,
      SetUp setUp,
      Shadows shadows,
      Admission admission) {
    this.context = context;
    this.config = context.config();
    this.checkpoints = checkpoints;
    this.setUp = setUp;
    this.shadows = shadows;
    this.admission = admission;
  }

  /**
   * Deletes it.
   *
   * @throws MirrorException if something may be left; it says what
   */
  void run() throws InterruptedException {
    String replication = replicationOfOurs();
    try {
      dropReplication();
    } catch (SQLException | RuntimeException e) {
      throw dropFailed(replication + "its checkpoint may still be there", e);
    }
    try {
      shadows.drop();
      checkpoints.delete();
    } catch (SQLException | RuntimeException e) {
      throw dropFailed("its checkpoint may still be there", e);
    }
  }

  private String replicationOfOurs() {
    return (config.ownsSlot() ? "slot " + config.slot() + ", " : "")
        + (config.ownsPublication() ? "publication " + config.publication() + ", " : "");
  }

  private MirrorException dropFailed(String left, Exception cause) {
    return new MirrorException(
        config.name(),
        "dropping failed, " + left + "; repeat drop(): " + cause.getMessage(),
        cause);
  }

  private void dropReplication() throws SQLException, InterruptedException {
    StopSignal unstoppable = new StopSignal();
    SourceIdentity found = admission.identifySource(unstoppable);
    SourceIdentity known = checkpoints.load().map(Checkpoint::source).orElse(found);
    if (known.isSameDatabase(found)) {
      Connection source = context.control().get();
      ReplicationSlot.awaitRelease(source, config.slot(), SLOT_RELEASE, unstoppable);
      setUp.dropReplication(source);
    } else {
      context.warn(
          "the source is another cluster or database now; nothing is dropped there", Map.of());
    }
  }
}
