package io.bunnydb;

import io.bunnydb.internal.engine.MirrorConfig;
import io.bunnydb.internal.engine.OperationSettings;
import io.bunnydb.internal.engine.PausePolicy;
import io.bunnydb.internal.engine.SchemaSettings;
import io.bunnydb.internal.schema.IndexScope;
import io.bunnydb.internal.snapshot.CopySettings;
import io.bunnydb.spi.CheckpointStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Describes a mirror step by step. Required are source, destination, checkpoint store and at least
 * one table. Not thread-safe.
 */
public final class MirrorBuilder {
  private static final int MAX_NAME = 200;
  private static final int MAX_IDENTIFIER_BYTES = 63;

  private final String name;
  private final List<TableMapping> tables = new ArrayList<>();
  private final List<MirrorListener> listeners = new ArrayList<>();
  private @Nullable Peer source;
  private @Nullable Peer destination;
  private @Nullable CheckpointStore store;
  private @Nullable String slot;
  private @Nullable String publication;
  private boolean initialSnapshot = true;
  private boolean createTables = true;
  private boolean replicateIndexes = true;
  private boolean replicateForeignKeys = true;
  private SchemaPolicy schemaChanges = SchemaPolicy.STOP;
  private int maxBatchBytes = 8 << 20;
  private boolean binary = true;
  private boolean synchronousCommit;
  private int snapshotTablesInParallel = 4;
  private int snapshotMaxParallelWorkers = 4;
  private long snapshotRowsPerPartition = 250_000;
  private ExistingRowPolicy existingRow = ExistingRowPolicy.STOP;
  private MissingRowPolicy missingRow = MissingRowPolicy.CONTINUE;
  private boolean standby;
  private boolean failoverSlot;
  private Duration heartbeat = Duration.ZERO;
  private @Nullable PausePolicy pausePolicy;
  private TableErrorPolicy tableError = TableErrorPolicy.STOP;

  MirrorBuilder(String name) {
    if (name.isBlank()
        || name.length() > MAX_NAME
        || name.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException(
          "a mirror's name has 1 to " + MAX_NAME + " printable characters, not \"" + name + '"');
    }
    this.name = name;
  }

  /** The database that is mirrored. Required. */
  public MirrorBuilder source(Peer peer) {
    this.source = peer;
    return this;
  }

  /** The database that receives the tables. Required. */
  public MirrorBuilder destination(Peer peer) {
    this.destination = peer;
    return this;
  }

  /**
   * Adds a whole table, to the table of the same name.
   *
   * @param table a schema-qualified SQL identifier, see {@link TableName#parse}
   * @throws IllegalArgumentException if the name is malformed
   */
  public MirrorBuilder table(String table) {
    return table(TableMapping.from(table));
  }

  /** Adds a table. */
  public MirrorBuilder table(TableMapping mapping) {
    tables.add(mapping);
    return this;
  }

  /** Adds several tables. */
  public MirrorBuilder tables(TableMapping... mappings) {
    tables.addAll(Arrays.asList(mappings));
    return this;
  }

  /** Where the mirror keeps its position. Required; one in the destination gives exactly once. */
  public MirrorBuilder checkpointStore(CheckpointStore checkpointStore) {
    this.store = checkpointStore;
    return this;
  }

  /**
   * Whether tables are copied before their changes flow. Default true. Without it the destination
   * must hold the source's rows already, as of the moment the slot was made.
   */
  public MirrorBuilder initialSnapshot(boolean copy) {
    this.initialSnapshot = copy;
    return this;
  }

  /**
   * Whether missing destination tables and schemas are created. Default true. Keys and indexes are
   * built when the rows are there, check constraints are made when changes flow.
   */
  public MirrorBuilder createTables(boolean create) {
    this.createTables = create;
    return this;
  }

  /**
   * Whether tables that Bunny creates get the source table's other indexes, too, and its unique and
   * exclusion constraints. Default true. They are built when the rows are there; one that cannot be
   * built is warned of, and does not stop the mirror. With a checkpoint store outside the
   * destination those that refuse rows are left out, as an old change that comes a second time
   * could be refused by a later row.
   */
  public MirrorBuilder replicateIndexes(boolean replicate) {
    this.replicateIndexes = replicate;
    return this;
  }

  /**
   * Whether tables that Bunny creates get the source table's foreign keys, as far as the mirror has
   * the tables that they refer to, under the names that these have on the destination. Default
   * true. They are made when all tables are there and of one state, and then validated while
   * changes flow; one that cannot be made or validated is warned of, and does not stop the mirror.
   * While the mirror writes they rest; where its role may not have them rest ({@code
   * session_replication_role}), there are none.
   */
  public MirrorBuilder replicateForeignKeys(boolean replicate) {
    this.replicateForeignKeys = replicate;
    return this;
  }

  /**
   * What the mirror does by itself when a table is altered on the source. Default {@link
   * SchemaPolicy#STOP}. The tables that are altered must be the destination role's own.
   */
  public MirrorBuilder schemaChanges(SchemaPolicy policy) {
    this.schemaChanges = policy;
    return this;
  }

