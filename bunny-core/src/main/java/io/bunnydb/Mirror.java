package io.bunnydb;

import io.bunnydb.internal.engine.MirrorConfig;
import io.bunnydb.internal.engine.MirrorEngine;
import io.bunnydb.internal.engine.Planner;

/**
 * The description of a mirror: which tables of which source are kept in which destination.
 *
 * <p>Immutable and without connections; {@link #start} makes it run.
 *
 * <pre>{@code
 * Mirror mirror = Mirror.builder("prod_to_staging")
 *     .source(Peer.of("source_db", "jdbc:postgresql://src:5432/app", "bunny", password))
 *     .destination(Peer.of("dest_db", "jdbc:postgresql://dst:5432/app", "bunny", password))
 *     .table("public.users")
 *     .checkpointStore(JdbcCheckpointStore.inDestination())
 *     .build();
 * try (MirrorHandle handle = mirror.start()) {
 *   handle.awaitState(MirrorState.RUNNING, Duration.ofMinutes(5));
 * }
 * }</pre>
 */
public final class Mirror {
  private final MirrorConfig config;

  Mirror(MirrorConfig config) {
    this.config = config;
  }

  /**
   * Begins the description of a mirror.
   *
   * @param name the mirror's name: 1 to 200 printable characters; it is found again by this name
   * @return a builder
   * @throws IllegalArgumentException if the name is blank, too long or holds control characters
   */
  public static MirrorBuilder builder(String name) {
    return new MirrorBuilder(name);
  }

  /** The mirror's name. */
  public String name() {
    return config.name();
  }

  /**
   * Creates the mirror, or takes it up where its checkpoint says: at its position, with the tables
   * it had last (which {@link MirrorHandle#updateTables} changes, not the builder), paused if it
   * was paused. Returns when a new mirror has been checked and found possible, and its checkpoint
   * is kept; the set-up, the copy and the stream follow by themselves.
   *
   * @return the handle that operates it; to be closed
   * @throws PreflightException if a new mirror cannot work; nothing was created
   * @throws PeerConnectionException if a peer cannot be reached; the source of a mirror that exists
   *     is not needed here
   * @throws MirrorOwnedException if the mirror runs elsewhere, and {@link MirrorBuilder#standby}
   *     was not asked for
   * @throws MirrorException if the checkpoint cannot be read
   */
  public MirrorHandle start() {
    return new MirrorHandle(MirrorEngine.start(config));
  }

  /**
   * Finds out what {@link #start} would find and do, and changes nothing: neither side, nor the
   * store, nor a mirror that runs under this name, here or elsewhere. A new mirror is checked as
   * {@code start()} checks it, which refuses it for the plan's errors and for no others, as long as
   * nothing changes in between. One that the store knows is held against its source: how it stands,
   * and whether it can go on.
   *
   * <p>Takes two connections to the source and one to the destination for as long as it lasts. What
   * only a server can judge is tried in a transaction that is rolled back; for that a table of the
   * source is locked for a moment against other changes of its definition, not of its rows.
   *
   * @return the findings with their cures, the SQL of the set-up and the size of the copy
   * @throws PeerConnectionException if a peer cannot be reached
   * @throws MirrorException if one cannot be asked, or the checkpoint not be read
   */
  public MirrorPlan plan() {
    return Planner.plan(config);
  }
}
