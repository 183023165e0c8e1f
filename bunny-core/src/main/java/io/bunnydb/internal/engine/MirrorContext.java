package io.bunnydb.internal.engine;

import io.bunnydb.internal.catalog.PeerConnector;
import java.time.InstantSource;
import java.util.Map;

/**
 * What the parts of one running mirror share.
 *
 * @param config what the builder was told
 * @param source how to reach the source
 * @param control the session that asks the source, and sets up what the mirror needs there
 * @param destination the session that applies
 * @param standby what is known of the process that runs the mirror while this one waits
 * @param destinationPeer how further sessions reach the destination
 * @param events what has happened to it
 * @param lifecycle the mirror's state
 * @param progress how far the stream has come
 * @param tables the tables' counts
 * @param partitions what is known of the tables' partitions
 */
record MirrorContext(
    MirrorConfig config,
    PeerConnector source,
    KeptConnection control,
    OwnedDestination destination,
    Standby standby,
    PeerConnector destinationPeer,
    EventLog events,
    Lifecycle lifecycle,
    Progress progress,
    TableRegistry tables,
    PartitionWatch partitions) {

  static MirrorContext of(MirrorConfig config) {
    PeerConnector source = new PeerConnector(config.name(), config.source());
    EventLog events = new EventLog();
    PeerConnector destination = new PeerConnector(config.name(), config.destination());
    return new MirrorContext(
        config,
        source,
        new KeptConnection(() -> source.open("control")),
        new OwnedDestination(config, destination),
        new Standby(config, destination),
        destination,
        events,
        new Lifecycle(config.name(), config.listeners(), events),
        new Progress(InstantSource.system()),
        new TableRegistry(),
        new PartitionWatch(config.name(), events));
  }

  /** Tells in the event log what has happened to the mirror. */
  void note(String what) {
    events.info("mirror '" + config.name() + "': " + what, Map.of());
  }
}