  /**
   * Uses a publication that an administrator made, and never changes or drops it. Default: Bunny's
   * own, {@code bunny_pub_<mirror>}.
   *
   * @throws IllegalArgumentException if the name is empty or longer than 63 bytes
   */
  public MirrorBuilder publication(String existing) {
    this.publication = checkIdentifier("publication", existing);
    return this;
  }

  /**
   * Uses a slot that an administrator made with the plugin {@code pgoutput}, and never drops it.
   * Default: Bunny's own, {@code bunny_<mirror>}.
   *
   * @throws IllegalArgumentException if the name is empty or longer than 63 bytes
   */
  public MirrorBuilder slot(String existing) {
    this.slot = checkIdentifier("slot", existing);
    return this;
  }

  /**
   * How many bytes of changes are gathered for one destination transaction at most; a larger source
   * transaction flows in pieces of this size into one. Three such pieces are in memory at most, in
   * arrays that may be twice as large. Default 8 MiB.
   *
   * @throws IllegalArgumentException if smaller than 64 KiB or larger than 256 MiB
   */
  public MirrorBuilder maxBatchBytes(int bytes) {
    if (bytes < 64 << 10 || bytes > 256 << 20) {
      throw new IllegalArgumentException("maxBatchBytes is 65536 to 268435456, not " + bytes);
    }
    this.maxBatchBytes = bytes;
    return this;
  }

  /**
   * Whether the source may send the values of changes in binary form, which costs either side less.
   * Default true. They are sent as text, whatever this says, as soon as a change comes to a table
   * with a column whose binary form the two sides do not share: of an array, of types that differ,
   * of most types that are not built in; or to one whose rows are found by all their values.
   */
  public MirrorBuilder binary(boolean allowed) {
    this.binary = allowed;
    return this;
  }

  /**
   * Whether each commit on the destination waits until it is on the server's disk. Default false: a
   * commit is visible at once, and acknowledged to the source as soon as the server has written it,
   * some tenths of a second later; what a crash of the server loses comes again. Commits wait
   * whatever this says where the checkpoint store lies elsewhere, or where the destination has
   * synchronous standbys.
   */
  public MirrorBuilder synchronousCommit(boolean waits) {
    this.synchronousCommit = waits;
    return this;
  }

  /**
   * How many tables are copied at the same time, as far as there are {@linkplain
   * #snapshotMaxParallelWorkers workers}. Default 4.
   *
   * @throws IllegalArgumentException if smaller than 1 or larger than 64
   */
  public MirrorBuilder snapshotTablesInParallel(int tableCount) {
    if (tableCount < 1 || tableCount > 64) {
      throw new IllegalArgumentException("snapshotTablesInParallel is 1 to 64, not " + tableCount);
    }
    this.snapshotTablesInParallel = tableCount;
    return this;
  }

  /**
   * How many workers copy at the same time, over all tables; a quarter of them, rounded up, while
   * other tables follow the stream, which are not to wait for them. Each takes one connection to
   * either side, and there are no more than find work. Default 4.
   *
   * @throws IllegalArgumentException if smaller than 1 or larger than 64
   */
  public MirrorBuilder snapshotMaxParallelWorkers(int workerCount) {
    if (workerCount < 1 || workerCount > 64) {
      throw new IllegalArgumentException(
          "snapshotMaxParallelWorkers is 1 to 64, not " + workerCount);
    }
    this.snapshotMaxParallelWorkers = workerCount;
    return this;
  }

  /**
   * How many rows of a table, going by the source's statistics or else by its size, one worker
   * copies in one transaction; a table with more is divided and copied by several. Partitioned
   * tables are not divided. Default 250,000.
   *
   * @throws IllegalArgumentException if smaller than 1
   */
  public MirrorBuilder snapshotRowsPerPartition(long rows) {
    if (rows < 1) {
      throw new IllegalArgumentException("snapshotRowsPerPartition is 1 or more, not " + rows);
    }
    this.snapshotRowsPerPartition = rows;
    return this;
  }

  /**
   * What an INSERT does whose row stands on the destination already, in tables whose mapping does
   * not say. Default {@link ExistingRowPolicy#STOP}.
   */
  public MirrorBuilder onExistingRow(ExistingRowPolicy policy) {
    this.existingRow = policy;
    return this;
  }

  /**
   * What an UPDATE or DELETE does whose row is not on the destination, in tables whose mapping does
   * not say. Default {@link MissingRowPolicy#CONTINUE}.
   */
  public MirrorBuilder onMissingRow(MissingRowPolicy policy) {
    this.missingRow = policy;
    return this;
  }

  /**
   * What becomes of the mirror when a table cannot go on, by an error that does not pass with time.
   * Default {@link TableErrorPolicy#STOP}: the mirror pauses. Tables that are quarantined already
   * stay so, whatever this says.
   */
  public MirrorBuilder onTableError(TableErrorPolicy policy) {
    this.tableError = policy;
    return this;
  }

