package io.bunnydb.internal.engine;

import io.bunnydb.MirrorException;
import io.bunnydb.MirrorFailure;
import io.bunnydb.MirrorOwnedException;
import io.bunnydb.internal.apply.Ownership;
import io.bunnydb.internal.catalog.PeerConnector;
import io.bunnydb.internal.catalog.StopSignal;
import io.bunnydb.spi.Checkpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Waits for the process that runs the mirror to end, and then takes over. It looks on a connection
 * of its own and waits for no lock, since a statement that does holds back the clean-up of old rows
 * in the whole database. Used by the mirror's thread; any may ask for the owner.
 */
final class Standby implements AutoCloseable {
  private static final Duration INTERVAL = Duration.ofSeconds(1);
  private static final int ANSWER_MILLIS = 10_000;

  private final MirrorConfig config;
  private final KeptConnection kept;
  private final Backoff backoff = new Backoff();
  private volatile @Nullable String owner;
  private boolean wasKnown;
  private boolean isOver;

  /** What the new owner does first. */
  @FunctionalInterface
  interface TakeUp {
    /** Goes on where the checkpoint says. */
    void run(StopSignal stop) throws SQLException;
  }

  /** What a look has found; deleted is a mirror that was known and has no owner any more. */
  private enum Finding {
    OWNED,
    FREE,
    DELETED
  }

  Standby(MirrorConfig config, PeerConnector destination) {
    this.config = config;
    this.kept = new KeptConnection(() -> destination.open("standby"));
  }

  /** Who runs the mirror while this process waits; null where it does not wait. */
  @Nullable String owner() {
    return owner;
  }

  /** Whether it waits no longer, as the mirror was deleted by its owner. */
  boolean isOver() {
    return isOver;
  }

  /** Refuses a command while another process runs the mirror. */
  void refuse(String command) {
    String running = owner;
    if (running != null) {
      throw new IllegalStateException(
          "mirror '"
              + config.name()
              + "' stands by, as it is run by "
              + running
              + "; "
              + command
              + "() is for that one");
    }
  }

  /**
   * Begins to wait.
   *
   * @param found tells who runs the mirror
   */
  void begin(MirrorContext context, MirrorOwnedException found, StopSignal stop)
      throws SQLException {
    owner = "another process";
    look(context, stop);
    context
        .events()
        .info(
            found.getMessage() + "; this process stands by",
            Map.of("owner", String.valueOf(owner)));
  }

  /**
   * Looks once, and takes over if nobody runs the mirror any more.
   *
   * @return how long to wait before it is to be called again; zero for not at all
   */
  Duration run(MirrorContext context, TakeUp takeUp, StopSignal stop) {
    try {
      switch (look(context, stop)) {
        case OWNED -> {
          return waitsAgain(context);
        }
        case FREE -> takeOver(context, takeUp, stop);
        case DELETED -> {
          context
              .events()
              .info(
                  "mirror '" + config.name() + "' was deleted by the process that ran it",
                  Map.of());
          isOver = true;
        }
      }
      return Duration.ZERO;
    } catch (MirrorOwnedException e) {
      // Another one that stood by was quicker.
      return waitsAgain(context);
    } catch (SQLException | RuntimeException e) {
      // What it cannot take up is left to others.
      context.destination().close();
      if (stop.isStopped()) {
        return Duration.ZERO;
      }
      MirrorException error = Faults.describe(config.name(), e);
      Duration wait = backoff.next();
      MirrorFailure failure = context.lifecycle().count(error, Instant.now().plus(wait));
      context
          .events()
          .warn(
              error.getMessage()
                  + "; it still stands by, and looks again in "
                  + wait.toMillis()
                  + " ms",
              Faults.details(failure));
      context.lifecycle().show(error, failure);
      return wait;
    }
  }

  private Duration waitsAgain(MirrorContext context) {
    if (backoff.attempts() > 0) {
      backoff.reset();
      context.lifecycle().error(null);
    }
    return INTERVAL;
  }

  private void takeOver(MirrorContext context, TakeUp takeUp, StopSignal stop) throws SQLException {
    context.destination().connection();
    // From the moment that the state shows it, commands are obeyed.
    String last = owner;
    owner = null;
    context.note("this process takes over", Map.of("owner", String.valueOf(last)));
    context.lifecycle().error(null);
    try {
      takeUp.run(stop);
    } catch (SQLException | RuntimeException e) {
      owner = last;
      throw e;
    }
    kept.close();
  }

  /** Looks who runs the mirror, and how far it has come. */
  private Finding look(MirrorContext context, StopSignal stop) throws SQLException {
    Connection session = kept.get();
    session.setNetworkTimeout(Runnable::run, ANSWER_MILLIS);
    stop.guard(session);
    try {
      String found = Ownership.findOwner(session, config.name());
      Optional<Checkpoint> checkpoint = config.store().load(config.name(), session);
      checkpoint.ifPresent(known -> show(known, context));
      if (found == null) {
        return wasKnown && checkpoint.isEmpty() ? Finding.DELETED : Finding.FREE;
      }
      owner = found;
      return Finding.OWNED;
    } finally {
      stop.release(session);
    }
  }

  private void show(Checkpoint known, MirrorContext context) {
    wasKnown = true;
    context.tables().follow(known);
    context.progress().begins(known.position(), Joining.isJoined(known));
    context.lifecycle().signal();
  }

  /** Ends the connection. */
  @Override
  public void close() {
    kept.close();
  }
}
