package io.bunnydb.internal.snapshot;

import io.bunnydb.internal.catalog.Sql;
import io.bunnydb.spi.CheckpointStore;
import io.bunnydb.spi.TableCheckpoint;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The note of what a table's copy has brought, kept in the checkpoint: each worker commits it with
 * the rows that it tells of, one at a time. Thread-safe.
 *
 * <p>A store outside the destination cannot take part in a commit there. So it is given, before
 * that, what holds now, the destination's transaction, and what holds when that one has committed,
 * a line each; who reads the note asks the destination what became of the transaction.
 */
final class CopyNote {
  // Of a transaction that the server has not given yet it would not answer; nor does it keep for
  // ever what became of one.
  private static final String OUTCOME =
      """
      SELECT CASE WHEN CAST(? AS xid8)
                       < pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())
             THEN pg_catalog.pg_xact_status(CAST(? AS xid8)) END
      """;

  private final String mirror;
  private final CheckpointStore store;
  private final TableCheckpoint checkpoint;
  private KeptRows kept;
  private @Nullable SQLException doubt;

  /**
   * A note; nothing is written.
   *
   * @param checkpoint what else is known of the table
   * @param kept what holds when it is written for the first time
   */
  CopyNote(String mirror, CheckpointStore store, TableCheckpoint checkpoint, KeptRows kept) {
    this.mirror = mirror;
    this.store = store;
    this.checkpoint = checkpoint;
    this.kept = kept;
  }

  /** What a copy has brought that was broken off; null where that is not known for certain. */
  static @Nullable KeptRows read(@Nullable String text, Connection destination)
      throws SQLException {
    if (text == null) {
      return null;
    }
    String[] lines = text.split("\n", -1);
    try {
      KeptRows before = KeptRows.parse(lines[0]);
      if (lines.length == 1) {
        return before;
      }
      KeptRows after = KeptRows.parse(lines[2]);
      String outcome = String.valueOf(Sql.queryText(destination, OUTCOME, lines[1], lines[1]));
      return switch (outcome) {
        case "committed" -> after;
        case "aborted" -> before;
        default -> null;
      };
    } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
      return null; // of another version
    }
  }

  /** What the destination holds. */
  synchronized KeptRows kept() {
    return kept;
  }

  /**
   * Commits the transaction of a session, and the note with it. Where the note cannot be written
   * the transaction is not committed, and what holds is what held before.
   *
   * @param change from what held before it to what holds then
   * @throws SQLException also where it is not known what became of an earlier commit
   */
  synchronized void commit(Connection destination, UnaryOperator<KeptRows> change)
      throws SQLException {
    if (doubt != null) {
      throw new SQLException(
          "another worker's part of the table may have been committed or not; it is tried again",
          doubt.getSQLState(),
          doubt);
    }
    KeptRows after = change.apply(kept);
    String text = after.toString();
    if (!store.joinsDestination()) {
      String transaction =
          Sql.queryText(destination, "SELECT pg_catalog.pg_current_xact_id()::text");
      text = kept + "\n" + transaction + "\n" + after;
    }
    store.saveTable(mirror, checkpoint.withCopyProgress(text), destination);
    try {
      destination.commit();
    } catch (SQLException e) {
      doubt = e;
      throw e;
    }
    kept = after;
  }
}
