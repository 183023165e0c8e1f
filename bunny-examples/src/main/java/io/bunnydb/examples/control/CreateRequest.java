package io.bunnydb.examples.control;

import io.bunnydb.Mirror;
import io.bunnydb.MirrorBuilder;
import io.bunnydb.Peer;
import io.bunnydb.ResyncStrategy;
import io.bunnydb.TableMapping;
import io.bunnydb.spi.CheckpointStore;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a mirror was asked to be. It names its peers and holds none of their secrets.
 *
 * @param name the mirror's name
 * @param sourcePeer the configured peer to mirror
 * @param destinationPeer the configured peer that receives
 * @param tables its tables at first
 * @param initialSnapshot whether they are copied
 * @param replicateIndexes whether tables that Bunny makes get the source's indexes
 * @param replicateForeignKeys whether they get its foreign keys
 * @param resyncStrategy how tables are copied again where a request does not say
 * @param maxBatchSize bytes of changes for one destination transaction at most
 * @param rowsPerPartition rows that one worker copies in one transaction
 * @param parallelWorkers how many workers copy at a time
 * @param tablesInParallel how many tables are copied at a time
 */
record CreateRequest(
    String name,
    String sourcePeer,
    String destinationPeer,
    List<TableMapping> tables,
    boolean initialSnapshot,
    boolean replicateIndexes,
    boolean replicateForeignKeys,
    ResyncStrategy resyncStrategy,
    int maxBatchSize,
    int rowsPerPartition,
    int parallelWorkers,
    int tablesInParallel) {

  private static final String NOT_IN_A_PATH = "/\\%;";

  CreateRequest {
    tables = List.copyOf(tables);
  }

  /**
   * Reads a request's body, or what {@link #toJson} wrote.
   *
   * @throws FieldException if a field is missing, malformed or unknown
   */
  static CreateRequest read(byte[] json) {
    Fields fields = Fields.read(json);
    CreateRequest request =
        new CreateRequest(
            name(fields),
            fields.text("source_peer"),
            fields.text("destination_peer"),
            Mappings.read(fields),
            fields.flag("do_initial_snapshot", true),
            fields.flag("replicate_indexes", true),
            fields.flag("replicate_foreign_keys", true),
            Strategies.read(fields, "resync_strategy", ResyncStrategy.SWAP),
            fields.number("max_batch_size", 8 << 20),
            fields.number("snapshot_num_rows_per_partition", 250_000),
            fields.number("snapshot_max_parallel_workers", 8),
            fields.number("snapshot_num_tables_in_parallel", 4));
    fields.refuseOthers();
    return request;
  }

  private static String name(Fields fields) {
    String name = fields.text("name");
    for (int i = 0; i < NOT_IN_A_PATH.length(); i++) {
      if (name.indexOf(NOT_IN_A_PATH.charAt(i)) >= 0) {
        throw new FieldException("name", "may not hold any of " + NOT_IN_A_PATH + ", as URLs do");
      }
    }
    if (name.matches("\\.{1,2}")) {
      throw new FieldException("name", "may not be " + name);
    }
    return name;
  }

  /**
   * The mirror that is asked for.
   *
   * @param peers the configured peers by name
   * @param store where the checkpoint is kept
   * @throws FieldException if a peer is not configured or a value is out of its bounds
   */
  Mirror toMirror(Map<String, Peer> peers, CheckpointStore store) {
    MirrorBuilder builder = inField("name", () -> Mirror.builder(name));
    builder
        .source(peer(peers, "source_peer", sourcePeer))
        .destination(peer(peers, "destination_peer", destinationPeer))
        .tables(tables.toArray(TableMapping[]::new))
        .checkpointStore(store)
        .initialSnapshot(initialSnapshot)
        .replicateIndexes(replicateIndexes)
        .replicateForeignKeys(replicateForeignKeys);
    inField("max_batch_size", () -> builder.maxBatchBytes(maxBatchSize));
    inField(
        "snapshot_num_rows_per_partition",
        () -> builder.snapshotRowsPerPartition(rowsPerPartition));
    inField(
        "snapshot_max_parallel_workers", () -> builder.snapshotMaxParallelWorkers(parallelWorkers));
    inField(
        "snapshot_num_tables_in_parallel",
        () -> builder.snapshotTablesInParallel(tablesInParallel));
    return inField("table_mappings", builder::build);
  }

  private static Peer peer(Map<String, Peer> peers, String field, String name) {
    Peer peer = peers.get(name);
    if (peer == null) {
      throw new FieldException(
          field,
          "the server's configuration has no peer '"
              + name
              + "'; it has "
              + String.join(", ", peers.keySet()));
    }
    return peer;
  }

  /** What a step of the building gives, or refuses. */
  @FunctionalInterface
  private interface Step<T> {
    T take();
  }

  private static <T> T inField(String field, Step<T> step) {
    try {
      return step.take();
    } catch (IllegalArgumentException e) {
      throw new FieldException(field, String.valueOf(e.getMessage()));
    }
  }

  /** The request as JSON, every field with its value. */
  String toJson() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("name", name);
    fields.put("source_peer", sourcePeer);
    fields.put("destination_peer", destinationPeer);
    fields.put("table_mappings", Mappings.views(tables));
    fields.put("do_initial_snapshot", initialSnapshot);
    fields.put("replicate_indexes", replicateIndexes);
    fields.put("replicate_foreign_keys", replicateForeignKeys);
    fields.put("resync_strategy", Strategies.name(resyncStrategy));
    fields.put("max_batch_size", maxBatchSize);
    fields.put("snapshot_num_rows_per_partition", rowsPerPartition);
    fields.put("snapshot_max_parallel_workers", parallelWorkers);
    fields.put("snapshot_num_tables_in_parallel", tablesInParallel);
    return Json.write(fields);
  }

  /** Reads what {@link #toJson} wrote. */
  static CreateRequest ofJson(String json) {
    return read(json.getBytes(StandardCharsets.UTF_8));
  }
}
