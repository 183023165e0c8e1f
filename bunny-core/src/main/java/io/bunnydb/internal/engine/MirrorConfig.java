package io.bunnydb.internal.engine;

import io.bunnydb.ExistingRowPolicy;
import io.bunnydb.MirrorListener;
import io.bunnydb.MissingRowPolicy;
import io.bunnydb.Peer;
import io.bunnydb.TableMapping;
import io.bunnydb.TableName;
import io.bunnydb.internal.snapshot.CopySettings;
import io.bunnydb.internal.source.ReplicationNames;
import io.bunnydb.spi.CheckpointStore;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the builder was told.
 *
 * @param name the mirror's name
 * @param source the database to mirror
 * @param destination the database that receives
 * @param tables the tables of a new mirror
 * @param store where the checkpoint is kept
 * @param givenSlot an administrator's slot; null for Bunny's own
 * @param givenPublication an administrator's publication; null for Bunny's own
 * @param options the rest
 * @param listeners who hears of the mirror
 */
public record MirrorConfig(
    String name,
    Peer source,
    Peer destination,
    List<TableMapping> tables,
    CheckpointStore store,
    @Nullable String givenSlot,
    @Nullable String givenPublication,
    Options options,
    List<MirrorListener> listeners) {

  /**
   * Numbers and switches.
   *
   * @param initialSnapshot whether tables are copied first
   * @param createTables whether missing destination tables are created
   * @param maxBatchBytes size of a full batch
   * @param isBinary whether changes may come in binary form
   * @param isCommitSynchronous whether each commit on the destination waits until it is durable
   * @param copy how tables are copied
   * @param existingRow what an INSERT does whose row is there, where the mapping does not say
   * @param missingRow what an UPDATE or DELETE does whose row is not, where the mapping does not
   *     say
   * @param schema what destination tables take over from the source's
   * @param operation what it does beside its work
   */
  public record Options(
      boolean initialSnapshot,
      boolean createTables,
      int maxBatchBytes,
      boolean isBinary,
      boolean isCommitSynchronous,
      CopySettings copy,
      ExistingRowPolicy existingRow,
      MissingRowPolicy missingRow,
      SchemaSettings schema,
      OperationSettings operation) {}

  /** The slot's name. */
  public String slot() {
    return givenSlot != null ? givenSlot : ReplicationNames.slot(name);
  }

  /** The publication's name. */
  public String publication() {
    return givenPublication != null ? givenPublication : ReplicationNames.publication(name);
  }

  /** Whether Bunny makes and drops the slot. */
  public boolean ownsSlot() {
    return givenSlot == null;
  }

  /** Whether Bunny makes, changes and drops the publication. */
  public boolean ownsPublication() {
    return givenPublication == null;
  }

  /** Whether an INSERT into a table takes the place of a row that is there. */
  public boolean overwrites(TableMapping table) {
    ExistingRowPolicy policy = table.existingRow();
    return (policy != null ? policy : options.existingRow()) == ExistingRowPolicy.OVERWRITE;
  }

  /** Whether an UPDATE or DELETE in a table stops the mirror where its row is not there. */
  public boolean stopsAtMissingRow(TableMapping table) {
    MissingRowPolicy policy = table.missingRow();
    return (policy != null ? policy : options.missingRow()) == MissingRowPolicy.STOP;
  }

  /**
   * Refuses a list of tables that cannot be.
   *
   * @return the list, unmodifiable
   * @throws IllegalArgumentException if it is empty, maps a table twice or two tables to one
   */
  public static List<TableMapping> checkTables(String mirror, List<TableMapping> tables) {
    if (tables.isEmpty()) {
      throw new IllegalArgumentException("mirror '" + mirror + "' has no table");
    }
    Set<TableName> sources = new HashSet<>();
    Set<TableName> destinations = new HashSet<>();
    for (TableMapping table : tables) {
      if (!sources.add(table.source())) {
        throw new IllegalArgumentException(
            "mirror '" + mirror + "' maps table " + table.source() + " twice");
      }
      if (!destinations.add(table.destination())) {
        throw new IllegalArgumentException(
            "mirror '" + mirror + "' maps two tables to destination table " + table.destination());
      }
    }
    return List.copyOf(tables);
  }
}
