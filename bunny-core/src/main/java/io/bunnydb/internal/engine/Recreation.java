package io.bunnydb.internal.engine;

import io.bunnydb.MirrorException;
import io.bunnydb.PreflightException;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.internal.source.Publication;
import io.bunnydb.internal.source.ReplicationSlot;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.SourceIdentity;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Makes anew what a mirror has on its source, whichever that is now, and has every table copied
 * again. The checkpoint goes first: it says then that every table is to be copied, for which
 * nothing of the past is needed, so that whatever the rest is broken off at, the next attempt or a
 * resume makes what is missing.
 */
final class Recreation {
  private static final Duration SLOT_RELEASE = Duration.ofSeconds(5);
  private static final String UNFINISHED = "recreate() did not come to its end; call it again";

  private final MirrorContext context;
  private final MirrorConfig config;
  private final Checkpoints checkpoints;
  private final SetUp setUp;
  private final Admission admission;

  Recreation(MirrorContext context, Checkpoints checkpoints, SetUp setUp, Admission admission) {
    this.context = context;
    this.config = context.config();
    this.checkpoints = checkpoints;
    this.setUp = setUp;
    this.admission = admission;
  }

  /**
   * Does it; the mirror is not paused any more after that.
   *
   * @param pauses is told what is needed of the slot from now on
   * @return the new checkpoint
   * @throws PreflightException if a table cannot be mirrored any more; nothing was changed
   */
  Checkpoint run(PauseGuard pauses, StopSignal stop) throws SQLException, InterruptedException {
    Connection source = context.control().get();
    Connection destination = context.destination().connection();
    try {
      stop.guard(source);
      stop.guard(destination);
      Checkpoint old = checkpoints.require();
      SourceIdentity found = admission.identifySource(stop);
      TableUpdate update = TableUpdate.anew(old);
      admission.admit(update);
      refuseGivenSlot(source);
      if (!old.source().isSameDatabase(found)) {
        refuseOthersReplication(source);
      }
      stop.check();
      MirrorException unfinished = new MirrorException(config.name(), UNFINISHED, null);
      Checkpoint begun =
          update
              .result()
              .withSource(found)
              .withPosition(Catalog.logEnd(source))
              .withPaused(true, toText(unfinished));
      checkpoints.save(begun);
      pauses.remember(begun);
      context.tables().follow(begun);
      context.progress().begins(begun.position(), false);
      tellOfOtherSource(old.source(), found);
      try {
        return makeAnew(begun, source, destination, stop);
      } catch (SQLException | InterruptedException | RuntimeException e) {
        if (stop.isStopped()) {
          // What the status shows is of what there was before.
          context.lifecycle().error(unfinished);
        }
        throw e;
      }
    } finally {
      stop.release(source);
      stop.release(destination);
    }
  }

  private static String toText(MirrorException unfinished) {
    return KeptFailure.toText(Faults.failure(unfinished, Instant.now(), 1, null));
  }

  private Checkpoint makeAnew(
      Checkpoint begun, Connection source, Connection destination, StopSignal stop)
      throws SQLException, InterruptedException {
    dropReplication(source, stop);
    Checkpoint made =
        setUp
            .complete(begun, setUp.sourceTables(begun, source), source, destination)
            .withPaused(false, null);
    stop.check();
    checkpoints.save(made);
    return made;
  }

  /** One that an administrator made is neither dropped nor made here. */
  private void refuseGivenSlot(Connection source) throws SQLException {
    if (config.ownsSlot()) {
      return;
    }
    Optional<ReplicationSlot> given = ReplicationSlot.find(source, config.slot());
    if (given.isEmpty() || given.get().invalidation() != null) {
      throw new MirrorException(
          config.name(),
          "replication slot "
              + config.slot()
              + ", which Bunny was given, is gone or invalid; make it anew, then call recreate() again",
          null);
    }
  }

  /** What has the mirror's names on a source that it has not been on may be of another's. */
  private void refuseOthersReplication(Connection source) throws SQLException {
    List<String> problems = new ArrayList<>();
    if (config.ownsSlot() && ReplicationSlot.find(source, config.slot()).isPresent()) {
      problems.add(
          "the source, which this mirror has not been on, has a replication slot "
              + config.slot()
              + "; drop it if nothing uses it");
    }
    if (config.ownsPublication() && Publication.exists(source, config.publication())) {
      problems.add(
          "the source, which this mirror has not been on, has a publication "
              + config.publication()
              + "; drop it if nothing uses it");
    }
    if (!problems.isEmpty()) {
      throw new PreflightException(config.name(), problems);
    }
  }

  private void tellOfOtherSource(SourceIdentity old, SourceIdentity found) {
    if (!old.equals(found)) {
      context
          .events()
          .info(
              "mirror '"
                  + config.name()
                  + "' is made anew on "
                  + found
                  + "; what it had on "
                  + old
                  + " is left there if that still exists",
              Map.of(
                  "systemIdentifier", found.systemIdentifier(),
                  "timeline", Integer.toString(found.timeline()),
                  "database", found.database()));
    }
  }

  private void dropReplication(Connection source, StopSignal stop)
      throws SQLException, InterruptedException {
    if (config.ownsSlot()) {
      ReplicationSlot.awaitRelease(source, config.slot(), SLOT_RELEASE, stop);
    }
    setUp.dropReplication(source);
  }
}