  /**
   * Whether {@code start()} waits where another process runs the mirror, instead of refusing.
   * Default false. The handle is CREATED then, its status tells the owner, its commands but {@code
   * close()} and {@code retry()} refuse, and it takes over within seconds when the owner has ended;
   * where that one has deleted the mirror, the handle ends. Any number of processes may stand by;
   * the one that runs the mirror is to be started so, too, as it then has the source free the slot
   * after six seconds of silence.
   */
  public MirrorBuilder standby(boolean waits) {
    this.standby = waits;
    return this;
  }

  /**
   * What is done when a pause lasts too long, or its slot retains too much of the source's log.
   * Default nothing. Watched while the mirror is paused and a handle of it is open; the length of a
   * pause counts from its begin, also in an earlier process.
   *
   * @param maxDuration the longest that a pause may last
   * @param maxRetainedWalBytes the most log that the slot may retain; {@link Long#MAX_VALUE} for
   *     any
   * @param action what is done at either limit
   * @throws IllegalArgumentException if a limit is not positive
   */
  public MirrorBuilder pausePolicy(
      Duration maxDuration, long maxRetainedWalBytes, PauseAction action) {
    if (maxDuration.isNegative() || maxDuration.isZero()) {
      throw new IllegalArgumentException("a pause may last some time, not " + maxDuration);
    }
    if (maxRetainedWalBytes < 1) {
      throw new IllegalArgumentException(
          "maxRetainedWalBytes is 1 or more, not " + maxRetainedWalBytes);
    }
    this.pausePolicy = new PausePolicy(maxDuration, maxRetainedWalBytes, action);
    return this;
  }

  /**
   * Whether the slot is one that the source's standbys keep in step with ({@code failover} of
   * PostgreSQL 17 and later), so that the mirror goes on from a standby that was promoted. Default
   * false. It counts when the slot is made, and needs on the standbys what the chapter "Logical
   * Replication Failover" of the PostgreSQL documentation says.
   */
  public MirrorBuilder failoverSlot(boolean failover) {
    this.failoverSlot = failover;
    return this;
  }

  /**
   * Writes a small message ({@code pg_logical_emit_message}, prefix {@code bunny}) into the
   * source's log now and then while the stream runs. Default never: the slot advances without, also
   * where only other tables or other databases of the server are written to.
   *
   * @param interval how often; one second or more, or zero for never
   * @throws IllegalArgumentException if it is negative, or more than zero and less than a second
   */
  public MirrorBuilder heartbeat(Duration interval) {
    if (!interval.isZero() && interval.compareTo(Duration.ofSeconds(1)) < 0) {
      throw new IllegalArgumentException("a heartbeat is 1 s or more apart, not " + interval);
    }
    this.heartbeat = interval;
    return this;
  }

  /** Adds a listener. */
  public MirrorBuilder listener(MirrorListener listener) {
    listeners.add(listener);
    return this;
  }

  /**
   * The description. Makes no connection.
   *
   * @throws IllegalStateException if something required is missing
   * @throws IllegalArgumentException if there is no table, a table is mapped twice, or two go to
   *     one destination table
   */
  public Mirror build() {
    Peer from = required("source", source);
    Peer to = required("destination", destination);
    List<TableMapping> mapped = MirrorConfig.checkTables(name, tables);
    CheckpointStore keeper = required("checkpointStore", store);
    return new Mirror(
        new MirrorConfig(
            name,
            from,
            to,
            mapped,
            keeper,
            slot,
            publication,
            new MirrorConfig.Options(
                initialSnapshot,
                createTables,
                maxBatchBytes,
                binary,
                synchronousCommit,
                new CopySettings(
                    snapshotTablesInParallel,
                    snapshotMaxParallelWorkers,
                    snapshotRowsPerPartition,
                    indexScope(keeper)),
                existingRow,
                missingRow,
                new SchemaSettings(replicateForeignKeys, schemaChanges),
                new OperationSettings(standby, failoverSlot, heartbeat, pausePolicy, tableError)),
            List.copyOf(listeners)));
  }

  private IndexScope indexScope(CheckpointStore keeper) {
    if (!replicateIndexes) {
      return IndexScope.KEYS;
    }
    return keeper.joinsDestination() ? IndexScope.ALL : IndexScope.KEYS_AND_HARMLESS;
  }

  private <T> T required(String what, @Nullable T value) {
    if (value == null) {
      throw new IllegalStateException("mirror '" + name + "' has no " + what);
    }
    return value;
  }

  private static String checkIdentifier(String what, String identifier) {
    int bytes = identifier.getBytes(java.nio.charset.StandardCharsets.UTF_8).length;
    if (bytes == 0 || bytes > MAX_IDENTIFIER_BYTES) {
      throw new IllegalArgumentException(
          "the name of a " + what + " has 1 to 63 bytes, not " + bytes);
    }
    return identifier;
  }
}
