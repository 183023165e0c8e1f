package io.bunnydb.internal.engine;

import io.bunnydb.internal.catalog.PeerConnector;
import io.bunnydb.internal.schema.FruitlessScans;
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
 * @param slots what is told of dangers to its slot
 * @param progress how far the stream has come
 * @param tables the tables' counts
 * @param partitions what is known of the tables' partitions
 * @param constraints what is told of the constraints that follow the tables
 * @param news whether tables may have been altered on the source
 * @param lists what is told of columns that the publication leaves out
 * @param interludes what is done between two transactions
 * @param fruitlessScans the columns whose rows need not be looked through again
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
    SlotWarnings slots,
    Progress progress,
    TableRegistry tables,
    PartitionWatch partitions,
    ConstraintReports constraints,
    SchemaNews news,
    ColumnLists lists,
    Interludes interludes,
    FruitlessScans fruitlessScans) {

  static MirrorContext of(MirrorConfig config) {
    PeerConnector source = new PeerConnector(config.name(), config.source());
    EventLog events = new EventLog();
    Lifecycle lifecycle = new Lifecycle(config.name(), config.listeners(), events);
    PeerConnector destination = new PeerConnector(config.name(), config.destination());
    return new MirrorContext(
        config,
        source,
        new KeptConnection(() -> source.open("control")),
        new OwnedDestination(config, destination),
        new Standby(config, destination),
        destination,
        events,
        lifecycle,
        new SlotWarnings(config.name(), config.slot(), events, lifecycle),
        new Progress(InstantSource.system()),
        new TableRegistry(),
        new PartitionWatch(config.name(), events),
        new ConstraintReports(config.name(), events),
        new SchemaNews(),
        new ColumnLists(config, events),
        new Interludes(),
        new FruitlessScans());
  }

  /** Tells in the event log what has happened to the mirror. */
  void note(String what) {
    note(what, Map.of());
  }

  /** Tells in the event log what has happened to the mirror, with details for programs. */
  void note(String what, Map<String, String> details) {
    events.info(config.name(), what, details);
  }

  /** Tells in the event log of a fault that the mirror gets over, or that will become one. */
  void warn(String what, Map<String, String> details) {
    events.warn(config.name(), what, details);
  }
}
