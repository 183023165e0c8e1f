package io.bunnydb.internal.engine;

import io.bunnydb.Lsn;
import io.bunnydb.SlotLostException;
import io.bunnydb.TableName;
import io.bunnydb.TableState;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.source.Publication;
import io.bunnydb.internal.source.ReplicationSlot;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.SourceIdentity;
import io.bunnydb.spi.TableCheckpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/** Proves, before a row is applied, that the source still has every change since the checkpoint. */
final class SourceProof {
  private static final String START_ANEW =
      "; drop() the mirror and start it anew, which copies the tables again";

  private SourceProof() {}

  /**
   * Holds the source against a checkpoint.
   *
   * @throws SlotLostException if changes are missing, or could be
   */
  static void check(Checkpoint checkpoint, SourceIdentity found, Connection source)
      throws SQLException {
    String mirror = checkpoint.mirror();
    SourceIdentity expected = checkpoint.source();
    if (!found.equals(expected)) {
      throw new SlotLostException(
          mirror,
          "the source is not the one that was mirrored ("
              + describe(expected)
              + " then, "
              + describe(found)
              + " now)"
              + START_ANEW,
          null);
    }
    Lsn end = Catalog.logEnd(source);
    if (end.isBefore(checkpoint.position())) {
      throw new SlotLostException(
          mirror,
          "the source's log ends at "
              + end
              + ", before the checkpoint at "
              + checkpoint.position()
              + "; it was restored from an older state"
              + START_ANEW,
          null);
    }
    checkSlot(checkpoint, source);
    checkPublication(checkpoint, source);
  }

  private static String describe(SourceIdentity identity) {
    return "system "
        + identity.systemIdentifier()
        + ", timeline "
        + identity.timeline()
        + ", database "
        + identity.database();
  }

  /** Looks whether the slot reaches back to what is still needed of it. */
  static void checkSlot(Checkpoint checkpoint, Connection source) throws SQLException {
    Lsn needed = Checkpoints.earliestNeeded(checkpoint);
    Optional<ReplicationSlot> found = ReplicationSlot.find(source, checkpoint.slot());
    String name = "replication slot " + checkpoint.slot();
    String problem = null;
    if (found.isEmpty()) {
      problem = name + " was not found on the source: it was dropped, or the source was rebuilt";
    } else {
      ReplicationSlot slot = found.get();
      Lsn confirmed = slot.confirmedFlush();
      if (!ReplicationSlot.PLUGIN.equals(slot.plugin())
          || !checkpoint.source().database().equals(slot.database())) {
        problem =
            name + " is another one: plugin " + slot.plugin() + ", database " + slot.database();
      } else if ("lost".equals(slot.walStatus())) {
        problem = name + " is invalid: the source has removed log that the mirror still needs";
      } else if (confirmed == null || confirmed.isAfter(needed)) {
        problem =
            name
                + " gives changes from "
                + confirmed
                + " on, the mirror needs them from "
                + needed
                + " on: something else read the slot or made it anew";
      }
    }
    if (problem != null) {
      throw new SlotLostException(checkpoint.mirror(), problem + START_ANEW, null);
    }
  }

  /** A table that left the publication, if only for a moment, has lost changes. */
  static void checkPublication(Checkpoint checkpoint, Connection source) throws SQLException {
    if (!Publication.exists(source, checkpoint.publication())) {
      throw new SlotLostException(
          checkpoint.mirror(),
          "publication " + checkpoint.publication() + " was dropped" + START_ANEW,
          null);
    }
    Set<TableName> published = new HashSet<>();
    Publication.entries(source, checkpoint.publication()).forEach(e -> published.add(e.name()));
    Collection<Long> entries = Publication.entryOids(source, checkpoint.publication()).values();
    for (TableCheckpoint table : checkpoint.tables()) {
      if (table.state() == TableState.COPYING) {
        continue;
      }
      boolean isThere = published.contains(table.mapping().source());
      boolean isSameEntry =
          table.publicationEntry() == 0 || entries.contains(table.publicationEntry());
      if (!isThere || !isSameEntry) {
        throw new SlotLostException(
            checkpoint.mirror(),
            "table "
                + table.mapping().source()
                + (isThere ? " was out of publication " : " is no longer in publication ")
                + checkpoint.publication()
                + (isThere ? " for a time, or" : ": it was taken out, renamed, dropped, or")
                + " made anew; rename it back, or remove it with updateTables and add it again to"
                + " have it copied",
            null);
      }
    }
  }
}
