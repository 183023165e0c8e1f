package io.bunnydb.internal.engine;

import io.bunnydb.Lsn;
import io.bunnydb.SlotLostException;
import io.bunnydb.TableName;
import io.bunnydb.internal.catalog.Catalog;
import io.bunnydb.internal.catalog.ServerMessage;
import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.internal.source.Publication;
import io.bunnydb.internal.source.ReplicationSlot;
import io.bunnydb.internal.source.ReplicationStream;
import io.bunnydb.spi.Checkpoint;
import io.bunnydb.spi.SourceIdentity;
import io.bunnydb.spi.TableCheckpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Proves, before a row is applied, that the source still has every change since the checkpoint. */
final class SourceProof {
  private static final String START_ANEW =
      "; call recreate(), which makes slot and publication anew and copies every table again";

  /** SQLSTATE of a file that is not there, such as a segment of the log. */
  private static final String UNDEFINED_FILE = "58P01";

  /** SQLSTATE of a server that takes no writes, as after a switchover; time cures that. */
  private static final String STANDBY = "25006";

  private SourceProof() {}

  /**
   * Holds the source against a checkpoint.
   *
   * @param stream the connection by which the changes come
   * @param source a connection to the same server
   * @return the checkpoint; of a source that was promoted, with its timeline
   * @throws SlotLostException if changes are missing, or could be
   */
  static Checkpoint prove(
      MirrorConfig config, Checkpoint checkpoint, ReplicationStream stream, Connection source)
      throws SQLException {
    SourceIdentity found = stream.identify();
    // With a store elsewhere the destination may hold more than the checkpoint says.
    Checkpoint followed =
        config.store().joinsDestination()
            ? Promotion.follow(checkpoint, found, stream)
            : checkpoint;
    check(followed, found, source);
    return followed;
  }

  private static void check(Checkpoint checkpoint, SourceIdentity found, Connection source)
      throws SQLException {
    String mirror = checkpoint.mirror();
    if (Sql.queryBoolean(source, "SELECT pg_catalog.pg_is_in_recovery()")) {
      throw new SQLException(
          "the source is a standby at this moment; it is waited for the primary", STANDBY);
    }
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

  /** A source in words. */
  static String describe(SourceIdentity identity) {
    return "system "
        + identity.systemIdentifier()
        + ", timeline "
        + identity.timeline()
        + ", database "
        + identity.database();
  }

  /** Looks whether the slot reaches back to what is still needed of it, where something is. */
  static void checkSlot(Checkpoint checkpoint, Connection source) throws SQLException {
    Optional<ReplicationSlot> found = ReplicationSlot.find(source, checkpoint.slot());
    SlotLostException loss = lossOf(checkpoint, found.orElse(null));
    if (loss != null) {
      throw loss;
    }
  }

  /**
   * Why a slot does not reach back to what is still needed of it; null where it does.
   *
   * @param slot the slot as it was found; null where there is none
   */
  static @Nullable SlotLostException lossOf(Checkpoint checkpoint, @Nullable ReplicationSlot slot) {
    if (Joining.needsNoPast(checkpoint)) {
      return null;
    }
    Lsn needed = Joining.earliestNeeded(checkpoint);
    String name = "replication slot " + checkpoint.slot();
    String problem = null;
    if (slot == null) {
      problem = name + " was not found on the source: it was dropped, or the source was rebuilt";
    } else {
      Lsn confirmed = slot.confirmedFlush();
      if (!slot.isOf(checkpoint.source().database(), ReplicationSlot.PLUGIN)) {
        problem =
            name + " is another one: plugin " + slot.plugin() + ", database " + slot.database();
      } else if ("wal_removed".equals(slot.invalidation())) {
        problem = name + " is invalid: the source has removed log that the mirror still needs";
      } else if (slot.invalidation() != null) {
        problem = name + " is invalid: the source gave it up, " + slot.invalidation();
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
    return problem == null
        ? null
        : new SlotLostException(checkpoint.mirror(), problem + START_ANEW, null);
  }

  /**
   * Tells that an error of the stream means that log is missing which the slot needs: a file was
   * removed, or a disk was restored, without the server knowing.
   *
   * @throws SlotLostException if it means that
   */
  static void refuseIfLogIsGone(Checkpoint checkpoint, @Nullable Throwable error) {
    if (error instanceof SQLException sql && UNDEFINED_FILE.equals(sql.getSQLState())) {
      throw new SlotLostException(
          checkpoint.mirror(),
          "the source lacks log that replication slot "
              + checkpoint.slot()
              + " needs: "
              + ServerMessage.of(sql)
              + START_ANEW,
          sql);
    }
  }

  /** A table that left the publication, if only for a moment, has lost changes. */
  static void checkPublication(Checkpoint checkpoint, Connection source) throws SQLException {
    String publication = checkpoint.publication();
    boolean isThere = Publication.exists(source, publication);
    if (!isThere && !Joining.needsNoPast(checkpoint)) {
      throw new SlotLostException(
          checkpoint.mirror(), "publication " + publication + " was dropped" + START_ANEW, null);
    }
    // Also where all is to be copied: what comes after the snapshot goes by how it is now.
    if (isThere && !Publication.sendsEverything(source, publication)) {
      throw new SlotLostException(
          checkpoint.mirror(),
          "publication "
              + publication
              + " does not publish insert, update, delete and truncate any more; alter it to, then"
              + " have resync copy the tables again that may have changed meanwhile",
          null);
    }
    if (Joining.needsNoPast(checkpoint)) {
      return;
    }
    List<TableCheckpoint> followed =
        checkpoint.tables().stream().filter(Joining::isFollowed).toList();
    Map<TableName, Publication.Membership> members =
        Publication.memberships(
            source, publication, followed.stream().map(t -> t.mapping().source()).toList());
    Set<TableName> listed =
        members.values().stream().anyMatch(m -> m.entry() == 0)
            ? Publication.entryNames(source, publication)
            : Set.of();
    for (TableCheckpoint table : followed) {
      TableName name = table.mapping().source();
      Publication.Membership member = members.get(name);
      if (member != null && member.isSentByAncestor()) {
        throw new SlotLostException(
            checkpoint.mirror(),
            "table "
                + name
                + " became a partition of a table in publication "
                + publication
                + ", under whose name its changes come; remove it with updateTables",
            null);
      }
      String problem = null;
      if (member == null || isOther(table.sourceOid(), member.oid())) {
        problem = name + " was renamed, dropped or made anew";
      } else if (!member.isSentByName() || (member.entry() == 0 && !listed.contains(name))) {
        problem = name + " is no longer in publication " + publication;
      } else if (isOther(table.publicationEntry(), member.entry())) {
        problem = name + " was out of publication " + publication + " for a time";
      }
      if (problem != null) {
        throw new SlotLostException(
            checkpoint.mirror(),
            "table "
                + problem
                + "; rename it back, or undo what else it was, if no change was lost by it; or have"
                + " resync copy the table again",
            null);
      }
    }
  }

  private static boolean isOther(long known, long found) {
    return known != 0 && known != found;
  }
}
